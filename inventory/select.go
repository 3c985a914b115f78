package inventory

import "strings"

// Query says which hosts to select.
type Query struct {
	Targets []string // target expressions, united
	Ansible []string // patterns with Ansible's syntax and meaning; united with the targets
	Exclude []string // target expressions, taken away last
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
	Run    func(id string, endings []string) ([]string, error) // hosts of an earlier run that ended in one of these ways; all if there are none
	Remark func(*Error)                                        // receives what may be a mistake, but is no error
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
	for _, step := range []struct {
		sources []string
		hosts   func(source string) (*set, error)
		apply   func(*set)
	}{{q.Targets, u.target, chosen.union}, {q.Ansible, u.ansiblePattern, chosen.union}, {q.Exclude, u.target, chosen.minus}} {
		for _, source := range step.sources {
			s, err := step.hosts(source)
			if err != nil {
				return nil, err
			}
			step.apply(s)
		}
	}
	hosts, err := q.Narrow.apply(u.hosts(chosen), inv)
	if err != nil {
		return nil, err
	}
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
