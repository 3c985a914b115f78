package check

import (
	"testing"
	"time"

	"hail/runner"
)

func TestRetryWait(t *testing.T) {
	for _, tt := range []struct{ interval, passed, wait time.Duration }{
		{3 * time.Second, 0, 3 * time.Second},
		{3 * time.Second, 57 * time.Second, 3 * time.Second},
		{3 * time.Second, 58 * time.Second, 2 * time.Second}, // the last look is when the time is up
		{time.Hour, time.Second, 59 * time.Second},
		{3 * time.Second, 60 * time.Second, 0},
		{3 * time.Second, 61 * time.Second, 0},
	} {
		r := Retry{Timeout: runner.Duration(time.Minute), Interval: runner.Duration(tt.interval)}
		if got := r.wait(tt.passed); got != tt.wait {
			t.Errorf("every %v, after %v: %v, want %v", tt.interval, tt.passed, got, tt.wait)
		}
	}
	if got := (Retry{}).wait(0); got != 0 {
		t.Errorf("without retry: %v, want 0", got)
	}
}
