package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/check"
)

// TestFleet: checks over the fleet are judged by the values of all hosts, before the run ends.
func TestFleet(t *testing.T) {
	suite := read(t, `checks:
  - {id: kernel, command: {run: uname -r}}
  - {id: load, command: {run: uptime}, capture: load}
  - {id: release, command: {run: uname -r}}
  - {id: same, fleet: {value_of: kernel, all_equal: true}}
  - {id: few, fleet: {value_of: kernel, distinct: {le: 2}}}
  - {id: close, fleet: {value_of: load, spread: {lt: 5}}}
  - {id: most, fleet: {value_of: load, at_least: 50%, that: {lt: 5}}}
  - {id: many, fleet: {value_of: load, at_least: 90%}}
  - {id: text, fleet: {value_of: load, at_least: 1, that: {equals: "00"}}}
  - {id: newer, fleet: {value_of: kernel, at_least: 3, that: {semver: ">=5.9"}}}
  - {id: exact, fleet: {value_of: kernel, at_least: 2, that: {in: ["6.1", "6.2"]}}}
  - {id: other, fleet: {value_of: kernel, at_least: 1, that: {not: {any: [{equals: "6.1"}, {regex: "^5.10$"}]}}}}
  - {id: sum, fleet: {value_of: release, spread: {lt: 5}}}
`)
	action, err := check.New(suite.Spec())
	must(t, err)
	plan := &runner.Plan{Hosts: make([]inventory.Host, 4)}
	value := func(s string) *runner.Text { v := runner.Text(s); return &v }
	events := []runner.Event{{Seq: 1, Kind: runner.KindPlan, Plan: plan}}
	for i, kernel := range []string{"6.1", "6.1", "5.10"} {
		events = append(events, runner.Event{Seq: int64(i + 2), Kind: runner.KindCheck, Host: fmt.Sprint("web", i+1),
			Verdicts: []runner.Verdict{{Check: "kernel", Value: value(kernel)}, {Check: "load", Value: value(fmt.Sprintf("%02d", i*4))}, {Check: "release", Value: value(kernel + "-rt")}}})
	}
	events = append(events, runner.Event{Seq: 5, Kind: runner.KindEnd})
	var last []runner.Event
	for batch := range action.Judge(func(yield func([]runner.Event) bool) { yield(events) }) {
		last = batch[len(batch)-2:]
	}
	if last[0].Seq != 5 || last[1].Seq != 6 || last[1].Kind != runner.KindEnd {
		t.Errorf("want the verdicts (seq 5) before the end (seq 6), got %v", last)
	}
	want := map[string]string{"same": `expected one value, found 2: "6.1" on web[1-2], "5.10" on web3`, "few": "", "close": "spread: expected < 5, is 8", "most": "", "text": "",
		"many": "expected at least 4 of 4 hosts, found 3", "newer": "", "exact": "", "other": `expected at least 1 of 4 hosts, found 0 (not "6.1" on web[1-2], "5.10" on web3)`, "sum": `spread: not numbers: "6.1-rt" on web[1-2], "5.10-rt" on web3`}
	for _, v := range last[0].Verdicts {
		if v.Text != want[v.Check] || (v.Outcome == runner.Pass) != (want[v.Check] == "") {
			t.Errorf("%s: %s %q, want %q", v.Check, v.Outcome, v.Text, want[v.Check])
		}
	}

	// A part of the run is repeated: web3 has another value now, and web4 still has none.
	again := []runner.Event{{Kind: runner.KindPlan, Plan: &runner.Plan{Hosts: make([]inventory.Host, 2)}}, {Kind: runner.KindAttempt, Host: "web3"}, {Kind: runner.KindAttempt, Host: "web4"},
		{Kind: runner.KindCheck, Host: "web3", Verdicts: []runner.Verdict{{Check: "kernel", Value: value("6.1")}, {Check: "load"}, {Check: "release", Value: value("6.1-rt")}}}, {Kind: runner.KindEnd}}
	first := slices.Concat(events[:len(events)-1], last)
	for batch := range action.Judge(func(yield func([]runner.Event) bool) { yield(again) }, func(yield func([]runner.Event) bool) { yield(first) }) {
		last = batch[len(batch)-2:]
	}
	want = map[string]string{"same": "", "few": "", "close": "", "most": "", "text": "", "many": "expected at least 4 of 4 hosts, found 2", "newer": "", "exact": "", "other": `expected at least 1 of 4 hosts, found 0 (not "6.1" on web[1-3])`, "sum": `spread: not numbers: "6.1-rt" on web[1-3]`}
	for _, v := range last[0].Verdicts {
		if v.Text != want[v.Check] {
			t.Errorf("again: %s: %s %q, want %q", v.Check, v.Outcome, v.Text, want[v.Check])
		}
	}
}

