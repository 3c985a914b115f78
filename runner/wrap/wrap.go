// Package wrap starts remote commands so that they surely end: a Dialer around a Dialer.
//
// Closing a channel does not end a remote command that has no terminal. So each command runs under a small program in
// POSIX sh whose watchdog takes the end of the channel's input for the order to end everything the command started:
// TERM, a grace, KILL. The end of input comes when its time is up, when the run is stopped, and also when hail or the
// network dies.
package wrap

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
)

// MaxCommand is the longest command line in bytes, once it is encoded: longer ones are cut by some systems.
const MaxCommand = 100 << 10

// afterGrace is what the wrapper has on top of the grace for killing, looking and telling.
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

// onTop is what the limit that the host keeps has on top of ours: it is for when we can't any more. Tests have less time.
var onTop = 10 * time.Second

// Exec implements runner.Conn. Input needs its size. When ctx ends it, the *runner.Failure says what remains.
func (c *conn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if s.In != nil && s.Size <= 0 {
		s.In = nil
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	h := head{nonce: rand.Text(), grace: ceil(s.Grace.Value()), shell: c.shell, program: s.Program, env: s.Env, secrets: len(s.Secrets)}
	if s.Limit > 0 {
		h.limit = ceil(s.Limit.Value() + s.Grace.Value() + onTop)
	}
	if s.In != nil {
		h.input = s.Size
	}
	around := script
	if s.TTY || s.Flow {
		around = plainScript
	}
	switch {
	case s.TTY && (h.input > 0 || h.secrets > 0):
		return &runner.Failure{Status: runner.Error, Err: errors.New("a command with a terminal takes no input and no secret variables")}
	case s.Flow && h.secrets > 0:
		return &runner.Failure{Status: runner.Error, Err: errors.New("a command whose input flows takes no secret variables")}
	}
	wrapped := line(around, h.String(), cmd)
	if len(wrapped) > MaxCommand {
		return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("the command is too long: %d bytes, once it is encoded, of %d", len(wrapped), MaxCommand)}
	}
	if s.TTY {
		return c.Conn.Exec(ctx, wrapped, runner.Stdio{Out: s.Out, Err: s.Err, Hold: true, TTY: true})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.Flow {
		return c.Conn.Exec(ctx, wrapped, runner.Stdio{In: input(s, cancel), Out: s.Out, Err: s.Err, Grace: s.Grace})
	}
	stderr := &trailer{w: s.Err, mark: []byte("\x1ehail:" + h.nonce + ":")}
	err := c.Conn.Exec(ctx, wrapped, runner.Stdio{In: input(s, cancel), Out: s.Out, Err: stderr, Hold: true, Grace: inventory.Duration(s.Grace.Value() + afterGrace)})
	if e := stderr.flush(); e != nil && err == nil {
		err = e
	}
	if ctx.Err() != nil && err != nil {
		f := &runner.Failure{Err: err, Remains: stderr.remains()}
		if inner := (*runner.Failure)(nil); errors.As(err, &inner) {
			f.Status, f.Reason, f.Exit = inner.Status, inner.Reason, inner.Exit
		}
		return f
	}
	return err
}

func ceil(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// input is what goes over the channel: the secret variables, a line each, and then the command's own input. Input that has
// fewer bytes than it was said to have ends the command.
func input(s runner.Stdio, cancel context.CancelCauseFunc) io.Reader {
	var lines strings.Builder
	for _, v := range s.Secrets {
		name, value, _ := strings.Cut(v, "=")
		lines.WriteString(name + "=" + encode(value) + "\n")
	}
	var parts []io.Reader
	if lines.Len() > 0 {
		parts = append(parts, strings.NewReader(lines.String()))
	}
	if s.In != nil {
		parts = append(parts, &exactly{s.In, s.Size, cancel})
	}
	if parts == nil {
		return nil
	}
	return io.MultiReader(parts...)
}

// exactly reads so many bytes.
type exactly struct {
	r    io.Reader
	left int64
	fail context.CancelCauseFunc
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); err != nil && e.left > 0 {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		e.fail(&runner.Failure{Status: runner.Error, Err: fmt.Errorf("the input of the command: %w", err)})
	}
	return n, err
}

// trailer passes stderr on, but for the wrapper's last words: mark, what remains, and a record separator. It holds back
// only bytes that may be the beginning of them.
type trailer struct {
	w    io.Writer
	mark []byte
	held []byte // from a possible beginning of the trailer on
}

// longestWord bounds what may stand between the mark and the end of the trailer.
const longestWord = len("unknown") + 1

func (t *trailer) Write(p []byte) (int, error) {
	b := p
	if len(t.held) > 0 {
		b = append(t.held, p...)
	}
	pass := len(b) - t.hold(b)
	held := append([]byte(nil), b[pass:]...)
	if _, err := t.w.Write(b[:pass]); pass > 0 && err != nil {
		return 0, err
	}
	t.held = held
	return len(p), nil
}

// hold returns how many bytes at the end of b have to wait: the trailer itself is the last thing that is written.
func (t *trailer) hold(b []byte) int {
	tail := b[max(0, len(b)-len(t.mark)-longestWord):]
	for i := bytes.IndexByte(tail, t.mark[0]); i >= 0 && i < len(tail); {
		if rest := tail[i:]; bytes.HasPrefix(t.mark, rest) || bytes.HasPrefix(rest, t.mark) {
			return len(rest)
		}
		next := bytes.IndexByte(tail[i+1:], t.mark[0])
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return 0
}

// flush writes what was held back and is no trailer after all.
func (t *trailer) flush() error {
	if len(t.held) == 0 || t.word() != "" {
		return nil
	}
	_, err := t.w.Write(t.held)
	t.held = nil
	return err
}

func (t *trailer) word() string {
	word, ok := bytes.CutPrefix(t.held, t.mark)
	if ok {
		word, ok = bytes.CutSuffix(word, []byte{t.mark[0]})
	}
	if !ok {
		return ""
	}
	return string(word)
}

func (t *trailer) remains() runner.Remains {
	switch r := runner.Remains(t.word()); r {
	case runner.Gone, runner.Alive:
		return r
	}
	return runner.Unknown
}
