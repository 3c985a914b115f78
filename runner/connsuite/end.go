package connsuite

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"hail/runner"
)

// testEnd: what ends a command, or keeps it from beginning, and that nothing comes after the end.
func testEnd(t *testing.T, d dial) {
	t.Run("a context that has ended stops Dial", func(t *testing.T) {
		dialer, h := d(t)
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if c, err := dialer.Dial(ctx, h); !errors.Is(err, cause) {
			t.Errorf("dial: %v, %v; want the cause", c, err)
		}
	})

	t.Run("a context that has ended lets no command begin", func(t *testing.T) {
		outer, c := d.connect(t)
		ctx, cancel := context.WithCancelCause(outer)
		cancel(runner.ErrTimeout)
		wantFailure(t, c.Exec(ctx, True, runner.Stdio{}), runner.Timeout, "", 0)
	})

	t.Run("a context that ends stops Exec", func(t *testing.T) {
		t.Parallel() // it may wait long
		outer, c := d.connect(t)
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(outer)
		said := signal{then: func() { cancel(cause) }}
		err := c.Exec(ctx, SayAndHang, runner.Stdio{Out: &said})
		if !errors.Is(err, cause) || outer.Err() != nil {
			t.Errorf("%v, want the cause", err)
		}
	})

	t.Run("an error of the output ends the command and is returned", func(t *testing.T) {
		ctx, c := d.connect(t)
		full := errors.New("disk full")
		if err := c.Exec(ctx, Endless, runner.Stdio{Out: brokenWriter{full}}); !errors.Is(err, full) {
			t.Errorf("%v, want the error of the writer", err)
		}
	})

	t.Run("an error of the output is returned though the command has ended", func(t *testing.T) {
		_, other := d.connect(t) // on the same one, Dropbear may close a session that is opened while another command ends
		for range 3 {
			ctx, c := d.connect(t)
			full := errors.New("disk full")
			w := lateWriter{full, func() { other.Exec(ctx, True, runner.Stdio{}) }} // while that runs, the first one ends
			if err := c.Exec(ctx, Both, runner.Stdio{Out: w}); !errors.Is(err, full) {
				t.Errorf("%v, want the error of the writer", err)
			}
		}
	})

	t.Run("a child in the background does not hold Exec", func(t *testing.T) {
		t.Parallel() // it may wait long
		ctx, c := d.connect(t)
		var out bytes.Buffer
		wantFailure(t, c.Exec(ctx, Background, runner.Stdio{Out: &out}), runner.Failed, runner.ExitStatus, 4)
		if out.String() != "front\n" {
			t.Errorf("stdout %q", out.String())
		}
		if l, ok := runner.As[runner.Lingerer](c); !ok {
			t.Error("the Conn is no runner.Lingerer, which tells what commands have left in the background")
		} else if l.Lingering() > 1 { // 0 where the server ends the channel with the command
			t.Errorf("%d commands have left something in the background, want at most 1", l.Lingering())
		}
	})

	t.Run("nothing is written after Exec has returned", func(t *testing.T) {
		outer, c := d.connect(t)
		ctx, cancel := context.WithCancel(outer)
		w := &guarded{first: cancel}
		c.Exec(ctx, Endless, runner.Stdio{Out: w, Err: w})
		w.forbid(t)
	})
}

type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }

// lateWriter fails after wait.
type lateWriter struct {
	err  error
	wait func()
}

func (l lateWriter) Write([]byte) (int, error) { l.wait(); return 0, l.err }

// guarded fails the test when it is written to after forbid.
type guarded struct {
	mu    sync.Mutex
	once  sync.Once
	first func()
	t     *testing.T
}

func (g *guarded) Write(p []byte) (int, error) {
	g.once.Do(g.first)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.t != nil {
		g.t.Error("written after Exec had returned")
	}
	return len(p), nil
}

func (g *guarded) forbid(t *testing.T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.t = t
}
