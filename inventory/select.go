package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Query says which hosts to select.
type Query struct {
	Targets []string // expressions, united
	Ansible []string // patterns with Ansible's syntax and meaning; united with the targets
	Exclude []string // expressions, taken away last
	All     bool     // every host of the inventory
	AnyHost bool     // accept names that the inventory does not have
	Narrow  Narrowing
	Of      string // what errors call the inventory, such as "the run last"; empty: the inventory

	MayBeEmpty bool // an empty selection is no error
}

// Lookups reach what this package cannot. Each may be nil: a term that needs it is then an error, and remarks are
// dropped.
type Lookups struct {
	File   func(path string) ([]byte, error)
	Run    func(id string, statuses []string) ([]string, error) // hosts of an earlier run with one of these statuses; all if there are none
	Remark func(*Error)                                         // receives what may be a mistake, but is no error
}

// Select returns the hosts that q selects, each once, in the order of the inventory. With a nil Inventory every
// well-formed name is a host, and the hosts come in the order written. It is an error if q asks for nothing, and,
// unless q.MayBeEmpty is set, if nothing is selected.
func Select(inv *Inventory, q Query, look Lookups) ([]Host, error) {
	if len(q.Targets) == 0 && len(q.Ansible) == 0 && !q.All {
		return nil, &Error{Text: "no hosts given", Hint: "name them with -w 'web[01-20]', a group with -g web, or all of the inventory with -a"}
	}
	if err := q.Narrow.check(); err != nil {
		return nil, err
	}
	u := newUniverse(inv, q, look)
	chosen := newSet(u.size())
	if q.All {
		if inv == nil {
			return nil, &Error{Text: "-a selects all hosts of the inventory, but there is none", Hint: "name one with -i FILE"}
		}
		chosen.fill(u.size())
	}
	for _, source := range q.Targets {
		s, err := u.parse(source)
		if err != nil {
			return nil, err
		}
		chosen.union(s)
	}
	for _, source := range q.Ansible {
		s, err := u.ansiblePattern(source)
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
	if name := q.Narrow.OnePer; name != "" && len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h Host) bool { return Attribute(h, name) != "" }) {
		return nil, &Error{Text: fmt.Sprintf("--one-per: none of the hosts has the var %q", name), Hint: DidYouMean(name, inv.Attributes())}
	}
	hosts = q.Narrow.apply(hosts)
	if len(hosts) == 0 && !q.MayBeEmpty {
		return nil, &Error{Text: "no host is selected: " + q.String(), Hint: u.whyNone()}
	}
	if look.Remark != nil {
		for _, r := range u.remarks {
			look.Remark(r)
		}
	}
	return hosts, nil
}

// whyNone is a hint for a selection that came out empty.
func (u *universe) whyNone() string {
	if where := u.where(); where != listHint || len(u.remarks) == 0 {
		return where
	}
	return cmp.Or(u.remarks[0].Hint, u.remarks[0].Text)
}

const listHint = "hail hosts -a --fold lists the inventory"

// where is a hint that says which hosts there are, or how to list them.
func (u *universe) where() string {
	switch {
	case u.of != "":
		return u.of + " has " + u.has()
	case u.inv == nil:
		return "there is no inventory to look in: name one with -i FILE"
	case len(u.inv.hosts) == 0:
		return "the inventory has no hosts"
	}
	return listHint
}

// has lists the hosts for a hint, as far as they fit.
func (u *universe) has() string {
	const most = 100
	text := []rune(Fold(Names(u.inv.hosts)))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return fmt.Sprintf("%s (%d)", string(text), u.known)
}

// String returns q as options of the command line, to be shown.
func (q Query) String() string {
	var words []string
	if q.All {
		words = append(words, "-a")
	}
	for _, t := range q.Targets {
		words = append(words, "-w '"+t+"'")
	}
	for _, p := range q.Ansible {
		words = append(words, "--ansible-pattern '"+p+"'")
	}
	for _, x := range q.Exclude {
		words = append(words, "-x '"+x+"'")
	}
	return strings.Join(append(words, q.Narrow.words()...), " ")
}

// universe numbers the hosts that can be selected: those of the inventory, and other names that come up and are
// accepted.
type universe struct {
	inv     *Inventory
	anyHost bool // accept names that the inventory does not have
	look    Lookups
	index   map[string]int
	known   int      // hosts of the inventory
	extra   []string // accepted names that the inventory does not have
	base    Host     // what these hosts are, except for the name
	of      string   // what errors call the inventory; empty: the inventory
	growing bool     // the hosts are still being read, so that nothing can be matched with all of them
	remarks []*Error

	groups
}

// groups are those that an expression can name: of an inventory, or of ClusterShell's files while they are being read.
type groups interface {
	Groups() []string // the names that hints offer
	groupsLike(glob string) []string
	addMembers(s *set, group string) (known bool, err error)
}

func newUniverse(inv *Inventory, q Query, look Lookups) *universe {
	u := &universe{inv: inv, anyHost: q.AnyHost || inv == nil, of: q.Of, look: look, index: map[string]int{}, groups: inv}
	if inv != nil {
		u.known, u.index, u.base = len(inv.hosts), inv.index, inv.base
	}
	return u
}

func (u *universe) size() int { return u.known + len(u.extra) }

// host returns the host with a number. The caller must not modify it.
func (u *universe) host(i int) *Host {
	if i < u.known {
		return &u.inv.hosts[i]
	}
	h := u.base
	h.Name = u.extra[i-u.known]
	return &h
}

func (u *universe) hosts(s *set) (hosts []Host) {
	for i := range s.all() {
		hosts = append(hosts, *u.host(i))
	}
	return hosts
}

// parse evaluates an expression on the command line.
func (u *universe) parse(source string) (*set, error) {
	s := newSet(u.size())
	return s, u.evalAt(s, source, Place{File: fmt.Sprintf("target %q", source)})
}

// evalAt applies an expression that begins at place to result; a zero column counts as 1.
func (u *universe) evalAt(result *set, source string, place Place) error {
	e, err := parseExpression(source)
	told := len(u.remarks)
	if err == nil {
		err = u.eval(result, e)
	}
	if wrong, ok := errors.AsType[*Error](err); ok {
		wrong.Place = wrong.Place.within(place)
	}
	for _, r := range u.remarks[told:] {
		r.Place = r.Place.within(place)
	}
	return err
}

// within turns a column of an expression into a place in what holds the expression, a file for instance. A place with
// a file is returned as it is.
func (p Place) within(of Place) Place {
	if p.File != "" {
		return p
	}
	of.Col = max(of.Col, 1) - 1 + p.Col
	return of
}

// eval applies an expression to result.
func (u *universe) eval(result *set, e expression) error {
	for _, step := range e {
		s, err := u.term(step.term)
		if err != nil {
			return err
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
	return nil
}
