package main

import (
	"errors"
	"testing"

	"hail/report"
	"hail/runner"
)

// TestNothingToResume: the hint names the commands that have hosts to take.
func TestNothingToResume(t *testing.T) {
	for _, tt := range []struct {
		counts map[runner.Status]int
		want   string
	}{
		{map[runner.Status]int{runner.Failed: 1}, "hail retry ID takes the hosts that did not end well"},
		{map[runner.Status]int{runner.Lost: 2, runner.OK: 1}, "hail resume ID --lost includes lost hosts"},
		{map[runner.Status]int{runner.Lost: 2, runner.Failed: 1}, "hail resume ID --lost includes lost hosts, and hail retry ID takes the others that did not end well"},
	} {
		wrong, ok := errors.AsType[*usageError](nothingLeft(environment{}, "resume", "ID", &report.Summary{Counts: tt.counts}))
		if !ok || wrong.hint != tt.want {
			t.Errorf("%v: %v, want the hint %q", tt.counts, wrong, tt.want)
		}
	}
}
