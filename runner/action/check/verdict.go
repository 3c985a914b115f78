package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
)

// openCheck is a check that is being made on a host.
type openCheck struct {
	*Check
	tests   []test
	verdict *runner.Verdict
	began   time.Time
	next    time.Time // when it is due; zero: now
}

// absences are the attributes that say, when they are false, that there is nothing to look at, and the words for that; of
// is the only kind for which that is so, or empty.
var absences = []struct{ attribute, of, why string }{
	{"exists", "", "it does not exist"},
	{"installed", "", "it is not installed"},
	{"running", "process", "it is not running"}, // a service that is not running has other attributes
}

// absent returns the words for the absence that was seen, unless the check expects something of its attribute itself.
func (o *openCheck) absent(s *seen) string {
	for _, a := range absences {
		if s.values[a.attribute] == false && !o.expects(a.attribute) && (a.of == "" || a.of == o.Type) {
			return a.why
		}
	}
	return ""
}

// said quotes what a command wrote of which the check expects nothing: that tells why it fails.
func (o *openCheck) said(s *seen) string {
	for _, output := range []string{"stderr", "stdout"} {
		if said, _ := s.values[output].(string); said != "" && !o.expects(output) {
			return output + ": " + show(said, text)
		}
	}
	return ""
}

// judge compares what is seen with what was expected.
func (o *openCheck) judge(s *seen) {
	v := o.verdict
	*v = runner.Verdict{Check: o.ID, Outcome: runner.Pass, Took: s.took}
	var failed, reasons []string
	unseen := map[string][]string{} // attributes, by the reason why they can't be seen
	// Not the host's ctx: its time may be over by now, and all this was seen before.
	ctx, cancel := context.WithTimeoutCause(context.Background(), o.Limit(), fmt.Errorf("it took longer than %v", o.Limit()))
	defer cancel()
	for i, w := range o.Wants {
		value, why := s.value(w.Attribute)
		if why != "" {
			if unseen[why] == nil {
				reasons = append(reasons, why)
			}
			unseen[why] = append(unseen[why], w.Attribute)
		} else if differs := o.compare(ctx, i, value, s); differs != "" {
			failed = append(failed, differs)
		}
	}
	switch {
	case failed != nil:
		v.Outcome, v.Text = runner.Fail, strings.Join(failed, "; ")
		if because := cmp.Or(s.because, o.absent(s), o.said(s)); because != "" {
			v.Text += " (" + because + ")"
		}
	case reasons != nil:
		var all []string
		for _, why := range reasons {
			all = append(all, strings.Join(slices.Compact(unseen[why]), ", ")+": "+why)
		}
		v.Outcome, v.Text = runner.CheckError, strings.Join(all, "; ")
	}
	exit, _ := s.values["exit"].(float64)
	value, known := s.values[o.Value]
	if known && (failed == nil || exit == 0 || value != "") { // that a command which failed printed nothing says nothing
		said := runner.Text(inventory.ValueText(value))
		v.Value = &said
	}
}

// compare says how the value of the expected attribute at this index differs; an empty text means that it does not.
func (o *openCheck) compare(ctx context.Context, index int, value any, s *seen) string {
	w := o.Wants[index]
	ok, is, err := false, value, error(nil)
	if value != nil {
		ok, is, err = o.tests[index](ctx, value)
	} else if w.Matcher.holdsOfNothing() && s.values["reachable"] != false { // where nobody answered, nothing is known to differ
		ok = true
	}
	shape := kinds[o.Type].shapeOf(w.Attribute)
	switch {
	case err != nil:
		return fmt.Sprintf("%s: expected %s, but %v", w.Attribute, w.Matcher.expectation(shape), err)
	case !ok:
		return fmt.Sprintf("%s: expected %s, is %s", w.Attribute, w.Matcher.expectation(shape), show(is, shape))
	}
	return ""
}

// holdsOfNothing reports whether the matcher holds where there is no value: a not does, whatever it is about.
func (m Matcher) holdsOfNothing() bool {
	switch m.Op {
	case not:
		return true
	case allOf:
		return !slices.ContainsFunc(m.Of, func(one Matcher) bool { return !one.holdsOfNothing() })
	case anyOf:
		return slices.ContainsFunc(m.Of, Matcher.holdsOfNothing)
	}
	return false
}
