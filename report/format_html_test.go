package report

import (
	"testing"
	"time"
)

// TestAtOnce: hosts that followed one another within one step of the chart were not at work at once.
func TestAtOnce(t *testing.T) {
	s := &Summary{Started: start, Ended: start.Add(time.Second)}
	for began := start; began.Before(s.Ended); began = began.Add(time.Millisecond) {
		s.Hosts = append(s.Hosts, Result{Began: began, Ended: began.Add(time.Millisecond - 1)})
	}
	r := &Report{Summary: s}
	if c := r.timeChart(); c.Says != "up to 1 host at once" {
		t.Errorf("%s: %s", c.Says, c.Chart)
	}
}
