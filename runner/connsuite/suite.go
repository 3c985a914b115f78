// Package connsuite is the conformance test for runner.Dialer: it tests, sentence by sentence, what doors.go promises
// of a Dialer and its Conns. Every Dialer has to pass it, the Fake too.
package connsuite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
)

// bound is how long anything may take before the suite calls it hung.
const bound = 30 * time.Second

// Run tests the Dialer that dial returns, with the host that dial returns, which the Dialer can reach. dial is called
// once per subtest and may register cleanups.
func Run(t *testing.T, dial func(t *testing.T) (runner.Dialer, inventory.Host)) {
	connect := func(t *testing.T) (context.Context, runner.Conn) {
		t.Helper()
		d, h := dial(t)
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		t.Cleanup(cancel)
		c, err := d.Dial(ctx, h)
		if err != nil {
			t.Fatalf("dial: %v", err)
		}
		t.Cleanup(func() { c.Close() })
		return ctx, c
	}

	for _, tt := range []struct {
		name, line     string
		stdout, stderr string
		status         runner.Status
		reason         runner.Reason
		exit           int
	}{
		{"exit status 0", True, "", "", runner.OK, "", 0},
		{"exit status 1", False, "", "", runner.Failed, runner.ExitStatus, 1},
		{"exit status 7", Exit7, "", "", runner.Failed, runner.ExitStatus, 7},
		{"exit status 255 is just 255", Exit255, "", "", runner.Failed, runner.ExitStatus, 255},
		{"a signal is a signal", KillSelf, "", "", runner.Failed, runner.Signalled, 0},
		{"stdout and stderr stay apart", Both, "out\n", "err\n", runner.OK, "", 0},
		{"output is byte exact", Binary, BinaryBytes, "", runner.OK, "", 0},
		{"output before a failure arrives", SayAndFail, "said\n", "", runner.Failed, runner.ExitStatus, 3},
		{"no input is empty input", Cat, "", "", runner.OK, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, c := connect(t)
			var stdout, stderr bytes.Buffer
			err := c.Exec(ctx, tt.line, runner.Stdio{Out: &stdout, Err: &stderr})
			wantFailure(t, err, tt.status, tt.reason, tt.exit)
			if stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("stdout %q, stderr %q; want %q, %q", stdout.String(), stderr.String(), tt.stdout, tt.stderr)
			}
		})
	}

	t.Run("output may be thrown away", func(t *testing.T) {
		ctx, c := connect(t)
		if err := c.Exec(ctx, Both, runner.Stdio{}); err != nil {
			t.Error(err)
		}
	})

	t.Run("much output arrives whole", func(t *testing.T) {
		ctx, c := connect(t)
		var n counter
		if err := c.Exec(ctx, Much, runner.Stdio{Out: &n}); err != nil || int(n) != MuchBytes {
			t.Errorf("%d bytes and %v, want %d", n, err, MuchBytes)
		}
	})

	t.Run("input arrives to its end", func(t *testing.T) {
		ctx, c := connect(t)
		in := strings.Repeat("0123456789abcde\n", 64<<10)
		var out bytes.Buffer
		if err := c.Exec(ctx, Cat, runner.Stdio{In: strings.NewReader(in), Out: &out}); err != nil || out.String() != in {
			t.Errorf("%d bytes came back of %d, %v", out.Len(), len(in), err)
		}
	})

	t.Run("one Conn runs several commands", func(t *testing.T) {
		ctx, c := connect(t)
		for range 5 {
			var out bytes.Buffer
			wantFailure(t, c.Exec(ctx, SayAndFail, runner.Stdio{Out: &out}), runner.Failed, runner.ExitStatus, 3)
			if out.String() != "said\n" {
				t.Errorf("stdout %q", out.String())
			}
		}
	})

	t.Run("one Conn runs several commands at once", func(t *testing.T) {
		ctx, c := connect(t)
		var begun, ended sync.WaitGroup
		begun.Add(3)
		for i := range 3 {
			ended.Go(func() {
				in := fmt.Sprintf("command %d\n", i)
				said := signal{then: begun.Done}
				err := c.Exec(ctx, Cat, runner.Stdio{In: io.MultiReader(strings.NewReader(in), after{&begun}), Out: &said})
				said.once.Do(begun.Done) // nobody may wait for a command that did not begin
				if err != nil || said.String() != in {
					t.Errorf("%q, %v", said.String(), err)
				}
			})
		}
		ended.Wait()
	})

	t.Run("many Conns at once", func(t *testing.T) {
		d, h := dial(t)
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				c, err := d.Dial(ctx, h)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				var out bytes.Buffer
				if err := c.Exec(ctx, Both, runner.Stdio{Out: &out}); err != nil || out.String() != "out\n" {
					t.Errorf("%q, %v", out.String(), err)
				}
			})
		}
		wg.Wait()
	})

	t.Run("a context that has ended stops Dial", func(t *testing.T) {
		d, h := dial(t)
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if c, err := d.Dial(ctx, h); !errors.Is(err, cause) {
			t.Errorf("dial: %v, %v; want the cause", c, err)
		}
	})

	t.Run("a context that has ended lets no command begin", func(t *testing.T) {
		outer, c := connect(t)
		ctx, cancel := context.WithCancelCause(outer)
		cancel(runner.ErrTimeout)
		wantFailure(t, c.Exec(ctx, True, runner.Stdio{}), runner.Timeout, "", 0)
	})

	t.Run("a context that ends stops Exec", func(t *testing.T) {
		t.Parallel() // it may wait long
		outer, c := connect(t)
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(outer)
		var said signal
		said.then = func() { cancel(cause) }
		err := c.Exec(ctx, SayAndHang, runner.Stdio{Out: &said})
		if !errors.Is(err, cause) || outer.Err() != nil {
			t.Errorf("%v, want the cause", err)
		}
	})

	t.Run("held input ends with the context and the grace hears last words", func(t *testing.T) {
		outer, c := connect(t)
		ctx, cancel := context.WithCancel(outer)
		var said signal
		said.then = cancel
		err := c.Exec(ctx, LastWords, runner.Stdio{Out: &said, Hold: true, Grace: inventory.Duration(bound)})
		if !errors.Is(err, context.Canceled) || said.String() != "begin\nend\n" {
			t.Errorf("%q and %v, want its last words and the cause", said.String(), err)
		}
	})

	t.Run("held input stays open after the input", func(t *testing.T) {
		outer, c := connect(t)
		ctx, cancel := context.WithCancel(outer)
		var said signal
		said.then = cancel
		err := c.Exec(ctx, LastWords, runner.Stdio{In: strings.NewReader("ignored\n"), Out: &said, Hold: true, Grace: inventory.Duration(bound)})
		if !errors.Is(err, context.Canceled) || said.String() != "begin\nend\n" {
			t.Errorf("%q and %v, want its last words after the context ended", said.String(), err)
		}
	})

	t.Run("an error of the output ends the command and is returned", func(t *testing.T) {
		ctx, c := connect(t)
		full := errors.New("disk full")
		if err := c.Exec(ctx, Endless, runner.Stdio{Out: brokenWriter{full}}); !errors.Is(err, full) {
			t.Errorf("%v, want the error of the writer", err)
		}
	})

	t.Run("an error of the output is returned though the command has ended", func(t *testing.T) {
		ctx, c := connect(t)
		for range 3 {
			full := errors.New("disk full")
			w := lateWriter{full, func() { c.Exec(ctx, True, runner.Stdio{}) }} // while that runs, the first one ends
			if err := c.Exec(ctx, Both, runner.Stdio{Out: w}); !errors.Is(err, full) {
				t.Errorf("%v, want the error of the writer", err)
			}
		}
	})

	t.Run("a child in the background does not hold Exec", func(t *testing.T) {
		t.Parallel() // it may wait long
		ctx, c := connect(t)
		var out bytes.Buffer
		wantFailure(t, c.Exec(ctx, Background, runner.Stdio{Out: &out}), runner.Failed, runner.ExitStatus, 4)
		if out.String() != "front\n" {
			t.Errorf("stdout %q", out.String())
		}
		if l, ok := runner.As[runner.Lingerer](c); !ok {
			t.Error("what a command has left in the background is not told")
		} else if l.Lingering() > 1 { // 0 where the server ends the channel with the command
			t.Errorf("%d commands have left something in the background, want at most 1", l.Lingering())
		}
	})

	t.Run("nothing is written after Exec has returned", func(t *testing.T) {
		outer, c := connect(t)
		ctx, cancel := context.WithCancel(outer)
		w := &guarded{first: cancel}
		c.Exec(ctx, Endless, runner.Stdio{Out: w, Err: w})
		w.forbid(t)
	})
}

func wantFailure(t *testing.T, err error, status runner.Status, reason runner.Reason, exit int) {
	t.Helper()
	s, r := runner.StatusOf(err)
	got := 0
	if f, ok := errors.AsType[*runner.Failure](err); ok {
		got = f.Exit
	}
	if s != status || r != reason || got != exit {
		t.Errorf("%s(%s) exit %d (%v), want %s(%s) exit %d", s, r, got, err, status, reason, exit)
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }

// lateWriter fails after wait.
type lateWriter struct {
	err  error
	wait func()
}

func (l lateWriter) Write([]byte) (int, error) { l.wait(); return 0, l.err }

// signal calls then at its first byte.
type signal struct {
	buf  bytes.Buffer
	once sync.Once
	then func()
}

func (s *signal) Write(p []byte) (int, error) {
	defer s.once.Do(s.then)
	return s.buf.Write(p)
}

func (s *signal) String() string { return s.buf.String() }

// after is a Reader that ends when all have begun.
type after struct{ all *sync.WaitGroup }

func (a after) Read([]byte) (int, error) {
	a.all.Wait()
	return 0, io.EOF
}

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
