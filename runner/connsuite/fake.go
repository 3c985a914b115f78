package connsuite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hail/inventory"
	"hail/runner"
)

// Fake is a Dialer without processes or network: it plays the suite's commands, and waits in the virtual time of the
// test's bubble. Its zero value is ready to use. The functions are set before use; the counts are read afterwards.
type Fake struct {
	DialTime func(h inventory.Host) time.Duration                                          // how long Dial takes; nil: no time
	DialErr  func(h inventory.Host) error                                                  // what Dial returns; nil: a Conn
	Exec     func(ctx context.Context, h inventory.Host, cmd string, s runner.Stdio) error // plays other commands; nil: exit 127

	mu               sync.Mutex
	conns, MostConns int // open at once
	Executed, Ended  int // commands
}

// Dial implements runner.Dialer.
func (f *Fake) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	f.count(func() {
		f.conns++
		f.MostConns = max(f.MostConns, f.conns)
	})
	err := context.Cause(ctx)
	if f.DialTime != nil && err == nil {
		err = Sleep(ctx, f.DialTime(h))
	}
	if f.DialErr != nil && err == nil {
		err = f.DialErr(h)
	}
	if err != nil {
		f.count(func() { f.conns-- })
		return nil, err
	}
	return &fakeConn{fake: f, host: h}, nil
}

func (f *Fake) count(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Sleep waits for d and returns nil, or returns the cause of ctx when that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

type fakeConn struct {
	fake      *Fake
	host      inventory.Host
	lingering atomic.Int32
	closed    atomic.Bool
}

func (c *fakeConn) Lingering() int { return int(c.lingering.Load()) }

func (c *fakeConn) Close() error {
	if c.closed.Swap(true) {
		panic("a Conn is closed twice")
	}
	c.fake.count(func() { c.fake.conns-- })
	return nil
}

func (c *fakeConn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	c.fake.count(func() { c.fake.Executed++ })
	defer c.fake.count(func() { c.fake.Ended++ })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s.Out == nil {
		s.Out = io.Discard
	}
	if s.Err == nil {
		s.Err = io.Discard
	}
	if cmd == Background {
		c.lingering.Add(1)
	}
	play, ok := plays[cmd]
	switch {
	case ok:
		return play(ctx, s)
	case c.fake.Exec != nil:
		return c.fake.Exec(ctx, c.host, cmd, s)
	}
	return exit(127)
}

var plays = map[string]func(ctx context.Context, s runner.Stdio) error{
	True:     func(context.Context, runner.Stdio) error { return nil },
	False:    func(context.Context, runner.Stdio) error { return exit(1) },
	Exit7:    func(context.Context, runner.Stdio) error { return exit(7) },
	Exit255:  func(context.Context, runner.Stdio) error { return exit(255) },
	KillSelf: killed,
	Both: func(_ context.Context, s runner.Stdio) error {
		return errors.Join(say(s.Out, "out\n"), say(s.Err, "err\n"))
	},
	Binary:     func(_ context.Context, s runner.Stdio) error { return say(s.Out, BinaryBytes) },
	SayAndFail: func(_ context.Context, s runner.Stdio) error { return errors.Join(say(s.Out, "said\n"), exit(3)) },
	Cat:        cat,
	Much:       func(_ context.Context, s runner.Stdio) error { return say(s.Out, strings.Repeat("\x00", MuchBytes)) },
	SayAndHang: func(ctx context.Context, s runner.Stdio) error { say(s.Out, "begin\n"); return hang(ctx) },
	LastWords:  lastWords,
	Endless:    endless,
	Background: func(_ context.Context, s runner.Stdio) error { return errors.Join(say(s.Out, "front\n"), exit(4)) },
}

func exit(status int) error {
	return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: status, Err: fmt.Errorf("exit %d", status)}
}

func killed(context.Context, runner.Stdio) error {
	return &runner.Failure{Status: runner.Failed, Reason: runner.Signalled, Err: errors.New("killed by signal TERM")}
}

func say(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

func hang(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("stopped: %w", context.Cause(ctx))
}

func cat(_ context.Context, s runner.Stdio) error {
	if s.In == nil {
		return nil
	}
	_, err := io.Copy(s.Out, s.In)
	return err
}

func lastWords(ctx context.Context, s runner.Stdio) error {
	say(s.Out, "begin\n")
	err := hang(ctx)
	if s.Hold && s.Grace > 0 {
		say(s.Out, "end\n")
	}
	return err
}

func endless(ctx context.Context, s runner.Stdio) error {
	for ctx.Err() == nil {
		if err := say(s.Out, "y\n"); err != nil {
			return fmt.Errorf("stopped: %w", err)
		}
	}
	return hang(ctx)
}
