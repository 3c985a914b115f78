package sshconn_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// TestLate: the failure of a stopped command has what the host has said of its end in time.
func TestLate(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"})
	c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[0])
	for line, want := range map[string]*runner.Failure{
		"echo begun; cat":                      {Status: runner.OK},
		"echo begun; cat; exit 3":              {Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3},
		"sleep 1000 & echo begun; cat; exit 4": {Status: runner.Failed, Reason: runner.ExitStatus, Exit: 4},
		"echo begun; sleep 1000":               nil,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		grace := 100 * time.Millisecond
		if want != nil {
			grace = time.Minute
		}
		err := c.Exec(ctx, line, runner.Stdio{Out: begun(cancel), Hold: true, Grace: inventory.Duration(grace)})
		f, ok := errors.AsType[*runner.Failure](err)
		if !ok || !errors.Is(err, context.Canceled) || f.Status != "" || f.Remains != runner.Unknown {
			t.Fatalf("%s: %v, want a failure that was caused by the cancelled context", line, err)
		}
		if (f.Late == nil) != (want == nil) || want != nil && (f.Late.Status != want.Status || f.Late.Exit != want.Exit) {
			t.Errorf("%s: it ended late as %+v, want %+v", line, f.Late, want)
		}
	}
}

// begun is called at each write.
type begun func()

func (b begun) Write(p []byte) (int, error) {
	b()
	return len(p), nil
}
