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
// printed may still be on its way, so it is waited for as long as output arrives: at most as much as the buffers on the
// way hold, for which a slow line needs half a minute.
const (
	afterExit = 2 * time.Second
	onItsWay  = 8 << 20
	restWaits = 14 // more times afterExit, after the first
)

// execution is a command that has begun.
type execution struct {
	conn *conn
	ch   ssh.Channel
	reqs <-chan *ssh.Request

	input input

	passing atomic.Int32 // writers that are busy
	passed  atomic.Int64 // bytes of both outputs that were passed on

	mu           sync.Mutex
	result       error // valid once known
	known        bool
	stopped      error // why we ended it: the context's cause, or broken
	broken       error // the error of one of our outputs
	waits        int   // how often the rest of its output is still waited for, once it has ended
	streamsEnded bool  // both streams have ended
	clock        *time.Timer
}

// wait passes input and output on until the command has ended, or has been ended.
//
//	stdin ──► channel       channel ──► stdout (here)
//	                                ──► stderr, requests (a goroutine each; both end with the channel)
func (e *execution) wait(ctx context.Context, s runner.Stdio) error {
	stop := context.AfterFunc(ctx, func() { e.stop(context.Cause(ctx), s.Grace.Value()) })
	var wg sync.WaitGroup
	wg.Go(e.listen)
	wg.Go(func() { e.pass(s.Err, e.ch.Stderr()) })
	if s.In != nil {
		// not waited for: a Read that blocks is the caller's, and it writes only to the channel
		go e.feed(s)
	} else if !s.Hold {
		e.endInput()
	}
	e.pass(s.Out, e.ch)
	wg.Wait()
	stop()
	e.ch.Close()

	e.mu.Lock()
	defer e.mu.Unlock()
	e.streamsEnded = true
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

// pass copies one stream to its writer. When the writer fails, the command is ended and the rest is thrown away.
func (e *execution) pass(w io.Writer, r io.Reader) {
	if w == nil {
		w = io.Discard
	}
	small := make([]byte, 2048) // most commands print little: only a stream with more takes a large buffer
	buf := small
	for {
		n, err := r.Read(buf)
		if n > 0 {
			e.passing.Add(1)
			if _, failed := w.Write(buf[:n]); failed != nil {
				e.outputFailed(failed)
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

// outputFailed notes the error of an output, which counts even if the command has already ended, and ends the command.
func (e *execution) outputFailed(err error) {
	e.mu.Lock()
	e.broken = err
	e.mu.Unlock()
	e.stop(err, 0)
}

// buffers holds buffers for two packets of the protocol: fewer and larger writes cost the disk less.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// listen waits for the exit status or signal; only the first one counts.
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
	case status > 255: // no process ends like this: the text keeps the number, and Exit is 255
		return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 255, Err: fmt.Errorf("exit %d (according to the server)", status)}
	}
	return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: int(status), Err: fmt.Errorf("exit %d", status)}
}

// ended notes how the command ended, and gives the rest of its output a little time.
func (e *execution) ended(result error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.known {
		e.result, e.known, e.waits = result, true, restWaits
		n := e.passed.Load()
		e.awaitRest(n, n)
	}
}

// awaitRest drops the channel when no more output has arrived for a while. atExit and before are the bytes passed on by
// the end of the command and by the last check. While one of our writers is busy with what was on its way, the wait goes
// on.
func (e *execution) awaitRest(atExit, before int64) {
	if e.clock != nil {
		e.clock.Stop()
	}
	e.clock = time.AfterFunc(afterExit, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		now := e.passed.Load()
		switch {
		case e.streamsEnded:
		case e.passing.Load() > 0 && now-atExit < onItsWay:
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

// stop ends the command because of why: it closes the input, which tells a wrapper to end the command, and after the
// grace it closes the channel. The server may have stopped reading, so the clock is started before the input is closed.
// When the command has already ended, its remaining output is not waited for again.
func (e *execution) stop(why error, grace time.Duration) {
	e.mu.Lock()
	late := e.stopped != nil || e.known
	e.waits = 0
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
		if !e.streamsEnded {
			e.clock = time.AfterFunc(afterExit, e.conn.cut)
		}
		e.mu.Unlock()
		e.ch.Close()
	})
}
