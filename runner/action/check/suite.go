package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/fill"
)

// Suite is an action that makes checks. Read makes one, also of a text in memory. Before a run, Aim finds out about its
// hosts, and Listed says what the plan has to know.
type Suite struct {
	Checks  []Check                   `json:"checks"`
	Fleet   []Fleet                   `json:"fleet,omitempty"`
	Skip    map[string][]int          `json:"skip,omitempty"`    // by host: the indexes of the checks that are not meant for it, in rising order
	Waivers map[string]map[int]string `json:"waivers,omitempty"` // by host and check index: why it may fail, or that this has expired

	tests     [][]test        // of Checks; nil for one with templates
	templates *fill.Templates // of Checks
	removed   []string        // the ids of checks that Take has removed
}

// Spec describes the action as data.
func (s Suite) Spec() runner.Spec { return runner.NewSpec(runner.ActionCheck, s) }

// Listed returns the checks as a plan lists them.
func (s Suite) Listed() (checks, fleet []runner.Check) {
	for _, c := range s.Checks {
		checks = append(checks, c.Check)
	}
	for _, f := range s.Fleet {
		fleet = append(fleet, f.Check)
	}
	return checks, fleet
}

// New builds the action that spec describes.
func New(spec runner.Spec) (Suite, error) {
	var s Suite
	if err := spec.Decode(&s); err != nil {
		return s, err
	}
	err := s.Compile() // before s is copied
	return s, err
}

// Compile finds out what is wrong with checks that Read has not made, and makes their tests once, and not for each host.
func (s *Suite) Compile() error {
	s.tests, s.templates = nil, &fill.Templates{}
	for i := range s.Checks {
		tests, err := s.Checks[i].compile()
		if err != nil {
			return err
		}
		s.tests = append(s.tests, tests)
	}
	return nil
}

// compile makes the tests of the check's matchers. A template has none before it is rendered.
func (c *Check) compile() (tests []test, err error) {
	k := kinds[c.Type]
	if k == nil {
		return nil, fmt.Errorf("%s: %q is no type of check", c.ID, c.Type)
	}
	if c.Template {
		return nil, nil
	}
	for _, w := range c.Wants {
		s := k.shapeOf(w.Attribute)
		if s == "" {
			return nil, fmt.Errorf("%s: %s has no attribute %q", c.ID, c.Type, w.Attribute)
		}
		t, err := w.Matcher.compile(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", c.ID, w.Attribute, err)
		}
		tests = append(tests, t)
	}
	return tests, nil
}

// Aim finds out which checks are meant for which hosts, and renders them all once, so that an undefined variable shows
// before a host is reached. choose returns which hosts an expression means; it may be nil if no check has a When.
func (s *Suite) Aim(hosts []inventory.Host, choose func(expr string) (map[string]bool, error)) error {
	s.Skip, s.templates = map[string][]int{}, &fill.Templates{}
	for i, c := range s.Checks {
		if c.When == "" {
			continue
		}
		meant, err := choose(c.When)
		if err != nil {
			return inventory.OfExpression(c.Place, "when", err)
		}
		for _, h := range hosts {
			if !meant[h.Name] {
				s.Skip[h.Name] = append(s.Skip[h.Name], i)
			}
		}
	}
	for i, c := range s.Checks {
		if !c.Template || c.Off {
			continue
		}
		for index, h := range hosts {
			if s.skips(h, i) {
				continue
			}
			if _, err := c.render(h, index, s.templates); err != nil {
				return fill.At(c.Place, err)
			}
		}
	}
	return nil
}

// skips reports whether a check is not meant for a host.
func (s *Suite) skips(h inventory.Host, check int) bool {
	_, skips := slices.BinarySearch(s.Skip[h.Name], check)
	return skips
}

// For returns the checks of a host as they are made there, at their indexes in Checks; one that is not made there is
// the zero value.
func (s Suite) For(h inventory.Host, index int) ([]Check, error) {
	rendered := make([]Check, len(s.Checks))
	for i, c := range s.Checks {
		if c.Off || s.skips(h, i) {
			continue
		}
		r, err := c.render(h, index, s.templates)
		if err != nil {
			return nil, err
		}
		rendered[i] = r
	}
	return rendered, nil
}

