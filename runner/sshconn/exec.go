package sshconn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// Exec implements runner.Conn. It works on the raw channel: the first exit status counts, a refusal to run the command
// is told apart from the end of the connection, and both outputs are always read, because they share one window.
func (c *conn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if err := c.sessions.take(ctx); err != nil {
		return notSent(err)
	}
	defer c.sessions.give()
	cmd, s, err := c.fit(cmd, s)
	if err != nil {
		return err
	}
	c.wire.executing.Add(1)
	e, err := c.start(ctx, cmd, s)
	if err != nil {
		c.wire.executing.Add(-1)
		return err
	}
	return e.wait(ctx, s)
}

// start opens a session and starts the command in it. Once the command has been sent, it may run, and only the answer
// makes a gentle stop possible: that is waited for as long as a command has for its end.
func (c *conn) start(ctx context.Context, cmd string, s runner.Stdio) (*execution, error) {
	ch, reqs, err := c.openSession(ctx, s)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.patience(), errConnect)
	defer cancel()
	answered := make(chan struct{})
	defer close(answered)
	stop := context.AfterFunc(ctx, func() {
		if !errors.Is(context.Cause(ctx), errConnect) {
			select {
			case <-answered:
				return
			case <-time.After(s.Grace.Value()):
			}
		}
		c.cut()
	})
	defer stop()
	c.dialer.config.Trace.detail(c.settings.name, "session open; sending the command, %d bytes", len(cmd))
	ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{cmd}))
	switch {
	case err == nil && !ok:
		ch.Close()
		return nil, notStarted(errors.New("the server refuses to run commands"))
	case err != nil && errors.Is(context.Cause(ctx), errConnect):
		return nil, lost(fmt.Errorf("the server did not say within %v whether it runs the command", c.patience()))
	case err != nil && ctx.Err() != nil:
		return nil, dropped(context.Cause(ctx))
	}
	// Any other error is the end of the channel. A quick command may have ended before, and its status may have
	// arrived.
	return &execution{conn: c, ch: ch, reqs: reqs}, nil
}

// openSession opens the channel for a command, and a terminal in it. Cutting the connection is the only way to stop
// waiting for an answer.
func (c *conn) openSession(ctx context.Context, s runner.Stdio) (ssh.Channel, <-chan *ssh.Request, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.opening(), errConnect)
	defer cancel()
	stop := context.AfterFunc(ctx, c.cut)
	defer stop()
	ch, reqs, err := c.OpenChannel("session", nil)
	// sshd may not have let go of the previous session yet
	for n := 1; c.served.Load() && refusal(err) != nil && n < 10 && sleep(ctx, 20*time.Millisecond); n++ {
		ch, reqs, err = c.OpenChannel("session", nil)
	}
	if err != nil {
		return nil, nil, c.notOpened(ctx, "session", err)
	}
	c.served.Store(true)
	for _, v := range slices.Concat(c.settings.env, s.Env) {
		name, value, _ := strings.Cut(v, "=")
		ch.SendRequest("env", false, ssh.Marshal(struct{ Name, Value string }{name, value}))
	}
	if c.settings.agentForHost != "" {
		ch.SendRequest("auth-agent-req@openssh.com", false, nil)
	}
	if s.TTY {
		switch ok, err := ch.SendRequest("pty-req", true, ssh.Marshal(terminal)); {
		case err != nil:
			return nil, nil, c.notOpened(ctx, "terminal", err)
		case !ok:
			ch.Close()
			return nil, nil, notStarted(errors.New("the server refuses a terminal"))
		}
	}
	if !stop() {
		return nil, nil, c.notOpened(ctx, "session", context.Cause(ctx))
	}
	return ch, reqs, nil
}

// terminal is what a command with a terminal gets: a dumb one, so that no escape sequences end up in the output, wide
// enough for tables, without echo and without carriage returns.
var terminal = struct {
	Term                         string
	Columns, Rows, Width, Height uint32
	Modes                        string
}{"dumb", 200, 50, 0, 0, "\x35\x00\x00\x00\x00" + "\x48\x00\x00\x00\x00" + "\x00"} // ECHO and ONLCR off, end (RFC 4254, section 8)

// refusal returns the other side's refusal to open a channel, in its own words where it has any; nil where err is
// something else.
func refusal(err error) *ssh.OpenChannelError {
	refused, ok := errors.AsType[*ssh.OpenChannelError](err)
	if !ok {
		return nil
	}
	return &ssh.OpenChannelError{Reason: refused.Reason, Message: cmp.Or(refused.Message, refused.Reason.String())}
}

// notOpened returns the failure of a command that was not sent, since a session, or the terminal in it, did not open.
func (c *conn) notOpened(ctx context.Context, what string, err error) error {
	refused := refusal(err)
	switch {
	case refused != nil && c.through != nil:
		return notStarted(fmt.Errorf("the server refuses a %s: %s; for that reason, its OpenSSH master ends when hail leaves it", what, refused.Message))
	case refused != nil:
		return notStarted(fmt.Errorf("the server refuses a %s: %s", what, refused.Message))
	case ctx.Err() == nil && !c.wasCut.Load() && c.served.Load() && what == "session" && (c.via == nil || !c.via.endsSoon()):
		return notStarted(errors.New("the server ended the connection after a command: perhaps it takes only one a connection, as TinySSH does"))
	case ctx.Err() == nil:
		return notStarted(c.whyEnded("a " + what + " was open"))
	case errors.Is(context.Cause(ctx), errConnect):
		return notStarted(fmt.Errorf("the server opened no %s within %v", what, c.opening()))
	}
	return notSent(context.Cause(ctx))
}

// notSent returns the failure of a command that was stopped before it was sent: nothing of it remains.
func notSent(why error) error {
	return &runner.Failure{Err: fmt.Errorf("not started: %w", why)}
}

func notStarted(err error) error {
	return unreachable(runner.ChannelRefused, err)
}

func lost(err error) error {
	return &runner.Failure{Status: runner.Lost, Err: err}
}

// dropped returns the failure of a command that may have begun and that we have dropped: only the host knows what
// became of it.
func dropped(why error) *runner.Failure {
	return &runner.Failure{Err: fmt.Errorf("stopped: %w", why), Remains: runner.Unknown}
}
