package inventory

import (
	"errors"
	"fmt"
	"maps"
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
		hint := "hail hosts -a --fold lists the inventory"
		if inv == nil {
			hint = "there is no inventory for wildcards to match: name one with -i FILE"
		}
		return nil, &Error{Text: "no host is selected: " + q.String(), Hint: hint}
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
	known int      // hosts of the inventory
	extra []string // names that it doesn't have
	base  Host     // and what they are, but for the name
}

func newUniverse(inv *Inventory, anyHost bool, look Lookups) *universe {
	u := &universe{inv: inv, any: anyHost || inv == nil, look: look, index: map[string]int{}}
	if inv != nil {
		u.known, u.index, u.base = len(inv.hosts), inv.index, inv.base
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
			h := u.base
			h.Name = u.extra[i-u.known]
			hosts = append(hosts, h)
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
	if isGlob(t.text) {
		if err := checkGlob(t); err != nil {
			return nil, err
		}
		u.addWhere(s, func(name string) bool { return matchGlob(t.text, name) })
		return s, nil
	}
	names, wrong := expand(t.text)
	if wrong != nil {
		if wrong.hint == "" && strings.ContainsAny(t.text, "@:") {
			wrong.hint = "the user and the port are options, or settings of the inventory"
		}
		return nil, wrong.in(Place{Col: t.at + 1})
	}
	return s, u.addNames(s, t, names)
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

func (u *universe) addNames(s *set, t term, names []string) error {
	for _, name := range names {
		i, ok := u.index[name]
		if !ok {
			if !u.any {
				return u.unknownHost(t, name)
			}
			if u.size() >= maxHosts {
				return at(t, fmt.Sprintf("there are more than %d hosts up to here", maxHosts), "")
			}
			if u.inv != nil && len(u.extra) == 0 { // the inventory's own index stays as it is
				u.index = maps.Clone(u.index)
			}
			i = u.size()
			u.extra = append(u.extra, name)
			u.index[name] = i
		}
		s.add(i)
	}
	return nil
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

// addGroups adds the hosts of a group, of a range of groups, or of those that match a wildcard.
func (u *universe) addGroups(s *set, t term) error {
	switch {
	case u.inv == nil:
		return at(t, fmt.Sprintf("there is no inventory to find @%s in", t.text), "name one with -i FILE")
	case len(u.inv.groups) == 0:
		return at(t, fmt.Sprintf("unknown group %q: the inventory has no groups", t.text), "")
	}
	var names []string
	if isGlob(t.text) {
		for _, g := range u.inv.groupOrder {
			if matchGlob(t.text, g) {
				names = append(names, g)
			}
		}
		if len(names) == 0 {
			return at(t, fmt.Sprintf("no group matches %q", t.text), "")
		}
	} else {
		var wrong *patternError
		if names, wrong = expand(t.text); wrong != nil {
			return wrong.in(Place{Col: t.at + len("@") + 1})
		}
	}
	for _, name := range names {
		g := u.inv.groups[name]
		if g == nil {
			return at(t, fmt.Sprintf("unknown group %q", name), didYouMean(name, u.inv.groupOrder))
		}
		for _, i := range g.members {
			s.add(i)
		}
	}
	return nil
}

// addFile adds the names in a host list. It selects only: settings in it would be lost, so they are refused.
func (u *universe) addFile(s *set, t term) error {
	if u.look.File == nil {
		return at(t, "files of names can't be read here", "")
	}
	text, err := u.look.File(t.text)
	if err != nil {
		return at(t, err.Error(), "")
	}
	text, wrong := plainText(t.text, text)
	if wrong != nil {
		return wrong
	}
	entries, errs := parseList(t.text, text)
	if len(errs) > 0 {
		return errs
	}
	for _, e := range entries {
		if e.conn.User != "" || e.conn.Port != 0 {
			return &Error{e.place, "a user or a port stands here, where only names are taken", "read the file as an inventory: -i " + t.text}
		}
		if err := u.addNames(s, t, e.names); err != nil {
			var wrong *Error
			errors.As(err, &wrong)
			wrong.Place = e.place
			return wrong
		}
	}
	return nil
}
