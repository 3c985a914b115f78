// Package local runs commands on this machine, as if it were a host.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"hail/inventory"
	"hail/runner"
)

// After a command has ended, its children may hold the pipes open. What they still print is waited for during afterExit,
// and beyond that only while a writer is busy with what the command itself may have left in the pipes, which hold no more
// than mostInPipes.
const (
	afterExit   = 2 * time.Second
	mostInPipes = 2 << 20
)

// Dialer reaches this machine, whatever the name of the host. Commands run in the Shell of its Connection, or else in
// /bin/sh; one that is dropped is killed with the processes of its group. There are no terminals. The zero value is ready
// to use.
type Dialer struct {
	Environ []string // environment of the commands, "NAME=VALUE"; nil: that of this process
}

// Dial implements runner.Dialer.
func (d Dialer) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("not started: %w", context.Cause(ctx))
	}
	return &conn{shell: cmp.Or(h.Connection.Shell, "/bin/sh"), environ: d.Environ}, nil
}

type conn struct {
	shell     string
	environ   []string
	lingering atomic.Int32 // commands whose output stayed open after they had ended
}

// Lingering implements runner.Lingerer.
func (c *conn) Lingering() int { return int(c.lingering.Load()) }

// Tunnel implements runner.Tunneler.
func (*conn) Tunnel(ctx context.Context, network, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// Close implements runner.Conn.
func (*conn) Close() error { return nil }

// Exec implements runner.Conn. The command runs in a process group of its own, which is killed when the command is
// dropped.
func (c *conn) Exec(ctx context.Context, line string, s runner.Stdio) error {
	if ctx.Err() != nil {
		return fmt.Errorf("not started: %w", context.Cause(ctx))
	}
	if s.TTY {
		return &runner.Failure{Status: runner.Error, Err: errors.New("there is no terminal for commands on this machine")}
	}
	e := &execution{conn: c}
	err := e.start(line, s)
	for errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) { // another host will give some back
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("not started: %w", context.Cause(ctx))
		}
		err = e.start(line, s)
	}
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	stop := context.AfterFunc(ctx, func() { e.stop(context.Cause(ctx), s.Grace.Value()) })
	defer stop()
	return e.wait()
}

// execution is a running command. Its pipes are our own, so that waiting for it does not mean waiting for its children.
type execution struct {
	conn    *conn
	cmd     *exec.Cmd
	stdin   *os.File
	outputs [2]*os.File
	drained chan struct{} // a word for each output that has ended

	passing atomic.Int32 // writers that are busy
	passed  atomic.Int64 // bytes of both outputs that were passed on

	mu      sync.Mutex
	ended   bool
	stopped error       // why we ended it
	broken  error       // the error of one of our outputs
	kill    *time.Timer // kills its process group after the grace; nil until we end it
}

func (e *execution) start(line string, s runner.Stdio) error {
	e.cmd = exec.Command(e.conn.shell, "-c", line)
	e.cmd.Env = e.conn.environ
	e.cmd.Env = append(append(e.cmd.Environ(), s.Env...), s.Secrets...)
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var theirs, ours [3]*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	for i := range theirs {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours[:i])
			return err
		}
		theirs[i], ours[i] = w, r
	}
	theirs[0], ours[0] = ours[0], theirs[0] // the input goes the other way
	e.cmd.Stdin, e.cmd.Stdout, e.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	if err := e.cmd.Start(); err != nil {
		closeAll(ours[:])
		if errors.Is(err, syscall.EBADF) { // the new process has found its next descriptor to be over the limit
			err = syscall.EMFILE
		}
		return err
	}
	e.stdin, e.outputs = ours[0], [2]*os.File{ours[1], ours[2]}
	e.drained = make(chan struct{}, len(e.outputs))
	for i, w := range []io.Writer{s.Out, s.Err} {
		go e.pass(w, e.outputs[i])
	}
	switch {
	case s.In != nil:
		go func() { // not waited for: a Read that blocks is the caller's, and it writes only to the pipe
			io.Copy(e.stdin, s.In)
			if !s.Hold {
				e.stdin.Close()
			}
		}()
	case !s.Hold:
		e.stdin.Close()
	}
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// pass copies one output to its writer. When the writer fails, the command is ended and the rest is thrown away.
func (e *execution) pass(w io.Writer, r io.Reader) {
	if w == nil {
		w = io.Discard
	}
	buf := make([]byte, 32<<10)
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
			e.drained <- struct{}{}
			return
		}
	}
}

// wait waits until the command and its outputs have ended, and returns how.
func (e *execution) wait() error {
	err := e.cmd.Wait()
	e.mu.Lock()
	e.ended = true // from here on, nothing stops it
	if e.kill != nil {
		e.kill.Stop()
	}
	e.mu.Unlock()
	if !e.drain() && e.stopped == nil {
		e.conn.lingering.Add(1)
	}
	e.stdin.Close()
	closeAll(e.outputs[:])
	switch {
	case e.stopped != nil:
		return e.stopped
	case e.broken != nil:
		return e.broken
	}
	return result(err)
}

// drain waits until the outputs have ended, and reports whether they did so by themselves: after a while, their rest is
// dropped.
func (e *execution) drain() bool {
	whole := true
	atExit := e.passed.Load()
	clock := time.NewTimer(afterExit)
	defer clock.Stop()
	for open := len(e.outputs); open > 0; {
		select {
		case <-e.drained:
			open--
		case <-clock.C:
			if e.passing.Load() > 0 && e.passed.Load()-atExit < mostInPipes {
				clock.Reset(afterExit)
			} else {
				whole = false
				closeAll(e.outputs[:]) // the rest is dropped: they end now
			}
		}
	}
	return whole
}

// outputFailed notes the error of an output, which counts even if the command has already ended, and ends the command.
func (e *execution) outputFailed(err error) {
	e.mu.Lock()
	e.broken = err
	e.mu.Unlock()
	e.stop(err, 0)
}

func result(err error) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	if w := exit.Sys().(syscall.WaitStatus); w.Signaled() {
		return &runner.Failure{Status: runner.Failed, Reason: runner.Signalled, Err: fmt.Errorf("killed by signal %d (%v)", w.Signal(), w.Signal())}
	}
	return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: exit.ExitCode(), Err: fmt.Errorf("exit %d", exit.ExitCode())}
}

// stop ends the command because of why: it closes the command's input, and after the grace it kills the process group.
func (e *execution) stop(why error, grace time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended || e.stopped != nil {
		return
	}
	e.stopped = fmt.Errorf("stopped: %w", why)
	e.stdin.Close()
	group := -e.cmd.Process.Pid
	e.kill = time.AfterFunc(grace, func() { syscall.Kill(group, syscall.SIGKILL) })
}
