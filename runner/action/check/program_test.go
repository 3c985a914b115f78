package check

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hail/runner"
)

// TestHearLittle: whatever a host sends, only the names that belong to the probe are kept, and one value for each that
// is not a list.
func TestHearLittle(t *testing.T) {
	for kind, want := range map[string][]string{"port": {"1 listening", "3 addresses"}, "clock": {"1 now"}, "command": {"1 stderr"}} {
		s := &seen{facts: map[string][]string{}, values: map[string]any{}, cannot: map[string]string{}}
		for i := range 3 {
			for _, name := range []string{"listening", "addresses", "now", "stderr", fmt.Sprint("x", i), ""} {
				s.hear(&Check{Check: runner.Check{Type: kind}}, fmt.Sprintf("%s %d", name, i))
				s.hear(&Check{Check: runner.Check{Type: kind}}, fmt.Sprintf("!%s_%d why", name, i))
			}
		}
		var kept []string
		for name, values := range s.facts {
			kept = append(kept, fmt.Sprint(len(values), " ", name))
		}
		if slices.Sort(kept); !slices.Equal(kept, want) || len(s.cannot) != 0 {
			t.Errorf("%s: kept %q and the errors %v, want %q and none", kind, kept, s.cannot, want)
		}
	}
}

// TestTook: how long a look took is as exact as the host's clock, in hundredths of a second.
func TestTook(t *testing.T) {
	c := &Check{Check: runner.Check{Type: "command"}}
	a := answers{checks: []*Check{c}, found: make([]*seen, 1)}
	for _, line := range [][2]string{{"begin", "0 3.31"}, {"end", "0 3.36"}} {
		if err := a.hear(line[0], line[1]); err != nil {
			t.Fatal(err)
		}
	}
	if took := a.found[0].took.Value(); took != 50*time.Millisecond {
		t.Errorf("from 3.31 to 3.36: %v, want 50ms", took)
	}
}

// TestClockTold: of a clock that is wrong, it is said in which direction.
func TestClockTold(t *testing.T) {
	for now, want := range map[string]string{"990.5": "it is behind", "1010": "it is ahead", "1010.N": "it is ahead"} {
		s := newSeen()
		s.heard = 1000
		s.hear(&Check{Check: runner.Check{Type: "clock"}}, "now "+now)
		s.evaluate(&Check{Check: runner.Check{Type: "clock"}})
		if s.because != want {
			t.Errorf("at 1000, the host says %s: %q, want %q", now, s.because, want)
		}
	}
}
