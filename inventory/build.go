package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Inventory is every host and group of the sources, resolved. It is not changed after Load, and safe to share.
type Inventory struct {
	hosts      []Host // in the order of the sources
	index      map[string]int
	groups     map[string]*groupDef
	groupOrder []string
}

// Of returns an inventory of hosts that were resolved before, with the groups that they say they are in.
func Of(hosts []Host) *Inventory {
	inv := &Inventory{hosts: hosts, index: make(map[string]int, len(hosts)), groups: map[string]*groupDef{}}
	for i, h := range hosts {
		inv.index[h.Name] = i
		for _, name := range h.Groups {
			g := inv.groups[name]
			if g == nil {
				g = &groupDef{name: name}
				inv.groups[name] = g
				inv.groupOrder = append(inv.groupOrder, name)
			}
			g.members = append(g.members, i)
		}
	}
	return inv
}

// Hosts returns all hosts, in the order of the sources. The caller leaves them as they are.
func (inv *Inventory) Hosts() []Host { return inv.hosts }

// Host returns the host of that name. A nil Inventory has none.
func (inv *Inventory) Host(name string) (Host, bool) {
	if inv == nil {
		return Host{}, false
	}
	i, ok := inv.index[name]
	if !ok {
		return Host{}, false
	}
	return inv.hosts[i], true
}

// Groups returns the names of all groups, in the order of the sources.
func (inv *Inventory) Groups() []string { return inv.groupOrder }

// Members returns the names of the hosts in a group and the groups below it, in the order of the sources.
func (inv *Inventory) Members(group string) (names []string) {
	if g := inv.groups[group]; g != nil {
		for _, i := range g.members {
			names = append(names, inv.hosts[i].Name)
		}
	}
	return names
}

func (inv *Inventory) hostNames() []string {
	names := make([]string, len(inv.hosts))
	for i, h := range inv.hosts {
		names[i] = h.Name
	}
	return names
}

// builder gathers what the sources say, in order; resolve makes an Inventory of it.
type builder struct {
	defaults   Connection
	vars       map[string]any
	hosts      []*hostDef
	byName     map[string]*hostDef
	groups     map[string]*groupDef
	groupOrder []string
	errs       Errors
}

// hostDef is what is said of a host itself.
type hostDef struct {
	name   string
	conn   Connection
	vars   map[string]any
	groups []*groupDef // the ones that name it
	place  Place
}

// groupDef is what is said of a group, and, once resolved, who is in it.
type groupDef struct {
	name     string
	conn     Connection
	vars     map[string]any
	children []child
	place    Place

	order   int
	depth   int // groups above it, on the longest way
	parents []*groupDef
	members []int
}

type child struct {
	name  string
	place Place
}

func newBuilder() *builder {
	return &builder{byName: map[string]*hostDef{}, groups: map[string]*groupDef{}}
}

func (b *builder) fail(p Place, text, hint string) {
	b.errs = append(b.errs, &Error{p, text, hint})
}

func (b *builder) group(name string, place Place) *groupDef {
	g := b.groups[name]
	if g == nil {
		g = &groupDef{name: name, place: place, order: len(b.groupOrder)}
		b.groups[name] = g
		b.groupOrder = append(b.groupOrder, name)
	}
	return g
}

// host adds what a source says of a host. Within one file two places may not contradict each other; a later source
// wins over an earlier one.
func (b *builder) host(name string, said hostDef, g *groupDef, place Place) {
	h := b.byName[name]
	if h == nil {
		h = &hostDef{name: name, place: place}
		b.byName[name] = h
		b.hosts = append(b.hosts, h)
	}
	if h.place.File == place.File {
		if key := contradiction(h, &said); key != "" {
			b.fail(place, fmt.Sprintf("host %q has two values for %s, the other one on line %d", name, key, h.place.Line), "say it once")
			return
		}
	}
	h.conn = h.conn.Overlay(said.conn)
	if len(said.vars) > 0 {
		h.vars = merged(h.vars, said.vars)
		h.place = place
	} else if !reflect.ValueOf(said.conn).IsZero() {
		h.place = place
	}
	if g != nil && !slices.Contains(h.groups, g) {
		h.groups = append(h.groups, g)
	}
}

