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
// still fails, and where another value was captured. A verdict that only one of the runs has is just counted.
func CompareChecks(w io.Writer, before, now *Summary, style Style) error {
	type place struct{ host, check string }
	earlier := map[place]runner.Verdict{}
	before.eachVerdict(func(host string, v runner.Verdict) { earlier[place{host, v.Check}] = v })
	type row struct {
		change verdictChange
		check  string
	}
	hosts, count := map[row][]string{}, map[verdictChange]int{}
	now.eachVerdict(func(host string, v runner.Verdict) {
		at := place{host, v.Check}
		old, known := earlier[at]
		delete(earlier, at)
		if change := changeOfVerdict(old, known, v); change != "" {
			hosts[row{change, v.Check}] = append(hosts[row{change, v.Check}], host)
			count[change]++
		}
	})
	count[inOneRun] += len(earlier)
	var b bytes.Buffer
	fmt.Fprintf(&b, "compared with %s:\n", before.Run)
	for _, change := range []verdictChange{newValue, stillFailing, newlyPassing, newlyFailing} { // the worst last
		for _, c := range slices.Concat(now.Plan.Checks, now.Plan.Fleet) {
			if names := hosts[row{change, c.ID}]; names != nil {
				on := "over the fleet"
				if names[0] != "" {
					on = "on " + inventory.Fold(names)
				}
				fmt.Fprintf(&b, "  %s %s %s\n", style.outcome(change.outcome(), string(change)), c.ID, style.cut(on, len(change)+len(c.ID)+4))
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
	case now.Value != nil && old.Value != nil && *now.Value != *old.Value:
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
