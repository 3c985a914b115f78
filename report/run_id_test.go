package report

import (
	"testing"
	"time"
)

func TestRunIDs(t *testing.T) {
	var before string
	for i := range 1000 {
		id := NewRunID(start.Add(time.Duration(i) * 2 * time.Millisecond))
		if !runID.MatchString(id) || id[:18] < before {
			t.Fatalf("run id %s is malformed or sorts before %s", id, before)
		}
		if late := start.Add(time.Duration(i) * 2 * time.Millisecond).Sub(drawn(id)); late < 0 || late > 2*time.Millisecond {
			t.Fatalf("run id %s seems to be drawn %v before it was", id, late)
		}
		before = id[:18]
	}
}
