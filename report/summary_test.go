package report

import (
	"fmt"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// TestCutOff: whatever a host was doing when hail was killed, Settle says how it ended. One that waited for another
// attempt, or could not be reached for it, ends as the attempt before did, also if that had run a command.
func TestCutOff(t *testing.T) {
	attempt := func(n int) runner.Event { return runner.Event{Kind: runner.KindAttempt, Host: "web1", Attempt: n} }
	exec := func(n int) runner.Event {
		return runner.Event{Kind: runner.KindExec, Host: "web1", Attempt: n, Time: start}
	}
	retry := runner.Event{Kind: runner.KindRetry, Host: "web1", Attempt: 1, Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Error: "exit 3"}
	refused := runner.Event{Kind: runner.KindRetry, Host: "web1", Attempt: 1, Status: runner.Unreachable, Reason: runner.Refused}
	refused2 := refused
	refused2.Attempt = 2
	for _, tt := range []struct {
		what   string
		events []runner.Event
		want   string
	}{
		{"nothing", nil, "skipped"},
		{"dialling", []runner.Event{attempt(1)}, "skipped"},
		{"running", []runner.Event{attempt(1), exec(1)}, "lost"},
		{"waiting after it was not reached", []runner.Event{attempt(1), refused}, "unreachable(refused)"},
		{"waiting after it failed", []runner.Event{attempt(1), exec(1), retry}, "failed(exit 3)"},
		{"waiting after it was not reached again", []runner.Event{attempt(1), exec(1), retry, attempt(2), refused2}, "failed(exit 3)"},
		{"dialling again", []runner.Event{attempt(1), exec(1), retry, attempt(2)}, "failed(exit 3)"},
		{"running again", []runner.Event{attempt(1), exec(1), retry, attempt(2), exec(2)}, "lost"},
	} {
		s := &Summary{}
		s.Add([]runner.Event{{Kind: runner.KindPlan, Plan: &runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}}}})
		s.Add(tt.events)
		s.Settle()
		if got := s.Hosts[0].how(); got != tt.want || s.Counts[s.Hosts[0].Status] != 1 {
			t.Errorf("%s: the host is %s, want %s; counts %v", tt.what, got, tt.want, s.Counts)
		}
	}
}

// TestComplete: whatever verdicts there are, each check has its own.
func TestComplete(t *testing.T) {
	for have, want := range map[string]string{
		"one two": "[one pass, two pass]",
		"two":     "[one not-evaluated, two pass]",
		"two x":   "[one not-evaluated, two pass]",
		"two one": "[one pass, two pass]",
	} {
		var verdicts []runner.Verdict
		for _, id := range strings.Fields(have) {
			verdicts = append(verdicts, runner.Verdict{Check: id, Outcome: runner.Pass})
		}
		v := complete(verdicts, []runner.Check{{ID: "one"}, {ID: "two"}})
		if got := fmt.Sprintf("[%s %s, %s %s]", v[0].Check, v[0].Outcome, v[1].Check, v[1].Outcome); got != want {
			t.Errorf("of %s: got %s, want %s", have, got, want)
		}
	}
}

// TestSecondFinish: a host ends once, also in a foreign record that says it twice.
func TestSecondFinish(t *testing.T) {
	s, _ := fleet([]Result{{Host: "web1", Status: runner.OK}}, nil, nil)
	s.Add([]runner.Event{{Kind: runner.KindFinish, Host: "web1", Status: runner.OK}, {Kind: runner.KindFinish, Host: "web1", Status: runner.Failed}})
	if got, want := Counts(s, Style{}), "1 host: 1 ok"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestNotesOfAttempts: what was left out of the output of an attempt is not left out of the next one's. Other notes are about
// the host, and stay.
func TestNotesOfAttempts(t *testing.T) {
	var r Result
	for _, key := range []string{runner.NoteLeftOut(runner.Stderr), "/etc/motd"} {
		r.add(&runner.Event{Kind: runner.KindNote, Attempt: 1, Key: key, Value: "x"})
	}
	r.add(&runner.Event{Kind: runner.KindAttempt, Attempt: 2})
	if got, want := fmt.Sprint(r.Notes), "map[/etc/motd:x]"; got != want {
		t.Errorf("the notes are %s, want %s", got, want)
	}
}
