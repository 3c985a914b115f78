// Package become runs commands as another user, by sudo or doas: its Dialer wraps another Dialer.
//
// A host that needs no password never sees one. Otherwise, the password is sent in answer to a random prompt that we
// have set, and the command's own input is sent only after a mark that says that the command has begun. So the command
// never reads the password, and sudo never swallows the input.
package become

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"hail/inventory"
	"hail/runner"
)

// timeout is how long the command may take to begin, not counting the time in which the password waits for its turn.
const timeout = 30 * time.Second

// Dialer runs commands as the become_user of a host, if the host's settings ask for become. It is as safe for
// concurrent use as Inner.
type Dialer struct {
	Inner    runner.Dialer // never nil
	Password *Password     // nil: hosts that ask for one fail
}

// Dial implements runner.Dialer.
func (d Dialer) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	user, tool := h.Connection.Becomes(), cmp.Or(h.Connection.BecomeMethod, inventory.Sudo)
	if user != "" && tool != inventory.Sudo && tool != inventory.Doas { // it becomes a part of a command line
		return nil, &runner.Failure{Status: runner.Error, Err: fmt.Errorf("become_method is sudo or doas, not %q", tool)}
	}
	c, err := d.Inner.Dial(ctx, h)
	if err != nil || user == "" {
		return c, err
	}
	reacher, ok := runner.As[runner.Reacher](c)
	return &conn{Conn: c, tool: tool, user: user, password: d.Password, unverified: ok && reacher.Reach().Unverified}, nil
}

type conn struct {
	runner.Conn
	tool, user string
	password   *Password
	unverified bool // the host, which gets no password then
}

// Unwrap returns the Conn below.
func (c *conn) Unwrap() runner.Conn { return c.Conn }

// line returns the command line that starts cmd as the user. It has to mean the same to every login shell, so it adds
// no newline. The arguments of its outer script are the command, the nonce and the prompt, and those of the inner one,
// which the tool runs, are the command, the nonce and the login user's shell.
func (c *conn) line(cmd, nonce string) string {
	const say = `printf "\036hail:%s:%s\036" "$2"`
	user := runner.Quote(c.user)
	// SHELL stays the login user's: that of a service account may run nothing
	inner := runner.Quote(say + ` ready >&2; SHELL=$3; export SHELL; eval "$1"`)
	as := func(options string) string {
		return fmt.Sprintf(`%s %s -u %s -- sh -c %s hail "$1" "$2" "${SHELL:-/bin/sh}"`, c.tool, options, user, inner)
	}
	script := fmt.Sprintf(`%s here >&2; command -v %s >/dev/null 2>&1 || { %[1]s missing >&2; exit 127; }; `, say, c.tool)
	switch {
	case c.tool == inventory.Doas: // which asks only on a terminal
		script += "exec " + as("-n")
	case c.password == nil:
		script += "exec " + as("-n -H")
	default:
		script += fmt.Sprintf(`if sudo -n -H -u %s -- sh -c : </dev/null >/dev/null 2>&1; then exec %s; fi; `, user, as("-n -H")) +
			"exec " + as(`-S -H -p "$3"`)
	}
	return "exec sh -c " + runner.Quote(script) + " hail " + runner.Quote(cmd) + " " + nonce + " " + runner.Quote("\x1ehail:"+nonce+":ask\x1e")
}

// Exec implements runner.Conn. A command that did not begin, because the tool refused, is Failed with Escalation, or with
// NoTool or NoUser.
func (c *conn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	err := c.escalate(ctx, cmd, s)
	if f, ok := errors.AsType[*runner.Failure](err); ok && f.Reason == runner.Escalation && !c.knows(ctx) {
		f.Reason, f.Err = runner.NoUser, fmt.Errorf("there is no user %s", c.user)
	}
	return err
}

// knows reports whether the host has the user, as far as it says so: the tools end alike, whatever is wrong. Each host
// has root, and # begins a number that need not belong to a user.
func (c *conn) knows(ctx context.Context) bool {
	if c.user == "root" || c.user[0] == '#' {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f, ok := errors.AsType[*runner.Failure](c.Conn.Exec(ctx, "id -u -- "+runner.Quote(c.user), runner.Stdio{}))
	return !ok || f.Reason != runner.ExitStatus || f.Exit != 1
}

// escalate runs a command as the user.
func (c *conn) escalate(ctx context.Context, cmd string, s runner.Stdio) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	nonce := rand.Text()
	e := &escalation{tool: c.tool, password: passwordUse{Password: c.password, unverified: c.unverified}, ctx: ctx, fail: cancel,
		mark: []byte("\x1ehail:" + nonce + ":"), in: s.In, feed: feed{next: make(chan io.Reader, 2), end: ctx.Done()}}
	e.clock = time.AfterFunc(timeout, e.expire)
	defer e.clock.Stop()
	shown := &s.Err
	if s.TTY { // on which both outputs are one
		shown = &s.Out
	}
	if *shown == nil {
		*shown = io.Discard
	}
	e.out = *shown
	*shown = e
	s.In = &e.feed
	err := c.Conn.Exec(ctx, c.line(cmd, nonce), s)
	return e.outcome(err)
}
