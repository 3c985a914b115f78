package check_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"hail/runner"
	"hail/runner/action/check"
)

// TestEndlessBaseline: a host that describes ever more things is an error. One that repeats itself is not.
func TestEndlessBaseline(t *testing.T) {
	for _, row := range []struct {
		different int
		want      string
	}{{100, ""}, {20_000, "the host has more than 10000 things to describe"}} {
		var answer strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&answer, "hail:NONCE:file /%d\n", i%row.different)
		}
		for i := range min(row.different, 10_000) {
			fmt.Fprintf(&answer, "hail:NONCE:begin %d 1\nhail:NONCE:end 0 1\n", i)
		}
		err := check.Baseline{}.Do(t.Context(), &runner.Target{Conn: canned{answer.String()}, Out: io.Discard, Err: io.Discard})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%d things: error %v, want %q", row.different, err, row.want)
		}
	}
}
