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
	"encoding/hex"
	"errors"
	"io"
	"strconv"
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

// Exec implements runner.Conn. The command has empty input. When ctx ends it, the *runner.Failure says what remains.
func (c *conn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if s.In != nil {
		return &runner.Failure{Status: runner.Error, Err: errors.New("a wrapped command takes no input")}
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	if s.TTY {
		return c.Conn.Exec(ctx, line(plainScript, cmd, "", "0", c.shell, s.Env), runner.Stdio{Out: s.Out, Err: s.Err, Hold: true, TTY: true})
	}
	grace := time.Duration(s.Grace)
	nonce := newNonce()
	wrapped := line(script, cmd, nonce, strconv.Itoa(int((grace+time.Second-1)/time.Second)), c.shell, s.Env)
	if len(wrapped) > MaxCommand {
		return &runner.Failure{Status: runner.Error, Err: errors.New("the command is too long")}
	}
	stderr := &trailer{w: s.Err, mark: []byte("\x1ehail:" + nonce + ":")}
	err := c.Conn.Exec(ctx, wrapped, runner.Stdio{Out: s.Out, Err: stderr, Hold: true, Grace: inventory.Duration(grace + afterGrace)})
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

func newNonce() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
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
