package inventory

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Query says which hosts are meant.
type Query struct {
	Targets []string // expressions, united
	Exclude []string // expressions, taken away last
	All     bool     // every host of the inventory
	AnyHost bool     // accept names that the inventory does not have
}

// Lookups reach what this package can't: each may be nil, and a term that needs it is then an error.
type Lookups struct {
	File func(path string) ([]byte, error)
}

// Select returns the hosts that q means, each once, in the order of the inventory. Without an inventory (nil) every
// well-formed name is a host, in the order written. Nothing asked for, and nothing selected, are errors.
func Select(inv *Inventory, q Query, look Lookups) ([]Host, error) {
	if len(q.Targets) == 0 && !q.All {
		return nil, &Error{Text: "no hosts given", Hint: "name them with -w 'web[01-20]', a group with -g web, or all of the inventory with -a"}
	}
	u := newUniverse(inv, q.AnyHost, look)
	chosen := newSet(u.size())
	if q.All {
		if inv == nil {
			return nil, &Error{Text: "-a means all hosts of the inventory, and there is none", Hint: "name one with -i FILE"}
		}
		for i := range u.size() {
			chosen.add(i)
		}
	}
	for _, source := range q.Targets {
		s, err := u.parse(source)
		if err != nil {
			return nil, err
		}
		chosen.union(s)
	}
	for _, source := range q.Exclude {
		s, err := u.parse(source)
		if err != nil {
			return nil, err
		}
		chosen.minus(s)
	}
	hosts := u.hosts(chosen)
	if len(hosts) == 0 {
		return nil, &Error{Text: "no host is selected: " + q.String(), Hint: "hail hosts -a --fold lists the inventory"}
	}
	return hosts, nil
}

// String writes q as on the command line, to be shown.
func (q Query) String() string {
	var words []string
	if q.All {
		words = append(words, "-a")
	}
	for _, t := range q.Targets {
		words = append(words, "-w '"+t+"'")
	}
	for _, x := range q.Exclude {
		words = append(words, "-x '"+x+"'")
	}
	return strings.Join(words, " ")
}

// universe numbers the hosts that can be meant: those of the inventory, and names that come up and are accepted.
type universe struct {
	inv   *Inventory
	any   bool
	look  Lookups
	index map[string]int
	extra []string
	known int // hosts of the inventory
}

func newUniverse(inv *Inventory, anyHost bool, look Lookups) *universe {
	u := &universe{inv: inv, any: anyHost || inv == nil, look: look, index: map[string]int{}}
	if inv != nil {
		u.known, u.index = len(inv.hosts), inv.index
	}
	return u
}

func (u *universe) size() int { return u.known + len(u.extra) }

func (u *universe) hosts(s *set) (hosts []Host) {
	for i := range u.size() {
		switch {
		case !s.has(i):
		case i < u.known:
			hosts = append(hosts, u.inv.hosts[i])
		default:
			hosts = append(hosts, Host{Name: u.extra[i-u.known]})
		}
	}
	return hosts
}

func (u *universe) parse(source string) (*set, error) {
	e, err := parseExpression(source)
	if err != nil {
		return nil, err
	}
	s, err := u.eval(e)
	var wrong *Error
	if errors.As(err, &wrong) && wrong.Place.File == "" {
		wrong.Place.File = fmt.Sprintf("target %q", source)
	}
	return s, err
}

func (u *universe) eval(e expression) (*set, error) {
	result := newSet(u.size())
	for _, step := range e {
		s, err := u.term(step.term)
		if err != nil {
			return nil, err
		}
		switch step.op {
		case ',':
			result.union(s)
		case '!':
			result.minus(s)
		case '&':
			result.intersect(s)
		case '^':
			result.differ(s)
		}
	}
	return result, nil
}

func (u *universe) term(t term) (*set, error) {
	s := newSet(u.size())
	switch t.kind {
	case innerTerm:
		return u.eval(t.inner)
	case groupTerm:
		return s, u.addGroups(s, t)
	case fileTerm:
		return s, u.addFile(s, t)
	case regexTerm:
		u.addWhere(s, t.regex.MatchString)
		return s, nil
	}
	if strings.ContainsAny(t.text, "*?") {
		if _, err := path.Match(t.text, ""); err != nil {
			return nil, at(t, fmt.Sprintf("%q is no pattern", t.text), "")
		}
		u.addWhere(s, func(name string) bool { ok, _ := path.Match(t.text, name); return ok })
		return s, nil
	}
	names, err := expand(t.text)
	var wrong *patternError
	if errors.As(err, &wrong) {
		return nil, &Error{Place: Place{Col: t.at + wrong.at + 1}, Text: wrong.text, Hint: wrong.hint}
	}
	for _, name := range names {
		if err := u.addName(s, t, name); err != nil {
			return nil, err
		}
	}
	return s, err
}

