// Package check tests hosts: it compares what should be there with what is. The checks that look at a host from inside
// are one program, sent in one command; those that look at it from outside are made from this machine.
//
//	file ─► Read ─► []Check ─┐
//	          hosts, waivers ┴► Suite ─► on each host: render ─┬─► program ─► facts ─┬─► matchers ─► verdicts
//	                                                           └─► from here ────────┘
package check

import (
	"context"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
)

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
	When     string            `json:"-"`                  // a target expression: the hosts that Aim means it for; not recorded, as it may have a secret
	Template bool              `json:"template,omitempty"` // parameters or matchers are templates, filled in for each host
	Place    inventory.Place   `json:"-"`
}

// Limit returns how long one look may take, as the host counts it: the timeout, rounded up to whole seconds.
func (c *Check) Limit() time.Duration {
	return time.Duration(max(1, c.Timeout.WholeSeconds())) * time.Second
}

// expects reports whether the check has a matcher for the attribute.
func (c *Check) expects(attribute string) bool {
	return slices.ContainsFunc(c.Wants, func(w Want) bool { return w.Attribute == attribute })
}

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

// wait returns how long to wait for the next look when so much time has passed. The last look is when the time is over, as
// in a health check of a push.
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
	outside func(ctx context.Context, dial dialer, c *Check) *seen
}

// kinds are all types of check, by name. A new type is a file that registers its kind.
var kinds = map[string]*kind{}

func register(k *kind) *kind {
	kinds[k.name] = k
	return k
}

// id returns the id of a check that was given none. It is one line, also that of a command of several.
func (c *Check) id(k *kind) string {
	if k.subject == "" {
		return k.name
	}
	return k.name + ":" + strings.Join(strings.FieldsFunc(c.Params[k.subject], func(r rune) bool { return r == '\n' }), " ")
}

// inside reports whether the check is part of the program on the host.
func (c *Check) inside() bool {
	k := kinds[c.Type]
	return k.outside == nil || c.From == "target" && k.probe != ""
}

func (k *kind) shapeOf(attribute string) shape {
	if name, _, below := strings.Cut(attribute, "."); below && k.attrs[name] == fields {
		return text
	}
	return k.attrs[attribute]
}
