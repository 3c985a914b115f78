package report

import (
	"os"
	"path/filepath"
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

// TestNextRunID: a run that begins later has a later id, also when the clock has been set back meanwhile.
func TestNextRunID(t *testing.T) {
	dir, before := t.TempDir(), ""
	for _, back := range []time.Duration{0, 0, time.Hour, -time.Minute, 1000 * time.Hour} {
		id := NextRunID(dir, start.Add(-back))
		if !runID.MatchString(id) || id <= before {
			t.Errorf("%v back: run id %s is malformed or sorts before %s", back, id, before)
		}
		if err := os.Mkdir(filepath.Join(dir, id), 0o700); err != nil {
			t.Fatal(err)
		}
		before = id
	}
}

// TestNextRunIDAtTheEnd: no id sorts after one of the end of the year 9999, and a run begins all the same.
func TestNextRunIDAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "99991231-235959-zzzz"), 0o700); err != nil {
		t.Fatal(err)
	}
	if id := NextRunID(dir, start); drawn(id).Year() != start.Year() {
		t.Errorf("run id %s is not of the year %d", id, start.Year())
	}
}