// TestFleetOfSome: a check over the fleet is about the hosts that the other check is meant for, and skipped if there are
// none.
func TestFleetOfSome(t *testing.T) {
	suite := read(t, `checks:
  - {id: kernel, command: uname -r, when: web*}
  - {id: off, command: "true", skip: true}
  - {id: other, command: "true", when: none}
  - {id: all, fleet: {value_of: kernel, at_least: 100%}}
  - {id: more, fleet: {value_of: kernel, at_least: 3}}
  - {id: of off, fleet: {value_of: off, at_least: 1}}
  - {id: of other, fleet: {value_of: other, all_equal: true}}
`)
	hosts := []inventory.Host{{Name: "db1"}, {Name: "web1"}, {Name: "web2"}}
	must(t, suite.Aim(hosts, func(expr string) (map[string]bool, error) {
		return map[string]map[string]bool{"web*": {"web1": true, "web2": true}}[expr], nil
	}))
	kernel := runner.Text("6.1")
	events := []runner.Event{{Kind: runner.KindPlan, Plan: &runner.Plan{Hosts: hosts}}}
	for i, value := range []*runner.Text{nil, &kernel, &kernel} {
		events = append(events, runner.Event{Kind: runner.KindCheck, Host: hosts[i].Name, Verdicts: []runner.Verdict{{Check: "kernel", Value: value}, {Check: "off"}, {Check: "other"}}})
	}
	events = append(events, runner.Event{Kind: runner.KindEnd})
	var got []string
	for batch := range suite.Judge(func(yield func([]runner.Event) bool) { yield(events) }) {
		for _, v := range batch[len(batch)-2].Verdicts {
			got = append(got, strings.TrimSpace(fmt.Sprintln(v.Check, v.Outcome, v.Text)))
		}
	}
	if want := []string{"all pass", "more fail expected at least 3 of 2 hosts, found 2", "of off skip", "of other skip"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFleetIsSelected: a check over the fleet is selected as others are, and keeps the check whose values it uses.
func TestFleetIsSelected(t *testing.T) {
	for _, by := range []check.Choice{{IDs: []string{"sam*"}}, {Tags: []string{"even"}}, {Severity: runner.Critical}} {
		suite := read(t, `checks:
  - {id: name, command: hostname}
  - {id: other, command: date}
  - {id: same, fleet: {value_of: name, all_equal: true}, tags: [even], severity: critical}
`)
		must(t, suite.Take(by))
		if len(suite.Checks) != 1 || suite.Checks[0].ID != "name" || len(suite.Fleet) != 1 {
			t.Errorf("%+v leaves %d checks and %d over the fleet", by, len(suite.Checks), len(suite.Fleet))
		}
	}
}

// TestFleetIsNotWaived: a check over the fleet can't be waived, and the error says that it is one.
func TestFleetIsNotWaived(t *testing.T) {
	suite := read(t, "checks:\n  - {id: name, command: hostname}\n  - {id: same, fleet: {value_of: name, all_equal: true}}\n")
	err := suite.Waive([]check.Waiver{{ID: "sam*", Reason: "known"}}, nil, nil, time.Time{})
	if want := `"sam*" is a check over the fleet, and only checks on hosts can be waived`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
