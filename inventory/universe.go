package inventory

import (
	"errors"
	"fmt"
)

// universe numbers the hosts that can be selected: those of the inventory, and other names that come up and are
// accepted.
type universe struct {
	inv     *Inventory
	anyHost bool // accept names that the inventory does not have
	look    Lookups
	index   map[string]int
	extra   []string // accepted names that the inventory does not have
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
		u.index = inv.index
	}
	return u
}

func (u *universe) size() int { return len(u.inv.Hosts()) + len(u.extra) }

// host returns the host with a number. The caller must not modify it.
func (u *universe) host(i int) *Host {
	known := u.inv.Hosts()
	if i < len(known) {
		return &known[i]
	}
	h := u.inv.Base()
	h.Name = u.extra[i-len(known)]
	return &h
}

func (u *universe) hosts(s *set) (hosts []Host) {
	for i := range s.all() {
		hosts = append(hosts, *u.host(i))
	}
	return hosts
}

// target returns the hosts of an expression on the command line.
func (u *universe) target(source string) (*set, error) {
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
