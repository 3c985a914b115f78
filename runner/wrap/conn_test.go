package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/local"
	"hail/runner/wrap"
)

// TestConforms: but for a signal, which a shell tells of by the exit status 128 and its number, the wrapper changes nothing
// of what a Conn promises.
func TestConforms(t *testing.T) {
	connsuite.Run(t, func(*testing.T) (runner.Dialer, inventory.Host) {
		return signals{wrap.Dialer{Inner: local.Dialer{}}}, inventory.Host{Name: "here"}
	})
}

// signals turns the exit status of a command that SIGTERM has ended back into a signal.
type signals struct{ inner runner.Dialer }

func (d signals) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := d.inner.Dial(ctx, h)
	return signalled{c}, err
}

type signalled struct{ runner.Conn }

func (c signalled) Unwrap() runner.Conn { return c.Conn }

func (c signalled) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if s.Hold { // for a wrapper, not for a command under it, whose input is at its end
		c = signalled{c.Conn.(interface{ Unwrap() runner.Conn }).Unwrap()}
	}
	err := c.Conn.Exec(ctx, cmd, s)
	if f, ok := errors.AsType[*runner.Failure](err); ok && f.Exit == 128+int(syscall.SIGTERM) {
		return &runner.Failure{Status: runner.Failed, Reason: runner.Signalled}
	}
	return err
}

// TestInputWithoutSize: the wrapper needs the size of an input, and must not take one without it for empty.
func TestInputWithoutSize(t *testing.T) {
	c := login(t, []string{"dash"})
	for _, flow := range []bool{false, true} {
		var out bytes.Buffer
		err := c.Exec(t.Context(), "echo ran; cat", runner.Stdio{In: io.MultiReader(strings.NewReader("input")), Out: &out, Flow: flow})
		if status, _ := runner.StatusOf(err); status != runner.Error || out.Len() > 0 {
			t.Errorf("flow %v: %q and %v, want an error and no command", flow, out.String(), err)
		}
	}
}
