package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hail/inventory/wildcard"
)

// Inventory holds the hosts and groups of all sources, resolved. It does not change after Load, and is safe for
// concurrent use. A nil Inventory has no hosts and no groups; Select then takes names as they are.
type Inventory struct {
	hosts      []Host // in the order of the sources
	index      map[string]int
	groups     map[string]*groupDef
	groupOrder []string
	base       Host // what a host has that no source mentions: defaults and top-level vars
	shorthand  string
	remarks    map[string][]*Remark // by name; "": those on no host in particular
	origins    map[string][]Origin  // by name; "": those of base
}

// Of returns an inventory of hosts that are resolved already. Its groups are those that the hosts name.
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
			g.named = g.members
		}
	}
	return inv
}

// With returns a copy of inv in which hosts replace those of the same names; hosts that inv does not have come last.
// The groups keep the members that they have in inv. On a nil Inventory, With is Of(hosts).
func (inv *Inventory) With(hosts []Host) *Inventory {
	if inv == nil {
		return Of(hosts)
	}
	with := *inv
	with.hosts, with.index = slices.Clone(inv.hosts), maps.Clone(inv.index)
	for _, h := range hosts {
		if i, known := with.index[h.Name]; known {
			with.hosts[i] = h
			continue
		}
		with.index[h.Name] = len(with.hosts)
		with.hosts = append(with.hosts, h)
	}
	return &with
}

// Empty reports whether inv says nothing about any host: it has no hosts, no groups, no defaults and no vars.
func (inv *Inventory) Empty() bool {
	return inv == nil || len(inv.hosts)+len(inv.groups)+len(inv.base.Vars) == 0 && inv.base.Connection.isZero()
}

// Hosts returns all hosts, in the order of the sources. The caller must not modify them.
func (inv *Inventory) Hosts() []Host {
	if inv == nil {
		return nil
	}
	return inv.hosts
}

// Base returns the settings and vars that a host gets which inv does not have, as a host without a name.
func (inv *Inventory) Base() Host {
	if inv == nil {
		return Host{}
	}
	return inv.base
}

// Host returns the host of that name.
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

// Groups returns the names of all groups, in the order of the sources. The caller must not modify the slice.
func (inv *Inventory) Groups() []string {
	if inv == nil {
		return nil
	}
	return inv.groupOrder
}

// Members returns the names of the hosts in a group and in the groups below it, in the order of the sources; nil when
// there are none.
func (inv *Inventory) Members(group string) (names []string) {
	if g := inv.group(group); g != nil {
		for _, i := range g.members {
			names = append(names, inv.hosts[i].Name)
		}
	}
	return names
}

// group finds a group by its name, or by source:name if the groups of that source need no prefix; nil when there is
// none.
func (inv *Inventory) group(name string) *groupDef {
	if inv == nil {
		return nil
	}
	if g := inv.groups[name]; g != nil {
		return g
	}
	if source, rest, ok := strings.Cut(name, ":"); ok && source == inv.shorthand {
		return inv.groups[rest]
	}
	return nil
}

// groupsLike returns the names of the groups that a wildcard matches, with or without the source that can be left out.
func (inv *Inventory) groupsLike(glob string) (names []string) {
	for _, g := range inv.Groups() {
		full := g
		if !strings.Contains(g, ":") && inv.shorthand != "" {
			full = inv.shorthand + ":" + g
		}
		if wildcard.Match(glob, g) || wildcard.Match(glob, full) {
			names = append(names, g)
		}
	}
	return names
}

// addMembers adds the hosts of a group to s, if there is one of that name.
func (inv *Inventory) addMembers(s *set, group string) (known bool, err error) {
	g := inv.group(group)
	if g == nil {
		return false, nil
	}
	for _, i := range g.members {
		s.add(i)
	}
	return true, nil
}

// Attributes returns the sorted names of everything that an expression can test: name, address, group, groups, the
// connection settings, and every var that some host has.
func (inv *Inventory) Attributes() []string {
	known := map[string]bool{}
	for _, name := range everywhere {
		known[name] = true
	}
	for _, h := range inv.Hosts() {
		for name := range h.Vars {
			known[name] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// everywhere are the attributes that can be tested in any inventory.
var everywhere = append([]string{"name", "address", "group", "groups"}, connectionKeys...)

// CheckAttribute returns nil for name, address, group, groups, a connection setting, and a var that some host has.
// For any other name it returns an *Error, with the nearest known name as its hint, if one is near, or that of the setting
// that a var of Ansible has become.
func (inv *Inventory) CheckAttribute(name string) error {
	has := func(h Host) bool { _, ok := h.attribute(name); return ok }
	if slices.Contains(everywhere, name) || slices.ContainsFunc(inv.Hosts(), has) {
		return nil
	}
	name = strings.TrimPrefix(name, varsPrefix)
	hint := DidYouMean(name, inv.Attributes())
	if key, ok := ansibleKeys[name]; ok && slices.Contains(everywhere, key) {
		hint = fmt.Sprintf("did you mean %q?", key)
	}
	return &Error{Text: fmt.Sprintf("no host has the var %q", name), Hint: hint}
}
