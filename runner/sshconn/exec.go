package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// A background child of a command may keep the channel open after the command itself has ended. What the command
// printed is still on its way, and is waited for while it comes: at most as much as the buffers on the way hold.
const (
	afterExit = 2 * time.Second
	onItsWay  = 8 << 20
)

// Exec implements runner.Conn, on the raw channel: the first exit status counts, a refusal to run is told from a
// connection that ended, and both outputs are always read, because they share one window.
func (c *conn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if ctx.Err() != nil {
		return fmt.Errorf("not started: %w", context.Cause(ctx))
	}
	e, err := c.start(ctx, cmd, s)
	if err != nil {
		return err
	}
	return e.wait(ctx, s)
}

// start opens the channel and has the command begun. The host has the connection's limit for each answer; cutting the
// connection is the only way to stop waiting for one.
func (c *conn) start(ctx context.Context, cmd string, s runner.Stdio) (*execution, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*c.limit, errConnect)
	defer cancel()
	stop := context.AfterFunc(ctx, c.cut)
	defer stop()
	ch, reqs, err := c.OpenChannel("session", nil)
	for n := 1; c.sessions.Load() > 0 && refusal(err) != nil && n < 10 && pause(ctx, 20*time.Millisecond); n++ { // sshd may not have let go of the one before
		ch, reqs, err = c.OpenChannel("session", nil)
	}
	if err != nil {
		return nil, c.noChannel(ctx, err)
	}
	c.sessions.Add(1)
	for _, v := range slices.Concat(c.env, s.Env) {
		name, value, _ := strings.Cut(v, "=")
		ch.SendRequest("env", false, ssh.Marshal(struct{ Name, Value string }{name, value}))
	}
	if c.forward != "" {
		ch.SendRequest("auth-agent-req@openssh.com", false, nil)
	}
	if s.TTY {
		if ok, err := ch.SendRequest("pty-req", true, ssh.Marshal(terminal)); err == nil && !ok {
			ch.Close()
			return nil, notStarted(errors.New("the server gives no terminal"))
		}
	}
	c.trace("a session is open; the command is sent, %d bytes", len(cmd))
	ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{cmd}))
	switch {
	case err == nil && !ok:
		ch.Close()
		return nil, notStarted(errors.New("the server refuses to run commands"))
	case err != nil && errors.Is(context.Cause(ctx), errConnect):
		return nil, lost(fmt.Errorf("the server did not say within %v whether it runs the command", 2*c.limit))
	case err != nil && ctx.Err() != nil:
		return nil, dropped(context.Cause(ctx))
	}
	// An error that is left is the end of the channel. A quick command may have come before it, with its status.
	return &execution{conn: c, ch: ch, reqs: reqs}, nil
}

// terminal is what a command with a terminal is given: one that can do nothing, so that nothing of it stands in the output,
// wide enough for tables, with neither an echo nor carriage returns.
var terminal = struct {
	Term                         string
	Columns, Rows, Width, Height uint32
	Modes                        string
}{"dumb", 200, 50, 0, 0, "\x35\x00\x00\x00\x00" + "\x48\x00\x00\x00\x00" + "\x00"} // ECHO and ONLCR off, the end (RFC 4254, section 8)

// refusal is the other side's word that it opens no channel; nil where err is something else.
func refusal(err error) (refused *ssh.OpenChannelError) {
	errors.As(err, &refused)
	return refused
}

func (c *conn) noChannel(ctx context.Context, err error) error {
	refused := refusal(err)
	switch {
	case refused != nil:
		return notStarted(fmt.Errorf("the server opens no session: %s", refused.Message))
	case ctx.Err() == nil:
		return notStarted(errors.New("the connection ended before a session was open"))
	case errors.Is(context.Cause(ctx), errConnect):
		return notStarted(fmt.Errorf("the server opened no session within %v", 2*c.limit))
	}
	return fmt.Errorf("stopped: %w", context.Cause(ctx))
}

func notStarted(err error) error {
	return &runner.Failure{Status: runner.Unreachable, Reason: runner.ChannelRefused, Err: err}
}

func lost(err error) error {
	return &runner.Failure{Status: runner.Lost, Err: err}
}

// dropped is the failure of a command that may have begun and that we left: only the host knows what became of it.
func dropped(why error) error {
	return &runner.Failure{Err: fmt.Errorf("stopped: %w", why), Remains: runner.Unknown}
}

// execution is a command that has begun.
type execution struct {
	conn *conn
	ch   ssh.Channel
	reqs <-chan *ssh.Request

	input input

	passing atomic.Int32 // writers at work
	passed  atomic.Int64 // bytes of both outputs

	mu      sync.Mutex
	result  error // meaningful once known
	known   bool
	stopped error // why we ended it: the context's cause, or broken
	broken  error // of our outputs
	over    bool  // both streams have ended
	clock   *time.Timer
}

