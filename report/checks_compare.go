package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"hail/inventory"
	"hail/runner"
)

// CompareChecks writes how the checks of a run differ from those of an earlier one: what newly fails, newly passes or
// still fails, and where another value was captured, with both. A verdict that only one of the runs has is just counted.
func CompareChecks(w io.Writer, before, now *Summary, style Style) error {
	type place struct{ host, check string }
	earlier := map[place]runner.Verdict{}
	before.eachVerdict(func(host string, v runner.Verdict) { earlier[place{host, v.Check}] = v })
	type topic struct {
		change verdictChange
		check  string
	}
	rows, count := map[topic]*inOrder[string, changedHosts]{}, map[verdictChange]int{}
	now.eachVerdict(func(host string, v runner.Verdict) {
		at := place{host, v.Check}
		old, known := earlier[at]
		delete(earlier, at)
		if change := changeOfVerdict(old, known, v); change != "" {
			values := changeOfValue(old, v)
			about := topic{change, v.Check}
			if rows[about] == nil {
				rows[about] = &inOrder[string, changedHosts]{}
			}
			row := rows[about].at(values, changedHosts{values: values})
			row.names = append(row.names, host)
			count[change]++
		}
	})
	count[inOneRun] += len(earlier)
	var b bytes.Buffer
	fmt.Fprintf(&b, "compared with %s:\n", before.Run)
	for _, change := range []verdictChange{newValue, stillFailing, newlyPassing, newlyFailing} { // the worst last
		for _, c := range slices.Concat(now.Plan.Checks, now.Plan.Fleet) {
			if of := rows[topic{change, c.ID}]; of != nil {
				id := OneLine(c.ID)
				for _, row := range together(of.all) {
					fmt.Fprintf(&b, "  %s %s %s\n", style.outcome(change.outcome(), string(change)), id, style.cut(row.String(), len(change)+len(id)+4))
				}
			}
		}
		if count[change] == 0 && change != newValue {
			fmt.Fprintf(&b, "  nothing is %s\n", change)
		}
	}
	if n := count[inOneRun]; n > 0 {
		fmt.Fprintf(&b, "  %s: %s\n", inOneRun, Plural(n, "verdict"))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// changedHosts are hosts whose verdicts differ in the same way; a single empty name stands for the fleet.
type changedHosts struct {
	values string // the value before and the one now; empty: not shown
	names  []string
}

func (c *changedHosts) String() string {
	switch {
	case c.names[0] == "":
		return "over the fleet"
	case c.values == "":
		return "on " + inventory.Fold(c.names)
	}
	return c.values + " on " + inventory.Fold(c.names)
}

// mostChanges is how many changes of one value are shown. With more, as of a temperature, the hosts say enough.
const mostChanges = 5

// together returns the rows as they are shown.
func together(rows []*changedHosts) []*changedHosts {
	if len(rows) <= mostChanges {
		return rows
	}
	var all changedHosts
	for _, row := range rows {
		all.names = append(all.names, row.names...)
	}
	return []*changedHosts{&all}
}

// changeOfValue shows the value that was captured before and the one now; empty: they are the same, or one is not known.
func changeOfValue(old, now runner.Verdict) string {
	if old.Value == nil || now.Value == nil || *old.Value == *now.Value {
		return ""
	}
	return shortValue(*old.Value) + " → " + shortValue(*now.Value)
}

// shortValue returns a captured value on one line of at most 40 characters.
func shortValue(v runner.Text) string {
	if v == "" {
		return "nothing"
	}
	return Style{Width: 40}.cut(OneLine(string(v)), 0)
}

// verdictChange says how a verdict differs from the earlier one on the same host; empty: it does not.
type verdictChange string

const (
	newValue     verdictChange = "changed"
	stillFailing verdictChange = "still failing"
	newlyPassing verdictChange = "newly passing"
	newlyFailing verdictChange = "newly failing"
	inOneRun     verdictChange = "in only one of the runs"
)

// changeOfVerdict compares a verdict with the earlier one, if that is known.
func changeOfVerdict(old runner.Verdict, known bool, now runner.Verdict) verdictChange {
	switch {
	case now.Outcome.Bad() && old.Outcome.Bad():
		return stillFailing
	case now.Outcome.Bad() && known:
		return newlyFailing
	case now.Outcome == runner.Pass && old.Outcome.Bad():
		return newlyPassing
	case !known, (now.Outcome == runner.NotEvaluated) != (old.Outcome == runner.NotEvaluated):
		return inOneRun
	case changeOfValue(old, now) != "":
		return newValue
	}
	return ""
}

// outcome returns the outcome in whose colour the change is shown.
func (c verdictChange) outcome() runner.Outcome {
	switch c {
	case newValue:
		return runner.Skip
	case newlyPassing:
		return runner.Pass
	}
	return runner.Fail
}

// eachVerdict calls do with the verdicts on each host, and with those over the fleet, for which host is empty.
func (s *Summary) eachVerdict(do func(host string, v runner.Verdict)) {
	for i := range s.Hosts {
		for _, v := range s.Hosts[i].Checks {
			do(s.Hosts[i].Host, v)
		}
	}
	for _, v := range s.Fleet {
		do("", v)
	}
}
