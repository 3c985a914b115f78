package connsuite

import (
	"bytes"
	"errors"
	"testing"

	"hail/runner"
)

// testResult: the exit status or signal of a command, and what it printed.
func testResult(t *testing.T, d dial) {
	for _, tt := range []struct {
		name, line     string
		stdout, stderr string
		status         runner.Status
		reason         runner.Reason
		exit           int
	}{
		{"exit status 0", True, "", "", runner.OK, "", 0},
		{"exit status 1", False, "", "", runner.Failed, runner.ExitStatus, 1},
		{"exit status 7", Exit7, "", "", runner.Failed, runner.ExitStatus, 7},
		{"exit status 255 is just 255", Exit255, "", "", runner.Failed, runner.ExitStatus, 255},
		{"a signal is a signal", KillSelf, "", "", runner.Failed, runner.Signalled, 0},
		{"stdout and stderr stay apart", Both, "out\n", "err\n", runner.OK, "", 0},
		{"output is byte exact", Binary, BinaryBytes, "", runner.OK, "", 0},
		{"output before a failure arrives", SayAndFail, "said\n", "", runner.Failed, runner.ExitStatus, 3},
		{"no input is empty input", Cat, "", "", runner.OK, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, c := d.connect(t)
			var stdout, stderr bytes.Buffer
			err := c.Exec(ctx, tt.line, runner.Stdio{Out: &stdout, Err: &stderr})
			wantFailure(t, err, tt.status, tt.reason, tt.exit)
			if stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("stdout %q, stderr %q; want %q, %q", stdout.String(), stderr.String(), tt.stdout, tt.stderr)
			}
		})
	}
}

func wantFailure(t *testing.T, err error, status runner.Status, reason runner.Reason, exit int) {
	t.Helper()
	s, r := runner.StatusOf(err)
	got := 0
	if f, ok := errors.AsType[*runner.Failure](err); ok {
		got = f.Exit
	}
	if s != status || r != reason || got != exit {
		t.Errorf("%s(%s) exit %d (%v), want %s(%s) exit %d", s, r, got, err, status, reason, exit)
	}
}
