// Package wrap makes sure that remote commands end: its Dialer wraps another Dialer.
//
// Closing a channel does not end a remote command that has no terminal. So each command runs under a small program in
// POSIX sh, whose watchdog takes the end of the channel's input as the order to end everything that the command has
// started: TERM, a grace, KILL. The input ends when the command's time is up, when the run is stopped, and also when
// hail or the network dies.
package wrap

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
)

// MaxCommand is the longest command line, in bytes after encoding: some systems cut longer ones.
const MaxCommand = 100 << 10

// afterGrace is the time that the wrapper has, on top of the grace, to kill, to look again and to report.
const afterGrace = 3 * time.Second

// Dialer puts the wrapper around the commands of the Conns that Inner dials. It is as safe for concurrent use as Inner.
type Dialer struct {
	Inner runner.Dialer
}

// Dial implements runner.Dialer.
func (d Dialer) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := d.Inner.Dial(ctx, h)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, shell: h.Connection.Shell}, nil
}

type conn struct {
	runner.Conn
	shell string
}

// Unwrap returns the Conn below.
func (c *conn) Unwrap() runner.Conn { return c.Conn }

// limitMargin is how much longer the limit that the host enforces is than ours: it is for when we no longer can. Tests
// shorten it.
var limitMargin = 10 * time.Second

// Exec implements runner.Conn. Input without a size is taken for empty. When ctx ends the command, the *runner.Failure
// says what remains on the host.
func (c *conn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if s.In != nil && s.Size <= 0 {
		s.In = nil
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	h := head{nonce: rand.Text(), grace: ceil(s.Grace.Value()), shell: c.shell, program: s.Program, env: s.Env, secrets: len(s.Secrets)}
	if s.Limit > 0 {
		h.limit = ceil(s.Limit.Value() + s.Grace.Value() + limitMargin)
	}
	if s.In != nil {
		h.input = s.Size
	}
	for _, v := range slices.Concat(s.Env, s.Secrets) {
		if name, _, _ := strings.Cut(v, "="); !runner.IsVariable(name) {
			return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("%q is not the name of a variable", name)}
		}
	}
	around := script
	if s.TTY || s.Flow {
		around = plainScript
	}
	switch {
	case s.TTY && (h.input > 0 || h.secrets > 0):
		return &runner.Failure{Status: runner.Error, Err: errors.New("a command with a terminal takes no input and no secret variables")}
	case s.Flow && h.secrets > 0:
		return &runner.Failure{Status: runner.Error, Err: errors.New("a command whose input is streamed takes no secret variables")}
	}
	wrapped := line(around, h.String(), cmd)
	if len(wrapped) > MaxCommand {
		return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("the command is too long: %d bytes when encoded, of at most %d", len(wrapped), MaxCommand)}
	}
	if s.TTY {
		return c.Conn.Exec(ctx, wrapped, runner.Stdio{Out: s.Out, Err: s.Err, Hold: true, TTY: true})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.Flow {
		return c.Conn.Exec(ctx, wrapped, runner.Stdio{In: input(ctx, s, cancel), Out: s.Out, Err: s.Err, Grace: s.Grace})
	}
	taken, take := context.WithCancelCause(ctx)
	defer take(nil)
	stderr := &listener{w: s.Err, mark: []byte("\x1ehail:" + h.nonce + ":"), take: func() { take(errTaken) }}
	err := c.Conn.Exec(ctx, wrapped, runner.Stdio{In: input(taken, s, cancel), Out: s.Out, Err: stderr, Hold: true, Grace: inventory.Duration(s.Grace.Value() + afterGrace)})
	if e := stderr.flush(); e != nil && err == nil {
		err = e
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		return &runner.Failure{Err: err, Remains: cmp.Or(stderr.remains, runner.Unknown)}
	}
	if stderr.cannot != "" { // the exit status is the wrapper's, not the command's
		return &runner.Failure{Status: runner.Error, Err: errors.New(stderr.cannot)}
	}
	var f *runner.Failure
	if ended := err == nil || errors.As(err, &f) && f.Reason == runner.ExitStatus; ended && h.input > 0 && stderr.remains == "" && context.Cause(taken) != errTaken {
		return &runner.Failure{Status: runner.Error, Err: errors.New("the host did not run hail's wrapper: a forced command, or a login file that exits; hail run --no-wrap sends the bare command")}
	}
	return err
}

func ceil(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
