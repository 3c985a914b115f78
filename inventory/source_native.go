package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"hail/inventory/strictyaml"
)

// readNative reads hail's own format.
func readNative(b *builder, f file, root *strictyaml.Node) {
	r := nodeReader{b, f.path}
	known := fields{
		"defaults": func(n *strictyaml.Node) { r.connection(n, &b.base, "defaults") },
		"vars":     func(n *strictyaml.Node) { r.vars(n, &b.base, "vars") },
		"hosts":    func(n *strictyaml.Node) { r.hosts(n, nil) },
		"groups":   r.groups,
	}
	if filepath.Base(f.path) == "hail.yaml" { // which may also hold settings of the program
		known["settings"] = func(*strictyaml.Node) {}
	}
	if isClusterGroups(root, append(slices.Collect(maps.Keys(known)), "settings")) {
		r.fail(root.Pairs[0].Key, fmt.Sprintf("unknown key %q in an inventory", root.Pairs[0].Key.Text), "for groups of ClusterShell use -i clustershell:"+f.path)
		return
	}
	if text, hint := Mistaken(root, "an inventory", func(key string) bool { return known[key] != nil }); text != "" {
		r.fail(root, text, hint)
		return
	}
	r.fields(root, "an inventory", `hosts: ["web[01-20]"]`, known, nil)
}

// isClusterGroups reports whether root has the form of ClusterShell's groups, source: {group: nodes}, and no key that is
// one of known or may be a misspelling of one.
func isClusterGroups(root *strictyaml.Node, known []string) bool {
	for _, source := range root.Pairs {
		if Nearest(source.Key.Text, known) != "" || source.Value.Kind != strictyaml.Map || slices.ContainsFunc(source.Value.Pairs, func(group strictyaml.Pair) bool {
			name := group.Key.Text // that of a setting where hosts stand at the top
			return group.Value.Kind != strictyaml.Scalar && group.Value.Kind != strictyaml.List || slices.Contains(connectionKeys, cmp.Or(ansibleKeys[name], name))
		}) {
			return false
		}
	}
	return len(root.Pairs) > 0
}

// someGroups is an example of groups.
const someGroups = `groups: {web: {hosts: ["web[01-20]"]}}`

// groups reads the mapping of group names to groups.
func (r nodeReader) groups(n *strictyaml.Node) {
	if !r.isMap(n, "groups", someGroups) {
		return
	}
	for _, p := range n.Pairs {
		if err := checkGroup(p.Key.Text); err != nil {
			r.fail(p.Key, err.Error(), "")
			continue
		}
		g, by := r.b.group(p.Key.Text, r.place(p.Key)), "group "+p.Key.Text
		r.fields(p.Value, "a group", `{hosts: ["web[01-20]"]}`, fields{
			"hosts":      func(n *strictyaml.Node) { r.hosts(n, g) },
			"vars":       func(n *strictyaml.Node) { r.vars(n, &g.said, by) },
			"connection": func(n *strictyaml.Node) { r.connection(n, &g.said, by) },
			"groups": func(n *strictyaml.Node) {
				for _, item := range r.texts(n, "groups") {
					g.children = append(g.children, child{item.Text, r.place(item)})
				}
			},
		}, nil)
	}
}

// hosts reads a pattern, a list of patterns and host objects, or a mapping of patterns to objects; g may be nil.
func (r nodeReader) hosts(n *strictyaml.Node, g *groupDef) {
	switch n.Kind {
	case strictyaml.Scalar:
		r.host(n, nil, g)
	case strictyaml.List:
		for _, item := range n.Items {
			if item.Kind == strictyaml.Map {
				r.hostObject(item, g)
			} else {
				r.host(item, nil, g)
			}
		}
	case strictyaml.Map:
		for _, p := range n.Pairs {
			r.host(p.Key, p.Value, g)
		}
	}
}

// hostObject reads {name: web21, address: …}.
func (r nodeReader) hostObject(n *strictyaml.Node, g *groupDef) {
	i := slices.IndexFunc(n.Pairs, func(p strictyaml.Pair) bool { return p.Key.Text == "name" })
	if i < 0 {
		r.fail(n, "this host has no name", "{name: web21, address: 10.0.0.21}")
		return
	}
	rest := *n
	rest.Pairs = slices.Concat(n.Pairs[:i], n.Pairs[i+1:])
	r.host(n.Pairs[i].Value, &rest, g)
}

// aHost is an example of what a host may have.
const aHost = "{address: 10.0.0.1, port: 2222, vars: {role: web}}"

// host reads the hosts that the pattern in name stands for. said has their settings, and may be nil.
func (r nodeReader) host(name, said *strictyaml.Node, g *groupDef) {
	if name.Kind != strictyaml.Scalar {
		r.fail(name, "a host is a name, a pattern like web[01-20], or {name: …}", "")
		return
	}
	names, wrong := r.b.expand(name.Text)
	if wrong != nil {
		switch {
		case wrong.hint != "":
		case strings.ContainsAny(name.Text, "@:"):
			wrong.hint = "set the user and the port of a host with keys: {name: web1, user: www, port: 2222}"
		case strings.Contains(name.Text, " "):
			wrong.hint = "several hosts are a list: [web01, web02]"
		}
		r.b.failPattern(r.textPlace(name), wrong)
		return
	}
	var s settings
	if said != nil {
		r.fields(said, "a host", aHost, fields{"vars": func(n *strictyaml.Node) { r.vars(n, &s, "host") }}, &s.conn)
		r.noteConnection(&s, said, "host")
	}
	r.b.add(names, s, g, r.place(name))
}
