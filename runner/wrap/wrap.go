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
	"slices"
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
		return c.Conn.Exec(ctx, wrapped, runner.Stdio{In: input(ctx, s, cancel), Out: s.Out, Err: s.Err, Grace: s.Grace})
	}
	taken, take := context.WithCancelCause(ctx)
	defer take(nil)
	stderr := &listener{w: s.Err, mark: []byte("\x1ehail:" + h.nonce + ":")}
	if s.In != nil {
		stderr.take = func() { take(errTaken) }
	}
	err := c.Conn.Exec(ctx, wrapped, runner.Stdio{In: input(taken, s, cancel), Out: s.Out, Err: stderr, Hold: true, Grace: inventory.Duration(s.Grace.Value() + afterGrace)})
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

// input is what goes over the channel: the secret variables, a line each, and then the command's own input, most of it when taken
// has ended, unless it flows. Input that has fewer bytes than it was said to have ends the command.
func input(taken context.Context, s runner.Stdio, cancel context.CancelCauseFunc) io.Reader {
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
		in := io.Reader(&exactly{s.In, s.Size, cancel})
		if !s.Flow {
			in = io.MultiReader(io.LimitReader(in, beforeTaken), &later{r: in, taken: taken})
		}
		parts = append(parts, in)
	}
	if parts == nil {
		return nil
	}
	return io.MultiReader(parts...)
}

// What goes before the wrapper takes the input is kept by the server, which may be slow at it: OpenSSH's copies all of it whenever
// more comes. A wrapper that is not heard takes it anyway, in the end.
const (
	beforeTaken = 128 << 10
	unheard     = 10 * time.Second
)

var errTaken = errors.New("the input is taken")

// later reads when taken has ended for errTaken, and no more when it has ended otherwise.
type later struct {
	r      io.Reader
	taken  context.Context
	waited bool
}

func (l *later) Read(p []byte) (int, error) {
	if !l.waited {
		l.waited = true
		late := time.NewTimer(unheard)
		defer late.Stop()
		select {
		case <-l.taken.Done():
		case <-late.C:
		}
	}
	if cause := context.Cause(l.taken); cause != nil && cause != errTaken {
		return 0, io.ErrClosedPipe
	}
	return l.r.Read(p)
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

// listener passes stderr on, but for what the wrapper says: a mark, a word, and a record separator. The word is that it takes the
// input, or at the very end what remains. It holds back only bytes that may be the beginning of that.
type listener struct {
	w    io.Writer
	mark []byte
	take func() // told that the input is taken; nil: it was, or there is none
	held []byte // from a possible beginning of a mark on
}

// takes is the word for that; longestWord bounds what may stand behind a mark.
const (
	takes       = "takes\x1e"
	longestWord = len("unknown") + 1
)

func (l *listener) Write(p []byte) (int, error) {
	b := p
	if len(l.held) > 0 {
		b = append(l.held, p...)
	}
	if l.take != nil {
		if before, after, taken := bytes.Cut(b, append(slices.Clip(l.mark), takes...)); taken {
			l.take()
			l.take = nil
			b = slices.Concat(before, after)
		}
	}
	pass := len(b) - l.hold(b)
	held := append([]byte(nil), b[pass:]...)
	if _, err := l.w.Write(b[:pass]); pass > 0 && err != nil {
		return 0, err
	}
	l.held = held
	return len(p), nil
}

// hold returns how many bytes at the end of b have to wait.
func (l *listener) hold(b []byte) int {
	tail := b[max(0, len(b)-len(l.mark)-longestWord):]
	for i := bytes.IndexByte(tail, l.mark[0]); i >= 0 && i < len(tail); {
		if rest := tail[i:]; bytes.HasPrefix(l.mark, rest) || bytes.HasPrefix(rest, l.mark) {
			return len(rest)
		}
		next := bytes.IndexByte(tail[i+1:], l.mark[0])
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return 0
}

// flush writes what was held back and is no word after all.
func (l *listener) flush() error {
	if len(l.held) == 0 || l.word() != "" {
		return nil
	}
	_, err := l.w.Write(l.held)
	l.held = nil
	return err
}

func (l *listener) word() string {
	word, ok := bytes.CutPrefix(l.held, l.mark)
	if ok {
		word, ok = bytes.CutSuffix(word, []byte{l.mark[0]})
	}
	if !ok {
		return ""
	}
	return string(word)
}

func (l *listener) remains() runner.Remains {
	switch r := runner.Remains(l.word()); r {
	case runner.Gone, runner.Alive:
		return r
	}
	return runner.Unknown
}
