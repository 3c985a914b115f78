// Package wrap makes sure that remote commands end: its Dialer wraps another Dialer. Only where a host has no POSIX shell,
// it sends commands as they are.
//
// Closing a channel does not end a remote command that has no terminal. So each command runs under a small program in
// POSIX sh, whose watchdog takes the end of the channel's input as the order to end everything that the command has
// started: TERM, a grace, KILL. The input ends when the command's time is up, when the run is stopped, and also when
// hail or the network dies.
//
// So the wrapper has to know the size of a command's own input (runner.Stdio.Size). And as with any shell, a command that
// a signal has ended has the exit status 128 and the number of the signal.
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
	"sync"
	"time"

	"hail/inventory"
	"hail/runner"
)

// maxCommand is the longest command line, in bytes after encoding: some systems cut longer ones.
const maxCommand = 100 << 10

// afterGrace is the time that the wrapper has, on top of the grace, to kill, to look again and to report.
const afterGrace = runner.Duration(3 * time.Second)

// Dialer puts the wrapper around the commands of the Conns that Inner dials. It is as safe for concurrent use as Inner.
type Dialer struct {
	Inner runner.Dialer // never nil
}

// Dial implements runner.Dialer.
func (d Dialer) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := d.Inner.Dial(ctx, h)
	switch {
	case err != nil:
		return nil, err
	case h.Connection.Bare():
		return bare{c}, nil
	}
	return &conn{Conn: c, shell: h.Connection.Shell}, nil
}

// bare is the Conn of a host that can't run the wrapper.
type bare struct{ runner.Conn }

// Unwrap returns the Conn below.
func (b bare) Unwrap() runner.Conn { return b.Conn }

// Exec implements runner.Conn. A command has no grace: nothing on the host takes the end of its input as an order.
func (b bare) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if s.Secrets != nil {
		return &runner.Failure{Status: runner.Error, Err: errors.New("a command sent bare takes no secret variables")}
	}
	s.Grace = 0
	return b.Conn.Exec(ctx, cmd, s)
}

type conn struct {
	runner.Conn
	shell string
}

// Unwrap returns the Conn below.
func (c *conn) Unwrap() runner.Conn { return c.Conn }

