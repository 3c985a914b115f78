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

// execution is a command that has begun.
type execution struct {
	conn *conn
	ch   ssh.Channel
	reqs <-chan *ssh.Request

	input     input
	questions sync.WaitGroup // to the server, whose answers are waited for

	passing atomic.Int32 // writers that are busy
	passed  atomic.Int64 // bytes of both outputs that were passed on
	ends    atomic.Int32 // outputs that ended before the connection did

	mu      sync.Mutex // guards what follows
	stage   stage
	clock   *time.Timer // of the stage; nil: none has had one
	rest    rest
	stopped error // why we ended it: the context's cause, or broken
	broken  error // the error of one of our outputs
	said    bool  // the host has said how it ended
	result  error // and what it has said
	closed  bool  // the channel was closed before the connection ended; valid once it has been over
}

// wait passes input and output on until the command has ended, or has been ended.
//
//	stdin ──► channel       channel ──► stdout (here)
//	                                ──► stderr, requests (a goroutine each; both end with the channel)
func (e *execution) wait(ctx context.Context, s runner.Stdio) error {
	stop := context.AfterFunc(ctx, func() { e.stop(context.Cause(ctx), s.Grace.Value()) })
	var wg sync.WaitGroup
	wg.Go(func() {
		e.listen()
		e.finish()
	})
	wg.Go(func() { e.pass(s.Err, e.ch.Stderr(), make([]byte, 512)) })
	if s.In != nil {
		// not waited for: a Read that blocks is the caller's, and it writes only to the channel
		go e.feed(s)
	} else if !s.Hold {
		e.endInput()
	}
	e.pass(s.Out, e.ch, make([]byte, 2048))
	wg.Wait()
	stop()
	e.questions.Wait() // from now on, none is asked

	whole := e.closed || e.ends.Load() == 2 // some servers hang up without closing the channel
	switch {
	case e.stopped != nil:
		f := dropped(e.stopped)
		if e.said && whole {
			f.Late = &runner.Failure{Status: runner.OK}
			errors.As(e.result, &f.Late)
		}
		return f
	case e.broken != nil:
		return e.broken
	case e.said && whole:
		return e.result
	case e.said:
		return e.lost(fmt.Errorf("%w; the command had ended (%s)", e.conn.whyEnded("all of the output had arrived"), endOf(e.result)))
	case e.conn.silent.Load() > 0 || e.conn.endsSoon():
		return e.lost(e.conn.whyEnded("the command did"))
	}
	return lost(errors.New("the server closed the session without an exit status"))
}

// lost returns the failure of a command whose connection has ended because of err.
func (e *execution) lost(err error) error { return lost(withWords(err, e.conn.wire.Conn)) }

// pass copies one stream to its writer. When the writer fails, the command is ended and the rest is thrown away. Most
// commands print little: only a stream that fills the small buffer takes a large one.
func (e *execution) pass(w io.Writer, r io.Reader, small []byte) {
	if w == nil {
		w = io.Discard
	}
	buf := small
	for {
		n, _ := r.Read(buf) // an error beside output is that the server takes no answer: more output may have arrived
		if n == 0 {
			if !e.conn.wire.over.Load() {
				e.ends.Add(1)
			}
			return
		}
		e.passing.Add(1)
		if _, failed := w.Write(buf[:n]); failed != nil {
			e.outputFailed(failed)
			w = io.Discard
		}
		e.passed.Add(int64(n))
		e.passing.Add(-1) // last: arrives, which looks at it first, always sees one or the other
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

// listen waits for the exit status or signal, of which only the first one counts, and then for the end of the channel.
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

func endOf(result error) string {
	if result == nil {
		return "exit 0"
	}
	return result.Error()
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
