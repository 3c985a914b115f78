package become

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"hail/runner"
)

// escalation is one command on its way to another user. As a Writer, it finds the marks in what the tool prints.
type escalation struct {
	tool  string
	ctx   context.Context
	fail  context.CancelCauseFunc
	mark  []byte
	in    io.Reader
	feed  feed
	clock *time.Timer

	mu          sync.Mutex
	password    passwordUse
	out         io.Writer
	held        []byte // what the tool has printed, until the command begins
	here        bool   // what starts the tool has begun
	ready       bool   // the command has begun
	toolMissing bool   // the tool is not installed
	stopped     error  // why we gave up
}

// mostHeld bounds what is kept of the tool's output.
const mostHeld = 16 << 10

// Write passes the command's output on. Until the command begins, it looks for marks instead.
func (e *escalation) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ready {
		return e.out.Write(p)
	}
	e.held = append(e.held, p...)
	for !e.ready {
		from := bytes.Index(e.held, e.mark)
		if from < 0 {
			break
		}
		word, rest, whole := bytes.Cut(e.held[from+len(e.mark):], []byte{e.mark[0]})
		if !whole {
			break
		}
		e.heard(string(word))
		if !e.ready {
			e.held = append(e.held[:from:from], rest...)
			continue
		}
		e.held = nil // the tool's output, which is no longer needed
		if len(rest) > 0 {
			if _, err := e.out.Write(rest); err != nil {
				return 0, err
			}
		}
	}
	if over := len(e.held) - mostHeld; over > 0 {
		e.held = bytes.Clone(e.held[over:])
	}
	return len(p), nil
}

// heard acts on a mark.
func (e *escalation) heard(word string) {
	e.here = true
	switch word {
	case "missing":
		e.toolMissing = true
	case "ask":
		e.answer()
	case "ready":
		e.ready = true
		e.clock.Stop()
		e.password.done(func(p *Password) { p.good = true })
		if e.in != nil && e.stopped == nil {
			e.feed.next <- e.in
		}
		close(e.feed.next)
	}
}

// answer sends the password at the first prompt, once it is our turn. A second prompt means that it was wrong.
func (e *escalation) answer() {
	if e.password.sent {
		e.password.done(func(p *Password) { p.bad = true })
		e.giveUp("wrong password for " + e.tool)
		return
	}
	e.clock.Stop()
	secret, err := e.password.take(e.ctx)
	e.clock.Reset(timeout)
	if err != nil {
		e.giveUp(err.Error())
		return
	}
	e.feed.next <- strings.NewReader(secret + "\n")
}

// expire gives up on a tool that takes too long.
func (e *escalation) expire() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.ready {
		e.giveUp(fmt.Sprintf("it did not start the command within %v", timeout))
	}
}

// giveUp stops the tool. The first reason counts.
func (e *escalation) giveUp(why string) {
	if e.stopped == nil {
		e.stopped = errors.New(why)
		e.fail(e.stopped)
	}
}

// outcome returns how the command ended, given the error err of the Exec below.
func (e *escalation) outcome(err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ready && e.stopped == nil {
		return err
	}
	status, _ := runner.StatusOf(err)
	e.password.done(func(p *Password) { p.unclear++ })
	failed := func(reason runner.Reason, why error) error {
		return &runner.Failure{Status: runner.Failed, Reason: reason, Err: why}
	}
	switch {
	case context.Cause(e.ctx) != e.stopped: // the caller's context ended first
		if f, ok := errors.AsType[*runner.Failure](err); ok {
			f.Late = nil // that is the tool's end, not the command's
		}
		return err
	case e.stopped != nil:
		return failed(runner.Escalation, e.stopped)
	case status == runner.Lost, status == runner.Unreachable, status == runner.Error:
		return err
	case e.toolMissing:
		return failed(runner.NoTool, fmt.Errorf("%s is not installed", e.tool))
	}
	if _, err := e.out.Write(e.held); err != nil {
		return err
	}
	words := lastLine(e.held)
	switch {
	case !e.here:
		if err == nil {
			err = errors.New("exit 0")
		}
		return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("the host did not run what it was sent, and ended with %w: a forced command, a login shell that runs nothing, or a login file that exits", err)}
	case words == "":
		return failed(runner.Escalation, fmt.Errorf("%s did not start the command", e.tool))
	}
	return failed(runner.Escalation, errors.New(words))
}

func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	return string(bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:]))
}