// Exec implements runner.Conn. When ctx ends the command, the *runner.Failure says what remains on the host.
func (c *conn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if s = s.Sized(); s.In == nil {
		s.Size = 0
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	nonce := rand.Text()
	wrapped, err := c.wrap(cmd, nonce, s)
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	if s.TTY {
		return c.Conn.Exec(ctx, wrapped, runner.Stdio{Out: s.Out, Err: s.Err, Hold: true, TTY: true})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.In != nil {
		s.In = &exactly{s.In, s.Size, cancel}
	}
	if s.Flow {
		return c.Conn.Exec(ctx, wrapped, runner.Stdio{In: s.In, Out: s.Out, Err: s.Err, Grace: s.Grace})
	}
	return c.watch(ctx, wrapped, nonce, s)
}

// check returns why no command can have s under the wrapper.
func check(s runner.Stdio) error {
	for _, v := range slices.Concat(s.Env, s.Secrets) {
		if name, _, _ := strings.Cut(v, "="); !runner.IsVariable(name) {
			return fmt.Errorf("%q is not the name of a variable", name)
		}
	}
	switch {
	case s.In != nil && s.Size <= 0:
		return errors.New("the command can't get its input, whose size is not given: Stdio.Size says it, and no In means an empty input")
	case s.TTY && (s.In != nil || len(s.Secrets) > 0):
		return errors.New("a command with a terminal takes no input and no secret variables")
	case s.Flow && len(s.Secrets) > 0:
		return errors.New("a command whose input is streamed takes no secret variables")
	}
	return nil
}

// wrap returns the command line that starts cmd under the wrapper.
func (c *conn) wrap(cmd, nonce string, s runner.Stdio) (string, error) {
	if err := check(s); err != nil {
		return "", err
	}
	around := script
	switch {
	case s.TTY, s.Flow:
		around = plainScript
	case s.Size > 0:
		around = inputScript + script
	}
	wrapped := line(around, assignments(nonce, c.shell, s), cmd)
	if len(wrapped) > maxCommand {
		return "", fmt.Errorf("the command is too long: %d bytes when encoded, of at most %d; hail script sends longer ones as a file", len(wrapped), maxCommand)
	}
	return wrapped, nil
}

// watch runs a command under the wrapper and listens to what the wrapper says about it.
func (c *conn) watch(ctx context.Context, wrapped, nonce string, s runner.Stdio) error {
	taken := make(chan struct{})
	stderr := &listener{w: s.Err, mark: []byte("\x1ehail:" + nonce + ":"), take: sync.OnceFunc(func() { close(taken) })}
	err := c.Conn.Exec(ctx, wrapped, runner.Stdio{In: input(ctx, taken, s), Out: s.Out, Err: stderr, Hold: true, Grace: s.Grace + afterGrace})
	if e := stderr.flush(); e != nil && err == nil {
		err = e
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		f, ok := errors.AsType[*runner.Failure](err)
		if !ok || f.Status != "" { // the cause's, not one of the stop
			f = &runner.Failure{Remains: runner.Unknown}
		}
		if stderr.remains != "" || f.Late == nil || f.Late.Reason == runner.Signalled || killed(f.Late.Exit) {
			return &runner.Failure{Err: err, Remains: cmp.Or(stderr.remains, f.Remains)}
		}
		err = nil // the wrapper ended without a word about the stop: the command had ended by itself
		if f.Late.Status != runner.OK {
			err = f.Late
		}
	}
	if stderr.cannot != "" { // the exit status is the wrapper's, not the command's
		return &runner.Failure{Status: runner.Error, Err: errors.New(stderr.cannot)}
	}
	if stderr.remains == runner.Gone || stderr.remains == runner.Alive { // and nobody here gave the order
		return because(err, "the host closed the input of hail's wrapper, or its time ran out there, so it ended the command; hail run --no-wrap sends the bare command")
	}
	if s.In == nil || stderr.remains != "" {
		if err != nil && c.isWindows() {
			return because(err, "hail's wrapper needs a POSIX shell, which Windows has only where one is chosen; hail run --no-wrap sends the bare command, as does shell: none in the inventory")
		}
		return err
	}
	select {
	case <-taken:
		return err
	default:
		return notRun(err)
	}
}

// isWindows reports whether the server is OpenSSH for Windows, which is known by its version line. It hands the wrapper to
// cmd.exe or PowerShell, unless another shell is chosen there, and these fail with a text of their own.
func (c *conn) isWindows() bool {
	reacher, ok := runner.As[runner.Reacher](c.Conn)
	return ok && strings.Contains(reacher.Reach().Server, "OpenSSH_for_Windows")
}

// because returns the error of a command that has ended with, if that was an exit status, what may be behind it.
func because(ended error, why string) error {
	f, ok := errors.AsType[*runner.Failure](ended)
	if !ok || f.Reason != runner.ExitStatus {
		return ended
	}
	told := *f
	told.Err = fmt.Errorf("%w: %s", f.Err, why)
	return &told
}

// notRun returns the error of a command that did not run, because the wrapper ended before it took the input. An end that
// the connection, or the tool for becoming another user, has brought about stays what it is.
func notRun(ended error) error {
	exit := 0
	if ended != nil {
		f, ok := errors.AsType[*runner.Failure](ended)
		switch {
		case ok && (f.Reason == runner.Signalled || f.Reason == runner.ExitStatus && killed(f.Exit)):
			return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("the command did not run: on the host, hail's wrapper was killed before it took the input (%w)", ended)}
		case ok && f.Reason == runner.ExitStatus:
			exit = f.Exit
		default:
			return ended
		}
	}
	return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("the host did not run hail's wrapper, and ended with exit %d: a forced command, or a login file that exits; hail run --no-wrap sends the bare command", exit)}
}

// killed reports whether an exit status is the one that a shell has for a command that a signal killed: 128 and the number
// of the signal.
func killed(exit int) bool { return 128 < exit && exit < 128+32 }