// Do implements runner.Action: one command looks at all that is seen from the host, and another one for each round of
// retries.
func (s Suite) Do(ctx context.Context, t *runner.Target) error {
	rendered, err := s.For(t.Host, t.Index)
	if err != nil {
		return err
	}
	verdicts := make([]runner.Verdict, len(s.Checks))
	var open []*openCheck
	for i := range s.Checks {
		verdicts[i] = runner.Verdict{Check: s.Checks[i].ID, Outcome: runner.Skip}
		if rendered[i].Type == "" {
			continue
		}
		verdicts[i].Outcome = runner.NotEvaluated
		o := &openCheck{Check: &rendered[i], verdict: &verdicts[i], began: time.Now()}
		if s.tests != nil {
			o.tests = s.tests[i]
		}
		if o.tests == nil {
			if o.tests, err = o.compile(); err != nil {
				return err
			}
		}
		open = append(open, o)
	}
	err = rounds(ctx, t, open)
	for i, why := range s.Waivers[t.Host.Name] {
		waive(&verdicts[i], why)
	}
	return s.conclude(t, verdicts, err)
}

// rounds makes the checks, and again those that failed, each when it is due, as long as it may be tried again.
func rounds(ctx context.Context, t *runner.Target, open []*openCheck) error {
	for len(open) > 0 {
		var due, later []*openCheck
		looked := time.Now()
		for _, o := range open {
			if o.next.After(looked) {
				later = append(later, o)
			} else {
				due = append(due, o)
			}
		}
		if err := round(ctx, t, due); err != nil {
			return err
		}
		now := time.Now() // other checks may have taken all the time of a retry, which is good for one more look then
		for _, o := range due {
			if o.verdict.Outcome.Bad() && looked.Sub(o.began) < o.Retry.Timeout.Value() {
				o.next = now.Add(o.Retry.wait(now.Sub(o.began)))
				later = append(later, o)
			}
		}
		if open = later; len(open) == 0 {
			break
		}
		first := slices.MinFunc(open, func(a, b *openCheck) int { return a.next.Compare(b.next) })
		select {
		case <-time.After(time.Until(first.next)):
		case <-ctx.Done():
			return fmt.Errorf("waiting to retry checks: %w", context.Cause(ctx))
		}
	}
	return nil
}

// round makes each of the checks once.
func round(ctx context.Context, t *runner.Target, open []*openCheck) error {
	var inside, outside []*openCheck
	for _, o := range open {
		if o.inside() {
			inside = append(inside, o)
		} else {
			outside = append(outside, o)
		}
	}
	done := make(chan []*seen, 1)
	go func() { done <- observe(ctx, t, checksOf(outside)) }()
	var err error
	if len(inside) > 0 {
		var found []*seen
		found, err = inspect(ctx, t, checksOf(inside))
		for i, s := range found {
			if s != nil {
				inside[i].judge(s)
			}
		}
	}
	for i, s := range <-done {
		if s != nil {
			outside[i].judge(s)
		} else if err == nil {
			err = fmt.Errorf("looking from outside: %w", context.Cause(ctx))
		}
	}
	return err
}

func checksOf(some []*openCheck) (checks []*Check) {
	for _, o := range some {
		checks = append(checks, o.Check)
	}
	return checks
}

// conclude records the verdicts, prints them for the host's log, and returns how the host has ended. err is what has
// kept checks from being made, or nil.
func (s Suite) conclude(t *runner.Target, verdicts []runner.Verdict, err error) error {
	t.RecordVerdicts(verdicts)
	var log strings.Builder
	var bad []string
	for _, v := range verdicts {
		fmt.Fprintf(&log, "%-13s %s", v.Outcome, v.Check)
		if v.Text != "" {
			fmt.Fprintf(&log, "  %s", v.Text)
		}
		log.WriteByte('\n')
		if v.Outcome.Bad() || v.Outcome == runner.NotEvaluated {
			bad = append(bad, v.Check)
		}
	}
	if _, e := t.Out.Write([]byte(log.String())); e != nil && err == nil {
		err = e
	}
	if err != nil || bad == nil {
		return err
	}
	const most = 3
	said := strings.Join(bad[:min(most, len(bad))], ", ")
	if more := len(bad) - most; more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return &runner.Failure{Status: runner.Failed, Reason: runner.CheckFailed, Err: errors.New(said)}
}
