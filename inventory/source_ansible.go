package inventory

import (
	"fmt"
	"slices"

	"hail/inventory/strictyaml"
)

// readAnsibleYAML reads a mapping of groups. Each group is a mapping with hosts, vars and children, which are groups
// again.
func readAnsibleYAML(b *builder, f file, root *strictyaml.Node) {
	a := b.ansible(f)
	for _, p := range root.Pairs {
		a.yamlGroup(p)
	}
}

// yamlGroup reads a group and the groups below it; nil when its name is wrong.
func (a ansibleSource) yamlGroup(p strictyaml.Pair) *groupDef {
	name := p.Key.Text
	if err := checkGroup(name); err != nil {
		a.fail(p.Key, err.Error(), "")
		return nil
	}
	g := a.group(name, a.place(p.Key))
	switch p.Value.Kind {
	case strictyaml.Null:
		return g
	case strictyaml.Map:
	default:
		a.fail(p.Value, fmt.Sprintf("the group %s has to be a mapping of hosts, vars and children", name), "")
		return g
	}
	for _, section := range p.Value.Pairs {
		entries, ok := a.section(section)
		if !ok {
			continue
		}
		switch section.Key.Text {
		case "vars":
			for _, v := range entries {
				a.groupVar(g, v.Key.Text, v.Value)
			}
		case "children":
			for _, c := range entries {
				if below := a.yamlGroup(c); below != nil {
					g.children = append(g.children, child{below.name, a.place(c.Key)})
				}
			}
		case "hosts":
			for _, h := range entries {
				a.member(h.Key, h.Value, g)
			}
		}
	}
	return g
}

// section returns the entries of hosts, vars or children: those of a mapping, or one for a single name. ok is false
// when there is nothing to read.
func (a ansibleSource) section(p strictyaml.Pair) (entries []strictyaml.Pair, ok bool) {
	known := slices.Contains([]string{"hosts", "vars", "children"}, p.Key.Text)
	switch {
	case !known:
		a.b.remark(a.place(p.Key), fmt.Sprintf("%q in a group is left out: Ansible knows hosts, vars and children there", p.Key.Text))
	case p.Value.Kind == strictyaml.Null:
	case p.Value.Kind == strictyaml.Scalar && p.Key.Text != "vars":
		return []strictyaml.Pair{{Key: p.Value, Value: &strictyaml.Node{Line: p.Value.Line, Col: p.Value.Col}}}, true
	case p.Value.Kind == strictyaml.Map:
		return p.Value.Pairs, true
	default:
		hint := ""
		if p.Value.Kind == strictyaml.List {
			hint = "put a colon after each entry to turn the list into a mapping"
		}
		a.fail(p.Value, p.Key.Text+" has to be a mapping", hint)
	}
	return nil, false
}

// groupVar sets a var of a group, or its priority.
func (a ansibleSource) groupVar(g *groupDef, name string, n *strictyaml.Node) {
	if name == "ansible_group_priority" {
		a.priority(g, n.Any(), a.place(n))
		return
	}
	a.setNode(&g.said, name, n, "group "+g.name)
}

func (a ansibleSource) priority(g *groupDef, value any, place Place) {
	n, err := parseWhole(fmt.Sprint(value))
	if err != nil {
		a.b.fail(place, "ansible_group_priority: "+err.Error(), "")
		return
	}
	g.priority = n - 1 // Ansible's default is 1, our zero value 0
}

// member reads the hosts that a pattern in a group stands for, with their vars, and returns their names.
func (a ansibleSource) member(pattern, vars *strictyaml.Node, g *groupDef) (names []string) {
	if pattern.Kind != strictyaml.Scalar {
		a.fail(pattern, "a host is a name or a pattern like www[01:50]", "")
		return nil
	}
	names, port, ok := a.pattern(pattern.Text, a.textPlace(pattern))
	if !ok {
		return nil
	}
	if vars.Kind != strictyaml.Map && vars.Kind != strictyaml.Null {
		a.fail(vars, fmt.Sprintf("the vars of %s have to be a mapping", pattern.Text), "")
		return nil
	}
	var said settings
	a.setAll(&said, vars, "host")
	a.add(names, port, said, g, a.place(pattern))
	return names
}

