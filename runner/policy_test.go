package runner_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hail/runner"
)

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		text     string
		total    int
		down, up int
	}{
		{"0", 10, 0, 0}, {"5", 10, 5, 5}, {"5", 3, 5, 5}, {"0%", 10, 0, 0}, {"10%", 10, 1, 1}, {"15%", 10, 1, 2}, {"1%", 10, 0, 1},
		{"100%", 7, 7, 7}, {"33.3%", 1000, 333, 333}, {"0.1%", 10_000, 10, 10}, {"99999999999", 5, 1<<31 - 1, 1<<31 - 1}, {"70%", 10, 7, 7},
	} {
		s, err := runner.ParseShare(tt.text)
		if err != nil || s.Down(tt.total) != tt.down || s.Up(tt.total) != tt.up || s.String() != tt.text {
			t.Errorf("%s of %d: %d to %d (%s, %v), want %d to %d", tt.text, tt.total, s.Down(tt.total), s.Up(tt.total), s, err, tt.down, tt.up)
		}
	}
	for _, text := range []string{"", "%", "x", "-1", "+1", "1e3", "0x10", "NaN", "Inf", "101%", "1.5", " 1", "1 %", "10%%", "1_000"} {
		var s runner.Share
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", text)) {
			t.Errorf("%q is %v, %v", text, s, err)
		}
	}
}

func TestWaveSizes(t *testing.T) {
	for text, want := range map[string]string{"100%": "[20]", "1,10%,100%": "[1 2 17]", "7": "[7 7 6]", "1,2": "[1 2 2 2 2 2 2 2 2 2 1]", "50": "[20]", "0.0000001%,100%": "[1 19]"} {
		w, err := runner.ParseWaves(text)
		if got := fmt.Sprint(w.Sizes(20)); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", text, got, want, err)
		}
	}
	if got := fmt.Sprint(runner.Waves(nil).Sizes(3), runner.Waves(nil).Sizes(0)); got != "[3] []" {
		t.Errorf("no waves: %s", got)
	}
	for _, text := range []string{"", "1,", "0", "1,0%", "a"} {
		if w, err := runner.ParseWaves(text); err == nil {
			t.Errorf("%q is %v", text, w)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var w runner.Waves
		for range rapid.IntRange(0, 5).Draw(t, "waves") {
			w = append(w, runner.Share{Value: float64(rapid.IntRange(1, 100).Draw(t, "value")), Percent: rapid.Bool().Draw(t, "percent")})
		}
		total, sum := rapid.IntRange(0, 10_000).Draw(t, "hosts"), 0
		for _, size := range w.Sizes(total) {
			if sum += size; size < 1 {
				t.Fatalf("a wave of %d", size)
			}
		}
		if sum != total {
			t.Fatalf("the waves have %d hosts in all, want %d", sum, total)
		}
	})
}

// TestRetryDelays: the delays double, and are spread, so that hosts that failed together do not retry together.
func TestRetryDelays(t *testing.T) {
	r := runner.Retry{Unreachable: 20, Delay: runner.Duration(time.Second)}
	for n, want := range []time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 11: 1024 * time.Second, 20: 1024 * time.Second} {
		if want == 0 {
			continue
		}
		tally := runner.Tally{Status: runner.Unreachable, Reason: runner.Refused, Unreachable: n}
		least, _ := r.Next(tally, 0)
		most, again := r.Next(tally, 1)
		if least != want*3/4 || most != want*5/4 || !again {
			t.Errorf("retry %d waits %v to %v, want 3/4 to 5/4 of %v", n, least, most, want)
		}
	}
}
