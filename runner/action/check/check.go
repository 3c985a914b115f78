// Package check tests hosts: it compares what should be there with what is. The checks that look at a host from inside
// are one program, sent in one command; those that look at it from outside are made from this machine.
//
//	file ─► Read ─► []Check ─┐
//	          hosts, waivers ┴► Suite ─► on each host: render ─┬─► program ─► facts ─┬─► matchers ─► verdicts
//	                                                           └─► from here ────────┘
package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/fill"
)

// Kind is the kind of a Suite.
const Kind = "check"

// Check is one check, as data.
type Check struct {
	runner.Check
	Params   map[string]string `json:"params"`          // what is looked at: the path of a file, the name of a service
	Wants    []Want            `json:"wants,omitempty"` // all of them have to hold
	From     string            `json:"from,omitempty"`  // target: connections are made from the host; empty: from this machine
	Sudo     bool              `json:"sudo,omitempty"`  // look at it with sudo -n
	Timeout  runner.Duration   `json:"timeout"`         // of one look
	Retry    Retry             `json:"retry,omitzero"`
	Value    string            `json:"value,omitempty"`    // the attribute whose value is captured; empty: none
	Off      bool              `json:"off,omitempty"`      // skip it on all hosts
	When     string            `json:"when,omitempty"`     // a target expression: the hosts that it is meant for
	Template bool              `json:"template,omitempty"` // parameters or matchers are templates, filled in for each host
	Place    inventory.Place   `json:"-"`
}

// Limit returns how long one look may take, in whole seconds, as the host counts it: at least one.
func (c *Check) Limit() time.Duration { return max(time.Second, c.Timeout.Value().Round(time.Second)) }

// Want is what one attribute has to be.
type Want struct {
	Attribute string  `json:"attribute"`
	Matcher   Matcher `json:"matcher"`
}

// Retry says how long a check may go on failing before that counts. The zero value allows no retries.
type Retry struct {
	Timeout  runner.Duration `json:"timeout"`
	Interval runner.Duration `json:"interval"`
}

// wait returns how long to wait for the next look when so much time has passed, or 0 if there is none. The last look is
// when the time is over, as in a health check of a push.
func (r Retry) wait(passed time.Duration) time.Duration {
	return max(0, min(r.Interval.Value(), r.Timeout.Value()-passed))
}

// kind is one type of check: its parameters and attributes, and how to see what they are.
type kind struct {
	name    string
	subject string           // the parameter that has to be there
	params  map[string]shape // the other ones
	attrs   map[string]shape
	implied Want                 // what a check that says nothing expects; the zero value: it has to say something
	main    string               // the attribute that is captured where none is named
	verify  func(c *Check) error // says what is wrong with the parameters; may be nil

	// For a kind that looks from the host. probe defines a shell function probe_NAME, whose arguments are the values of
	// the parameters in words. It asks "wants ATTRIBUTE", and says what it sees with "fact ATTRIBUTE VALUE" or "cannot
	// ATTRIBUTE WHY". values sets attributes that only this machine can work out, from the fact told; it may be nil.
	probe  string
	words  []string
	values func(c *Check, s *seen) error
	told   string

	// For a kind that looks from this machine or, through the connection, from the host's end.
	outside func(l *look, c *Check) *seen
}

// seen is what is known of the subject of a check.
type seen struct {
	facts   map[string][]string // what a probe said
	values  map[string]any      // of attributes; one without a value does not exist
	cannot  map[string]string   // why an attribute can't be seen; of "": why none can
	because string              // why it is so, if that helps
	heard   float64             // when the host told its time, by the clock of this machine, in seconds since 1970
	took    runner.Duration
}

func cannot(why string, args ...any) *seen {
	return &seen{cannot: map[string]string{"": fmt.Sprintf(why, args...)}}
}

// kinds are all types of check, by name. A new type is a file that registers its kind.
var kinds = map[string]*kind{}

func register(k *kind) *kind {
	kinds[k.name] = k
	return k
}

func kindNames() []string { return slices.Sorted(maps.Keys(kinds)) }

// id returns the id of a check that was given none.
func (c *Check) id(k *kind) string {
	if k.subject == "" {
		return k.name
	}
	return k.name + ":" + c.Params[k.subject]
}

// inside reports whether the check is part of the program on the host.
func (c *Check) inside() bool {
	k := kinds[c.Type]
	return k.outside == nil || c.From == "target" && k.probe != ""
}

// render fills in the templates of the check for a host. An undefined name is an error, and so is what can't stand there.
func (c Check) render(h inventory.Host, index int) (Check, error) {
	if !c.Template {
		return c, nil
	}
	params := maps.Clone(c.Params)
	for name, value := range params {
		if !strings.Contains(value, "{{") {
			continue
		}
		var err error
		if name == "run" {
			params[name], err = fill.Line(value, h, index)
		} else {
			params[name], err = fill.Text(value, h, index)
		}
		if err != nil {
			return c, fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	c.Params = params
	k := kinds[c.Type]
	for i, w := range c.Wants {
		shape := k.shapeOf(w.Attribute)
		m, changed, err := w.Matcher.render(h, index, shape)
		if err != nil {
			return c, fmt.Errorf("%s: %s: %w", c.ID, w.Attribute, err)
		}
		if !changed {
			continue
		}
		if _, err := m.compile(shape); err != nil {
			return c, fmt.Errorf("%s: %s: for %s: %w", c.ID, w.Attribute, h.Name, err)
		}
		c.Wants = slices.Clone(c.Wants)
		c.Wants[i].Matcher = m
	}
	if k.verify != nil {
		if err := k.verify(&c); err != nil {
			return c, fmt.Errorf("%s: for %s: %w", c.ID, h.Name, err)
		}
	}
	c.Template = false
	return c, nil
}

func (k *kind) shapeOf(attribute string) shape {
	if name, _, below := strings.Cut(attribute, "."); below && k.attrs[name] == fields {
		return text
	}
	return k.attrs[attribute]
}

func (m Matcher) render(h inventory.Host, index int, s shape) (_ Matcher, changed bool, err error) {
	switch {
	case m.Op == length:
		s = number
	case m.Op == query:
		s = unknown
	}
	one := func(v any) (any, error) {
		written, isText := v.(string)
		if !isText || !strings.Contains(written, "{{") {
			return v, nil
		}
		changed = true
		filled, err := fill.Text(written, h, index)
		if err != nil {
			return nil, err
		}
		if m.Op == matches || m.Op == version || m.Op == query || m.Op == contains && s != unknown {
			return filled, nil
		}
		value, err := parseLiteral(filled, inventory.ParseValue(filled), s)
		if err != nil {
			return nil, fmt.Errorf("for %s: %w", h.Name, err)
		}
		return value, nil
	}
	if list, ok := m.Want.([]any); ok {
		list = slices.Clone(list)
		for i := range list {
			if list[i], err = one(list[i]); err != nil {
				return m, false, err
			}
		}
		m.Want = list
	} else if m.Want, err = one(m.Want); err != nil {
		return m, false, err
	}
	of := slices.Clone(m.Of)
	for i := range of {
		var inner bool
		if of[i], inner, err = of[i].render(h, index, s); err != nil {
			return m, false, err
		}
		changed = changed || inner
	}
	m.Of = of
	return m, changed, nil
}