// aMeta is an example of what _meta may have.
const aMeta = `"_meta": {"hostvars": {"web1": {"role": "web"}}}`

// readAnsibleJSON reads what a program prints for --list: a mapping of groups, and _meta with the vars of the hosts.
// Without _meta, it asks hostVars, which may be nil, for the vars of each host and what they are read from.
func readAnsibleJSON(b *builder, f file, root *strictyaml.Node, hostVars func(name string) (vars *strictyaml.Node, from string)) {
	a := b.ansible(f)
	var names []string
	for _, p := range root.Pairs {
		if p.Key.Text != "_meta" {
			names = append(names, a.jsonGroup(p)...)
			continue
		}
		vars := p.Value.Get("hostvars")
		if a.isMap(p.Value, "_meta", aMeta) && vars != nil {
			a.isMap(vars, "hostvars", aMeta)
			hostVars = a.metaVars(vars)
		}
	}
	if hostVars == nil {
		return
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		if vars, from := hostVars(name); vars != nil {
			var said settings
			h := ansibleSource{nodeReader{b, from}}
			h.setAll(&said, vars, "host")
			b.add([]string{name}, said, nil, h.place(vars))
		}
	}
}

func (a ansibleSource) metaVars(vars *strictyaml.Node) func(name string) (*strictyaml.Node, string) {
	byName := make(map[string]*strictyaml.Node, len(vars.Pairs))
	for _, p := range vars.Pairs {
		if p.Value.Kind != strictyaml.Map {
			a.fail(p.Value, fmt.Sprintf("the vars of %s have to be a mapping", p.Key.Text), "")
			continue
		}
		names, _, _ := a.pattern(p.Key.Text, a.textPlace(p.Key))
		for _, name := range names {
			byName[name] = p.Value
		}
	}
	return func(name string) (*strictyaml.Node, string) { return byName[name], a.file }
}

// jsonGroup reads a group and returns the names of its hosts. A group is a list of hosts, or a mapping with hosts,
// vars or children. A mapping with none of these keys holds the vars of a group with a single host of the same name.
func (a ansibleSource) jsonGroup(p strictyaml.Pair) (names []string) {
	if err := checkGroup(p.Key.Text); err != nil {
		a.fail(p.Key, err.Error(), "")
		return nil
	}
	g := a.group(p.Key.Text, a.place(p.Key))
	hosts, vars, children := p.Value.Get("hosts"), p.Value.Get("vars"), p.Value.Get("children")
	switch {
	case p.Value.Kind == strictyaml.List:
		hosts = p.Value
	case p.Value.Kind != strictyaml.Map:
		a.fail(p.Value, fmt.Sprintf("the group %s has to be a list of hosts, or a mapping of hosts, vars and children", g.name), "")
		return nil
	case hosts == nil && vars == nil && children == nil:
		names = a.member(p.Key, &strictyaml.Node{}, g)
		vars = p.Value
	}
	for _, h := range a.list(hosts, "hosts") {
		names = append(names, a.member(h, &strictyaml.Node{}, g)...)
	}
	if vars != nil && vars.Kind != strictyaml.Map {
		a.fail(vars, "vars has to be a mapping", "")
	} else if vars != nil {
		for _, v := range vars.Pairs {
			a.groupVar(g, v.Key.Text, v.Value)
		}
	}
	for _, c := range a.list(children, "children") {
		if err := checkGroup(c.Text); err != nil {
			a.fail(c, err.Error(), "")
			continue
		}
		a.group(c.Text, a.place(c))
		g.children = append(g.children, child{c.Text, a.place(c)})
	}
	return names
}

func (a ansibleSource) list(n *strictyaml.Node, what string) []*strictyaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != strictyaml.List {
		a.fail(n, what+" has to be a list", "")
	}
	return n.Items
}
