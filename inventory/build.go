package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// builder collects what the sources say, in order; resolve makes an Inventory of it.
type builder struct {
	around       Surroundings
	base         settings // defaults and top-level vars
	hosts        []*hostDef
	byName       map[string]*hostDef
	mentions     int
	groups       map[string]*groupDef
	groupOrder   []string
	ansibleRules bool     // some source is in one of Ansible's formats: Ansible's rules for groups apply
	lastWins     bool     // the current source may contradict itself, and its last value counts
	varsDirs     []string // folders that may have group_vars and host_vars
	shorthand    string   // the ClusterShell source whose groups need no prefix "source:"
	errs         Errors
	remarks      []*Remark // on no host in particular

	maxHosts, maxMentions int
}

// settings is what a source says about a host or a group itself, without what it inherits.
type settings struct {
	conn     Connection     // in hail's own words
	vars     map[string]any // not modified after put: hosts share it
	specials []*special     // in rising precedence; they count more than conn
	origins  []Origin       // in rising precedence; only if asked for
}

func (s settings) empty() bool {
	return len(s.vars)+len(s.specials) == 0 && s.conn.isZero()
}

func (s settings) overlay(top settings) settings {
	for _, v := range top.specials {
		if v.arguments != nil {
			s.conn = s.conn.without(*v.arguments)
		}
	}
	return settings{s.conn.Overlay(top.conn), merged(s.vars, top.vars), s.specialsUnder(top), slices.Concat(s.origins, top.origins)}
}

// put does what overlay does, but adds to the vars and origins of s, which nothing else may hold yet.
func (s *settings) put(top settings) {
	own := *s
	s.vars, s.origins = nil, nil
	*s = s.overlay(top)
	s.origins = append(own.origins, top.origins...)
	if own.vars != nil {
		maps.Copy(own.vars, top.vars)
		s.vars = own.vars
	}
}

func merged[V any](base, top map[string]V) map[string]V {
	switch {
	case len(top) == 0:
		return base
	case len(base) == 0:
		return top
	}
	m := make(map[string]V, len(base)+len(top))
	maps.Copy(m, base)
	maps.Copy(m, top)
	return m
}

// hostDef is what the sources say about a host.
type hostDef struct {
	name    string
	said    settings       // by the last source that mentions the host; earlier has what those before it said
	place   Place          // of the first entry in said
	later   map[string]int // lines of the further entries in said, by the names that contradiction returns
	earlier *settings
	groups  []*groupDef // the ones that name it, when they are resolved
	number  int         // among all hosts
}

func (h *hostDef) settings() settings {
	if h.earlier == nil {
		return h.said
	}
	return h.earlier.overlay(h.said)
}

// groupDef is what the sources say about a group and, once it is resolved, who is in it.
type groupDef struct {
	name     string
	said     settings
	filed    settings // by files in group_vars, which win over what the sources say about any group
	named    []int    // the hosts that it names itself, in order, and each once when they are resolved
	children []child
	place    Place
	priority int  // among groups of the same depth
	sorted   bool // ranks by name among other such groups, not by order, as in Ansible

	order   int // position in the sources
	depth   int // groups above it, on the longest path
	parents []*groupDef
	members []int
}

type child struct {
	name  string
	place Place
}

func newBuilder(around Surroundings) *builder {
	return &builder{around: around, byName: map[string]*hostDef{}, groups: map[string]*groupDef{}, maxHosts: maxHosts, maxMentions: 10 * maxHosts}
}

func (b *builder) fail(p Place, text, hint string) {
	b.errs = append(b.errs, &Error{p, text, hint})
}

func (b *builder) failPattern(p Place, wrong *patternError) { b.errs = append(b.errs, wrong.in(p)) }

func (b *builder) group(name string, place Place) *groupDef {
	g := b.groups[name]
	if g == nil {
		g = &groupDef{name: name, place: place, order: len(b.groupOrder)}
		b.groups[name] = g
		b.groupOrder = append(b.groupOrder, name)
	}
	return g
}

// maxHosts is how many hosts there may be. A short line can stand for many, so the limit on the size of a source is
// not enough. Hosts may be mentioned more often than that, since each group names its own.
const maxHosts = 1_000_000

// full reports whether there are too many hosts, which is an error already: no more patterns need to be expanded.
func (b *builder) full() bool { return b.mentions > b.maxMentions || len(b.hosts) > b.maxHosts }

// expand is the function of that name, and returns nothing once b is full.
func (b *builder) expand(pattern string) ([]string, *patternError) {
	if b.full() {
		return nil, nil
	}
	return expand(pattern)
}

// add adds the named hosts with their settings, and puts them into g, which may be nil.
func (b *builder) add(names []string, said settings, g *groupDef, place Place) {
	if b.full() {
		return
	}
	if b.mentions += len(names); b.mentions > b.maxMentions {
		b.fail(place, fmt.Sprintf("hosts are named more than %d times up to here", b.maxMentions), "")
		return
	}
	for _, name := range names {
		h := b.byName[name]
		if h == nil {
			h = &hostDef{name: name, place: place, number: len(b.hosts)}
			b.byName[name] = h
			if b.hosts = append(b.hosts, h); len(b.hosts) > b.maxHosts {
				b.fail(place, fmt.Sprintf("there are more than %d hosts up to here", b.maxHosts), "")
				return
			}
		}
		if g != nil {
			g.named = append(g.named, h.number)
		}
		if !said.empty() && !b.say(h, said, place) {
			return
		}
	}
}

// say adds settings to a host; it returns false if they contradict earlier ones. Two places within one file must not
// contradict each other, except in Ansible's formats; a later source wins over an earlier one.
func (b *builder) say(h *hostDef, said settings, place Place) bool {
	if h.place.File != place.File || b.lastWins {
		all := h.settings()
		h.earlier, h.said, h.later = &all, settings{}, nil
	}
	if h.said.empty() {
		h.said, h.place = said, place
		return true
	}
	if key := contradiction(h.said, said); key != "" {
		b.fail(place, fmt.Sprintf("host %q has two values for %s, the other one on line %d", h.name, key, cmp.Or(h.later[key], h.place.Line)), "keep only one of them")
		return false
	}
	h.said = h.said.overlay(said)
	if h.later == nil {
		h.later = map[string]int{}
	}
	for _, s := range said.conn.Settings() {
		h.later[s.Key] = place.Line
	}
	for name := range said.vars {
		h.later[varOf(name)] = place.Line
	}
	return true
}

func varOf(name string) string { return "the var " + name }

// contradiction names a setting or var that has different values in a and b; "" when there is none.
func contradiction(a, b settings) string {
	x, y := reflect.ValueOf(a.conn), reflect.ValueOf(b.conn)
	for i := range x.NumField() {
		if !x.Field(i).IsZero() && !y.Field(i).IsZero() && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			return connectionKeys[i]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.vars)) {
		if old, ok := a.vars[name]; ok && !reflect.DeepEqual(old, b.vars[name]) {
			return varOf(name)
		}
	}
	return ""
}
