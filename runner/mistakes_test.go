package runner_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

// TestMistakesOfTheCaller: a mistake in an Action, a Dialer, an Outputs or a Gate ends hosts, or the run, and never the
// program.
func TestMistakesOfTheCaller(t *testing.T) {
	two := runner.Plan{Hosts: hosts(2), Pace: runner.Pace{Waves: waves("1")}}
	good := command(connsuite.Both)
	for _, tt := range []struct {
		name     string
		action   runner.Action
		dialer   runner.Dialer
		outputs  runner.Outputs
		gate     runner.Gate
		statuses string
		says     string
	}{
		{"an action that panics", do(func(context.Context, *runner.Target) error { panic("oh") }), nil, nil, nil, "error error", "panic: oh"},
		{"a nil failure of an action", do(func(context.Context, *runner.Target) error { return (*runner.Failure)(nil) }), nil, nil, nil, "error error", "a nil *Failure"},
		{"a nil failure of a Dialer", good, dialFunc(func() (runner.Conn, error) { return nil, (*runner.Failure)(nil) }), nil, nil, "error error", "a nil *Failure"},
		{"an empty failure", do(func(context.Context, *runner.Target) error { return &runner.Failure{} }), nil, nil, nil, "error error", "error"},
		{"no Conn", good, dialFunc(func() (runner.Conn, error) { return nil, nil }), nil, nil, "error error", "panic: "},
		{"no writers", good, nil, writers{}, nil, "ok ok", ""},
		{"a gate that panics", good, nil, nil, gateFunc(func(context.Context, runner.WaveResult) error { panic("oh") }), "ok skipped", "panic: oh"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.dialer == nil {
				tt.dialer = &connsuite.Fake{}
			}
			var gates []runner.Gate
			if tt.gate != nil {
				gates = append(gates, tt.gate)
			}
			var statuses []string
			said := ""
			for batch := range runner.Run(t.Context(), two, tt.action, tt.dialer, tt.outputs, gates...) {
				for _, e := range batch {
					if e.Kind == runner.KindFinish {
						statuses = append(statuses, string(e.Status))
					}
					said += e.Error
				}
			}
			if got := strings.Join(statuses, " "); got != tt.statuses || !strings.Contains(said, tt.says) {
				t.Errorf("%s: %s; want %s: %s", got, said, tt.statuses, tt.says)
			}
		})
	}
}

// dryRunner is an action that has a dry run.
type dryRunner struct{ runner.Action }

func (dryRunner) DryRun(_ context.Context, t *runner.Target) error {
	t.Changed()
	return nil
}

// TestDryRun: a plan for a dry run never runs an action in earnest, and does not even reach the hosts for one that has none.
func TestDryRun(t *testing.T) {
	for _, tt := range []struct {
		dry            bool
		action         runner.Action
		executed, most int // commands; connections at once
		status         runner.Status
		says           string
	}{
		{false, command(connsuite.True), 1, 1, runner.OK, ""},
		{false, dryRunner{command(connsuite.True)}, 1, 1, runner.OK, ""},
		{true, dryRunner{command(connsuite.True)}, 0, 1, runner.Changed, ""},
		{true, command(connsuite.True), 0, 0, runner.Error, "the action has no dry run"},
	} {
		fake := &connsuite.Fake{}
		p := runner.Plan{Hosts: hosts(1), DryRun: tt.dry}
		e := finishes(t, runner.Run(t.Context(), p, tt.action, fake, nil), p.Hosts)["h00000"]
		if e.Status != tt.status || e.Error != tt.says || fake.Executed != tt.executed || fake.MostConns != tt.most {
			t.Errorf("%+v: %s %q, %d commands, %d connections", tt, e.Status, e.Error, fake.Executed, fake.MostConns)
		}
	}
}

// TestFewIndexes: hosts for which a plan has no index, as one that somebody else wrote, have their places.
func TestFewIndexes(t *testing.T) {
	p := runner.Plan{Hosts: hosts(2), Indexes: []int{7}}
	if p.Index(0) != 7 || p.Index(1) != 1 {
		t.Errorf("the indexes are %d and %d, want 7 and 1", p.Index(0), p.Index(1))
	}
}

// TestFailureWithoutWords: a Failure without an Err says what is known.
func TestFailureWithoutWords(t *testing.T) {
	for want, f := range map[string]*runner.Failure{
		"error":                {},
		"lost":                 {Status: runner.Lost},
		"exit 3":               {Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3},
		"unreachable(refused)": {Status: runner.Unreachable, Reason: runner.Refused},
	} {
		if got := fmt.Sprint(f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

type dialFunc func() (runner.Conn, error)

func (f dialFunc) Dial(context.Context, inventory.Host) (runner.Conn, error) { return f() }

// writers is Outputs that keeps nothing.
type writers struct{}

func (writers) Open(inventory.Host, int) (out, err io.WriteCloser, e error) { return nil, nil, nil }
