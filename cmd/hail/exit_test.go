package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"hail/report"
	"hail/runner"
)

func TestExitCode(t *testing.T) {
	type counts = map[runner.Status]int
	full := errors.New("the record is incomplete: no space left on device")
	for _, tt := range []struct {
		name    string
		counts  counts
		stopped runner.Reason
		err     error
		by      os.Signal
		want    int
	}{
		{"all well", counts{runner.OK: 3, runner.Changed: 1}, "", nil, nil, 0},
		{"one failed", counts{runner.OK: 3, runner.Failed: 1}, "", nil, nil, 1},
		{"one out of time", counts{runner.Timeout: 1}, "", nil, nil, 1},
		{"one lost", counts{runner.Lost: 1}, "", nil, nil, 1},
		{"one of our own", counts{runner.Error: 1}, "", nil, nil, 1},
		{"one not reached", counts{runner.OK: 3, runner.Unreachable: 1}, "", nil, nil, 3},
		{"failed and not reached", counts{runner.Failed: 1, runner.Unreachable: 1}, "", nil, nil, 1},
		{"Ctrl-C", counts{runner.OK: 1, runner.Failed: 1, runner.Cancelled: 1, runner.Skipped: 1}, runner.Interrupt, nil, os.Interrupt, 130},
		{"SIGTERM", counts{runner.Cancelled: 1}, runner.Interrupt, nil, syscall.SIGTERM, 143},
		{"Ctrl-C too late to matter", counts{runner.OK: 1}, "", nil, os.Interrupt, 0},
		{"stopped without a signal", counts{runner.Cancelled: 1}, runner.Interrupt, nil, nil, 130},
		{"over budget", counts{runner.Failed: 1, runner.Skipped: 2}, runner.OverBudget, nil, nil, 4},
		{"a closed gate", counts{runner.OK: 1, runner.Skipped: 2}, runner.GateClosed, nil, nil, 4},
		{"over budget, and then SIGTERM", counts{runner.Failed: 1, runner.Skipped: 2}, runner.OverBudget, nil, syscall.SIGTERM, 4},
		{"left out and not reached", counts{runner.Skipped: 1, runner.Unreachable: 1}, "", nil, nil, 1},
		{"the record is full", counts{runner.OK: 1}, "", full, nil, 74},
		{"the record is full, and Ctrl-C", counts{runner.Cancelled: 1}, runner.Interrupt, full, os.Interrupt, 74},
		{"nobody reads stdout", counts{runner.OK: 1}, "", fmt.Errorf("write: %w", syscall.EPIPE), nil, 0},
		{"nobody reads stdout, and the record is full", counts{runner.OK: 1}, "", errors.Join(syscall.EPIPE, full), nil, 74},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(&report.Summary{Counts: tt.counts, Stopped: tt.stopped}, withoutEPIPE(tt.err), tt.by, false); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}

// TestOrderOfExitCodes: where several hold, the worst is returned.
func TestOrderOfExitCodes(t *testing.T) {
	s := &report.Summary{DryRun: true, Stopped: runner.Interrupt, Counts: map[runner.Status]int{runner.OK: 1, runner.Changed: 1, runner.Failed: 1, runner.Unreachable: 1}}
	err, asked := errors.New("the record is incomplete"), true
	for _, step := range []struct {
		want  int
		leave func() // takes away what has led to it
	}{
		{74, func() { err = nil }},
		{130, func() { s.Stopped = runner.OverBudget }},
		{4, func() { s.Stopped = "" }},
		{1, func() { s.Counts[runner.Failed] = 0 }},
		{3, func() { s.Counts[runner.Unreachable] = 0 }},
		{5, func() { asked = false }},
		{0, func() { asked, s.DryRun = true, false }},
		{0, func() { s.DryRun, s.Counts[runner.Changed] = true, 0 }},
		{0, func() {}},
	} {
		if got := exitCode(s, err, nil, asked); got != step.want {
			t.Errorf("%+v, asked %v: exit code %d, want %d", s, asked, got, step.want)
		}
		step.leave()
	}
}

// TestExitCodeOfFleetChecks: a check over the fleet that failed counts as much as a host that did.
func TestExitCodeOfFleetChecks(t *testing.T) {
	for outcome, want := range map[runner.Outcome]int{runner.Pass: 3, runner.Waived: 3, runner.NotEvaluated: 3, runner.Fail: 1, runner.CheckError: 1} {
		s := &report.Summary{Counts: map[runner.Status]int{runner.OK: 2, runner.Unreachable: 1}, Fleet: []runner.Verdict{{Outcome: runner.Pass}, {Outcome: outcome}}}
		if got := exitCode(s, nil, nil, false); got != want {
			t.Errorf("%s: exit code %d, want %d", outcome, got, want)
		}
	}
}