func contradiction(a, b *hostDef) string {
	x, y := reflect.ValueOf(a.conn), reflect.ValueOf(b.conn)
	for i := range x.NumField() {
		if !x.Field(i).IsZero() && !y.Field(i).IsZero() && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			key, _, _ := strings.Cut(x.Type().Field(i).Tag.Get("json"), ",")
			return key
		}
	}
	for k, v := range b.vars {
		if old, ok := a.vars[k]; ok && !reflect.DeepEqual(old, v) {
			return "the var " + k
		}
	}
	return ""
}

func merged(base, top map[string]any) map[string]any {
	if len(top) == 0 {
		return base
	}
	m := make(map[string]any, len(base)+len(top))
	maps.Copy(m, base)
	maps.Copy(m, top)
	return m
}

// resolve links the groups, and gives each host what it inherits: the nearer group wins over the one above it, among
// equals the later one, and the host itself over all.
func (b *builder) resolve() (*Inventory, error) {
	b.link()
	if len(b.errs) > 0 {
		return nil, b.errs
	}
	inv := &Inventory{index: make(map[string]int, len(b.hosts)), groups: b.groups, groupOrder: b.groupOrder}
	inherited := map[string]*inheritance{} // hosts of the same groups share what they inherit
	for i, def := range b.hosts {
		in := b.inherit(def.groups, inherited)
		inv.index[def.name] = i
		inv.hosts = append(inv.hosts, Host{
			Name:       def.name,
			Connection: in.conn.Overlay(def.conn),
			Groups:     in.names,
			Vars:       merged(in.vars, def.vars),
		})
		for _, g := range in.groups {
			g.members = append(g.members, i)
		}
	}
	return inv, nil
}

// link finds each group's parents and depth, and refuses cycles.
func (b *builder) link() {
	for _, name := range b.groupOrder {
		g := b.groups[name]
		for _, c := range g.children {
			below := b.groups[c.name]
			if below == nil {
				b.fail(c.place, fmt.Sprintf("unknown group %q", c.name), didYouMean(c.name, b.groupOrder))
				continue
			}
			below.parents = append(below.parents, g)
		}
	}
	done := map[*groupDef]bool{}
	var path []*groupDef
	var visit func(g *groupDef) bool
	visit = func(g *groupDef) bool {
		if i := slices.Index(path, g); i >= 0 {
			var names []string
			for _, above := range path[i:] {
				names = append(names, above.name)
			}
			slices.Reverse(names)
			b.fail(g.place, fmt.Sprintf("groups contain each other: %s", strings.Join(append([]string{g.name}, names...), " > ")), "")
			return false
		}
		if done[g] {
			return true
		}
		path = append(path, g)
		for _, p := range g.parents {
			if !visit(p) {
				return false
			}
			g.depth = max(g.depth, p.depth+1)
		}
		path = path[:len(path)-1]
		done[g] = true
		return true
	}
	for _, name := range b.groupOrder {
		if !visit(b.groups[name]) {
			return
		}
	}
}

// inheritance is what hosts get from their groups.
type inheritance struct {
	groups []*groupDef // from the top down
	names  []string    // sorted
	conn   Connection
	vars   map[string]any
}

func (b *builder) inherit(direct []*groupDef, known map[string]*inheritance) *inheritance {
	var key strings.Builder
	for _, g := range direct {
		fmt.Fprintf(&key, "%d,", g.order)
	}
	if in := known[key.String()]; in != nil {
		return in
	}
	in := &inheritance{conn: b.defaults, vars: b.vars}
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
		return cmp.Or(x.depth-y.depth, x.order-y.order)
	})
	for _, g := range in.groups {
		in.conn = in.conn.Overlay(g.conn)
		in.vars = merged(in.vars, g.vars)
		in.names = append(in.names, g.name)
	}
	slices.Sort(in.names)
	known[key.String()] = in
	return in
}