// wait passes input and output on until the command has ended, or was made to.
//
//	stdin ──► channel       channel ──► stdout (here)
//	                                ──► stderr, requests (a goroutine each; both end with the channel)
func (e *execution) wait(ctx context.Context, s runner.Stdio) error {
	stop := context.AfterFunc(ctx, func() { e.stop(context.Cause(ctx), s.Grace.Value()) })
	var wg sync.WaitGroup
	wg.Go(e.listen)
	wg.Go(func() { e.pass(s.Err, e.ch.Stderr()) })
	if s.In != nil {
		go e.feed(s) // a read that blocks is the caller's; it writes to nothing but the channel
	} else if !s.Hold {
		e.endInput()
	}
	e.pass(s.Out, e.ch)
	wg.Wait()
	stop()
	e.ch.Close()

	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	if e.clock != nil {
		e.clock.Stop()
	}
	switch {
	case e.stopped != nil:
		return dropped(e.stopped)
	case e.broken != nil:
		return e.broken
	case e.known:
		return e.result
	case e.conn.endsSoon():
		return lost(errors.New("the connection ended before the command did"))
	}
	return lost(errors.New("the server closed the session without an exit status"))
}

// pass copies one stream to its writer. When the writer fails, the command is ended, and the rest is thrown away.
func (e *execution) pass(w io.Writer, r io.Reader) {
	if w == nil {
		w = io.Discard
	}
	small := make([]byte, 512) // most commands say little: a large buffer a stream is only taken for those that don't
	buf := small
	for {
		n, err := r.Read(buf)
		if n > 0 {
			e.passing.Add(1)
			if _, failed := w.Write(buf[:n]); failed != nil {
				e.breaks(failed)
				w = io.Discard
			}
			e.passing.Add(-1)
			e.passed.Add(int64(n))
		}
		if err != nil {
			break
		}
		if n == len(small) && len(buf) == len(small) {
			large := buffers.Get().(*[]byte)
			defer buffers.Put(large)
			buf = *large
		}
	}
}

// breaks notes the error of an output, which counts also where the command has ended already, and ends the command.
func (e *execution) breaks(err error) {
	e.mu.Lock()
	e.broken = err
	e.mu.Unlock()
	e.stop(err, 0)
}

// buffers hold two packets of the protocol: fewer and larger writes cost the disk less.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// listen takes the exit status, the first one only.
func (e *execution) listen() {
	for r := range e.reqs {
		switch r.Type {
		case "exit-status":
			var m struct{ Status uint32 }
			if ssh.Unmarshal(r.Payload, &m) == nil {
				e.ended(exitError(m.Status))
			}
		case "exit-signal":
			var m struct {
				Signal     string
				CoreDumped bool
				Message    string
				Language   string
			}
			if ssh.Unmarshal(r.Payload, &m) == nil {
				e.ended(&runner.Failure{Status: runner.Failed, Reason: runner.Signalled, Err: fmt.Errorf("killed by signal %s", m.Signal)})
			}
		}
		if r.WantReply {
			r.Reply(false, nil)
		}
	}
}

func exitError(status uint32) error {
	switch {
	case status == 0:
		return nil
	case status > 255: // no process ends so; the number is kept for people, and can't be taken for another
		return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 255, Err: fmt.Errorf("exit %d (the server says)", status)}
	}
	return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: int(status), Err: fmt.Errorf("exit %d", status)}
}

// ended notes how the command ended, and gives what it left behind a little time.
func (e *execution) ended(result error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.known {
		e.result, e.known = result, true
		n := e.passed.Load()
		e.awaitRest(n, n)
	}
}

// awaitRest drops the channel when no more output has come for a while: at the exit it was atExit bytes, before.
func (e *execution) awaitRest(atExit, before int64) {
	if e.clock != nil {
		e.clock.Stop()
	}
	e.clock = time.AfterFunc(afterExit, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		now := e.passed.Load()
		switch {
		case e.over:
		case e.passing.Load() > 0, now > before && now-atExit < onItsWay:
			e.awaitRest(atExit, now)
		default:
			if e.stopped == nil {
				e.conn.lingering.Add(1)
			}
			e.dropAfter(0)
		}
	})
}

// stop ends the command because of why: its input is closed, which tells a wrapper to end it, and after the grace the
// channel is. Both are told to a server that may have stopped reading, so the clock runs before.
func (e *execution) stop(why error, grace time.Duration) {
	e.mu.Lock()
	late := e.stopped != nil || e.known
	if !late {
		e.stopped = why
		e.dropAfter(grace)
	}
	e.mu.Unlock()
	if !late {
		e.endInput()
	}
}

// dropAfter closes the channel after d, and cuts the connection if the server does not even answer that.
func (e *execution) dropAfter(d time.Duration) {
	if e.clock != nil {
		e.clock.Stop()
	}
	e.clock = time.AfterFunc(d, func() {
		e.mu.Lock()
		if !e.over {
			e.clock = time.AfterFunc(afterExit, e.conn.cut)
		}
		e.mu.Unlock()
		e.ch.Close()
	})
}