func at(t term, text, hint string) *Error {
	return &Error{Place: Place{Col: t.at + 1}, Text: text, Hint: hint}
}

func (u *universe) addWhere(s *set, match func(name string) bool) {
	for i := range u.known {
		if match(u.inv.hosts[i].Name) {
			s.add(i)
		}
	}
	for i, name := range u.extra {
		if match(name) {
			s.add(u.known + i)
		}
	}
}

func (u *universe) addName(s *set, t term, name string) error {
	i, ok := u.index[name]
	if !ok {
		if !u.any {
			return u.unknownHost(t, name)
		}
		if u.inv != nil && len(u.extra) == 0 { // the inventory's own index stays as it is
			u.index = cloneIndex(u.index)
		}
		i = u.size()
		u.extra = append(u.extra, name)
		u.index[name] = i
	}
	s.add(i)
	return nil
}

func cloneIndex(m map[string]int) map[string]int {
	c := make(map[string]int, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (u *universe) unknownHost(t term, name string) error {
	hint := didYouMean(name, u.inv.hostNames())
	if _, ok := u.inv.groups[name]; ok {
		hint = fmt.Sprintf("%q is a group: write @%s, or -g %s", name, name, name)
	}
	if hint == "" {
		hint = "--any-host takes names that the inventory does not have"
	}
	return at(t, fmt.Sprintf("host %q is not in the inventory", name), hint)
}

func (u *universe) addGroups(s *set, t term) error {
	if u.inv == nil {
		return at(t, fmt.Sprintf("there is no inventory to find @%s in", t.text), "name one with -i FILE")
	}
	found := false
	for _, g := range u.inv.groupOrder {
		if ok, _ := path.Match(t.text, g); ok {
			found = true
			for _, i := range u.inv.groups[g].members {
				s.add(i)
			}
		}
	}
	if !found {
		return at(t, fmt.Sprintf("unknown group %q", t.text), didYouMean(t.text, u.inv.groupOrder))
	}
	return nil
}

func (u *universe) addFile(s *set, t term) error {
	if u.look.File == nil {
		return at(t, "files of names can't be read here", "")
	}
	text, err := u.look.File(t.text)
	if err != nil {
		return at(t, err.Error(), "")
	}
	entries, errs := parseList(t.text, text)
	if len(errs) > 0 {
		return errs
	}
	for _, e := range entries {
		for _, name := range e.names {
			if err := u.addName(s, t, name); err != nil {
				var wrong *Error
				errors.As(err, &wrong)
				wrong.Place = e.place
				return wrong
			}
		}
	}
	return nil
}

// set is a set of numbers, one bit each.
type set struct{ words []uint64 }

func newSet(size int) *set { return &set{make([]uint64, (size+63)/64)} }

func (s *set) grow(words int) {
	if more := words - len(s.words); more > 0 {
		s.words = slices.Concat(s.words, make([]uint64, more))
	}
}

func (s *set) add(i int) {
	s.grow(i/64 + 1)
	s.words[i/64] |= 1 << (i % 64)
}

func (s *set) has(i int) bool { return i/64 < len(s.words) && s.words[i/64]>>(i%64)&1 == 1 }

func (s *set) union(o *set)     { s.merge(o, func(a, b uint64) uint64 { return a | b }) }
func (s *set) minus(o *set)     { s.merge(o, func(a, b uint64) uint64 { return a &^ b }) }
func (s *set) intersect(o *set) { s.merge(o, func(a, b uint64) uint64 { return a & b }) }
func (s *set) differ(o *set)    { s.merge(o, func(a, b uint64) uint64 { return a ^ b }) }

func (s *set) merge(o *set, f func(a, b uint64) uint64) {
	s.grow(len(o.words))
	o.grow(len(s.words))
	for i := range s.words {
		s.words[i] = f(s.words[i], o.words[i])
	}
}
