package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resolve links the groups, and gives each host what it inherits: a deeper group wins over one above it; at the same
// depth the higher priority wins, then the later group; and the host itself wins over all.
func (b *builder) resolve() (*Inventory, error) {
	b.enrol()
	if b.ansibleRules {
		b.fillAll()
		b.sortGroups()
		b.fillUngrouped()
	}
	b.link()
	if len(b.errs) > 0 {
		return nil, b.errs
	}
	inv := &Inventory{
		hosts:      make([]Host, 0, len(b.hosts)),
		index:      make(map[string]int, len(b.hosts)),
		groups:     b.groups,
		groupOrder: b.groupOrder,
		base:       Host{Connection: b.base.conn, Vars: b.base.vars},
		shorthand:  b.shorthand,
		remarks:    map[string][]*Remark{"": b.remarks},
		origins:    map[string][]Origin{"": b.base.origins},
	}
	known := map[string]*inheritance{}
	for i, def := range b.hosts {
		in := b.inherit(def.groups, known)
		all := in.settings.overlay(def.settings())
		inv.index[def.name] = i
		conn := all.connection()
		for _, v := range all.specials {
			if len(v.remarks) > 0 {
				inv.remarks[def.name] = append(inv.remarks[def.name], v.remarks...)
			}
		}
		if b.around.Origins {
			inv.origins[def.name] = all.originsOf(conn)
		}
		inv.hosts = append(inv.hosts, Host{Name: def.name, Connection: conn, Groups: in.names, Vars: all.vars})
		for _, g := range in.groups {
			g.members = append(g.members, i)
		}
	}
	return inv, nil
}

// enrol gives each host the groups that name it, and leaves a host in each of them once.
func (b *builder) enrol() {
	for _, name := range b.groupOrder {
		g := b.groups[name]
		g.named = slices.DeleteFunc(g.named, func(i int) bool {
			h := b.hosts[i]
			again := len(h.groups) > 0 && h.groups[len(h.groups)-1] == g
			if !again {
				h.groups = append(h.groups, g)
			}
			return again
		})
	}
}

// fillAll puts every group that is in no other one below all, and ungrouped before all others, as in Ansible.
func (b *builder) fillAll() {
	all := b.groups["all"]
	all.children = slices.DeleteFunc(all.children, func(c child) bool { return c.name == "ungrouped" })
	all.children = slices.Insert(all.children, 0, child{name: "ungrouped"})
	below := map[string]bool{"all": true}
	for _, g := range b.groups {
		for _, c := range g.children {
			below[c.name] = true
		}
	}
	for _, name := range b.groupOrder {
		if !below[name] {
			all.children = append(all.children, child{name: name})
		}
	}
}

// sortGroups orders the groups of Ansible's files by their names. All other groups keep their positions.
func (b *builder) sortGroups() {
	var sorted []*groupDef
	var orders []int
	for _, name := range b.groupOrder {
		if g := b.groups[name]; g.sorted {
			sorted, orders = append(sorted, g), append(orders, g.order)
		}
	}
	slices.SortFunc(sorted, func(x, y *groupDef) int { return strings.Compare(x.name, y.name) })
	for i, g := range sorted {
		g.order = orders[i]
	}
}

// fillUngrouped sees to it that the hosts in ungrouped are those that are in no other group, apart from all.
func (b *builder) fillUngrouped() {
	all, ungrouped := b.groups["all"], b.groups["ungrouped"]
	for _, h := range b.hosts {
		hasGroup := slices.ContainsFunc(h.groups, func(g *groupDef) bool { return g != all && g != ungrouped })
		switch is := slices.Contains(h.groups, ungrouped); {
		case hasGroup && is:
			h.groups = slices.DeleteFunc(h.groups, func(g *groupDef) bool { return g == ungrouped })
		case !hasGroup && !is:
			h.groups = append(h.groups, ungrouped)
			ungrouped.named = append(ungrouped.named, h.number)
		}
	}
	ungrouped.named = slices.DeleteFunc(ungrouped.named, func(i int) bool { return !slices.Contains(b.hosts[i].groups, ungrouped) })
}

// maxGroupDepth is how deep groups may be nested.
const maxGroupDepth = 100

// link finds each group's parents and depth, and refuses cycles.
func (b *builder) link() {
	for _, name := range b.groupOrder {
		g := b.groups[name]
		for _, c := range g.children {
			below := b.groups[c.name]
			switch {
			case below != nil:
				below.parents = append(below.parents, g)
			case len(b.errs) < maxErrors:
				b.fail(c.place, fmt.Sprintf("unknown group %q", c.name), DidYouMean(c.name, b.groupOrder))
			}
		}
	}
	l := linker{b: b, done: make(map[*groupDef]bool, len(b.groups))}
	for _, name := range b.groupOrder {
		if !l.visit(b.groups[name]) {
			return
		}
	}
}

// linker walks from each group to the groups above it.
type linker struct {
	b    *builder
	path []*groupDef
	done map[*groupDef]bool
}

func (l *linker) visit(g *groupDef) bool {
	if l.done[g] {
		return true
	}
	if i := slices.Index(l.path, g); i >= 0 {
		names := []string{g.name}
		for _, above := range slices.Backward(l.path[i:]) {
			names = append(names, above.name)
		}
		l.b.fail(g.place, "groups contain each other: "+strings.Join(names, " > "), "")
		return false
	}
	l.path = append(l.path, g)
	for _, p := range g.parents {
		if len(l.path) <= maxGroupDepth && !l.visit(p) {
			return false
		}
		g.depth = max(g.depth, p.depth+1)
	}
	if g.depth >= maxGroupDepth || len(l.path) > maxGroupDepth {
		l.b.fail(g.place, fmt.Sprintf("groups are nested more than %d deep", maxGroupDepth), "")
		return false
	}
	l.path = l.path[:len(l.path)-1]
	l.done[g] = true
	return true
}

// inheritance is what hosts get from their groups and from the settings of all hosts.
type inheritance struct {
	settings
	groups []*groupDef // from the top down
	names  []string    // sorted
}

// inherit returns what hosts in these groups inherit. Hosts in the same groups share one result, which known keeps.
func (b *builder) inherit(direct []*groupDef, known map[string]*inheritance) *inheritance {
	var key []byte
	for _, g := range direct {
		key = append(strconv.AppendInt(key, int64(g.order), 10), ',')
	}
	if in := known[string(key)]; in != nil {
		return in
	}
	in := &inheritance{settings: b.base}
	seen := map[*groupDef]bool{}
	var add func(g *groupDef)
	add = func(g *groupDef) {
		if !seen[g] {
			seen[g] = true
			in.groups = append(in.groups, g)
			for _, p := range g.parents {
				add(p)
			}
		}
	}
	for _, g := range direct {
		add(g)
	}
	slices.SortFunc(in.groups, func(x, y *groupDef) int {
		return cmp.Or(x.depth-y.depth, x.priority-y.priority, x.order-y.order)
	})
	for _, g := range in.groups {
		in.settings = in.settings.overlay(g.said)
		in.names = append(in.names, g.name)
	}
	for _, g := range in.groups {
		in.settings = in.settings.overlay(g.filed)
	}
	slices.Sort(in.names)
	known[string(key)] = in
	return in
}
