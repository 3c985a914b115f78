package sshconn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// A background child of a command may keep the channel open after the command itself has ended. What the command
// printed is still on its way, and is waited for while it comes: at most as much as the buffers on the way hold, for which a slow line
// needs half a minute.
const (
	afterExit = 2 * time.Second
	onItsWay  = 8 << 20
	restWaits = 14 // of afterExit, after the first
)

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
	waits   int   // for its rest that are left, once it has ended
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
	small := make([]byte, 2048) // most commands say little: a large buffer a stream is only taken for those that don't
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
		e.result, e.known, e.waits = result, true, restWaits
		n := e.passed.Load()
		e.awaitRest(n, n)
	}
}

// awaitRest drops the channel when no more output has come for a while: at the exit it was atExit bytes, before. It waits longer for a
// writer of ours that is at work.
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
		case e.passing.Load() > 0:
			e.awaitRest(atExit, now)
		case e.waits > 0 && now > before && now-atExit < onItsWay:
			e.waits--
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
// channel is. Both are told to a server that may have stopped reading, so the clock runs before. Of a command that has ended already,
// the rest is not waited for again.
func (e *execution) stop(why error, grace time.Duration) {
	e.mu.Lock()
	late := e.stopped != nil || e.known
	if e.waits = 0; !late {
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
