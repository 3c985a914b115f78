package push_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/action/push"
)

// TestPushOverLanes: when the round trip is long, a large file goes over further channels beside the one of the push,
// as many as the host opens, or over that one alone.
func TestPushOverLanes(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		src := filepath.Join(t.TempDir(), "large")
		spec := &push.Spec{Files: []push.FileSpec{{Src: src, Dest: m.dir + "/large", Delete: "none"},
			{Content: new(string), Dest: m.dir + "/small", Delete: "none"}}}
		m.trip = 50 * time.Millisecond
		content := randomBytes(16<<20 + 12345)
		if err := os.WriteFile(src, content, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			sessions, execs int32
			refusal         time.Duration
		}{{0, 10, 0}, {3, 10, 0}, {2, 10, time.Second}, {1, 3, 0}} {
			if tt.sessions > 1 && strings.HasSuffix(t.Name(), "busybox") {
				continue // how many there are is nothing to the host's tools
			}
			if err := errors.Join(os.RemoveAll(m.dir+"/large"), os.RemoveAll(m.dir+"/small")); err != nil {
				t.Fatal(err)
			}
			m.sessions, m.refusal = tt.sessions, tt.refusal
			p := m.pushSpec(t, t.Context(), spec, nil)
			p.want(t, fmt.Sprint(tt.sessions, " sessions"), runner.Changed, "", "")
			if got := m.read(t, "large"); got != string(content) {
				t.Errorf("%d sessions: %d bytes arrived, not the %d that were sent", tt.sessions, len(got), len(content))
			}
			if m.execs.Load() != tt.execs {
				t.Errorf("%d sessions: %d commands, want %d", tt.sessions, m.execs.Load(), tt.execs)
			}
			m.clean(t)
		}
	})
}

// TestPushOverLanesIsWholeOrNot: a push that is killed while parts of a file arrive leaves the old file in place. The
// next push leaves nothing of it behind.
func TestPushOverLanesIsWholeOrNot(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "busybox")
	src := written(t, "large", string(randomBytes(17<<20)))
	m.write(t, "large", "old", 0o644)
	m.trip = 50 * time.Millisecond
	spec := &push.Spec{Files: []push.FileSpec{{Src: src, Dest: m.dir + "/large", Delete: "none"}}}
	slowly := func(p *push.Push) { p.Limit = 10 << 20 }
	for _, m.grace = range []time.Duration{time.Millisecond, time.Second} { // the first push is killed at once
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		m.pushSpec(t, ctx, spec, slowly)
		cancel()
		if got := m.read(t, "large"); got != "old" {
			t.Errorf("the file has %d bytes, want the old content", len(got))
		}
	}
	m.grace = 0
	m.push(t, t.Context(), `files: [{content: new, dest: DIR/large}]`, func(p *push.Push) { p.Patience = 20 }).want(t, "at last", runner.Changed, "", "")
	if got := m.read(t, "large"); got != "new" {
		t.Errorf("the file has %.10q, want \"new\"", got)
	}
	m.clean(t)
}

// TestPushOverLanesOfItsOwn: a channel of a push that was stopped may end when the next push is at work already. That one
// does not take it for its own.
func TestPushOverLanesOfItsOwn(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "gnu")
	content := randomBytes(17 << 20)
	src := written(t, "large", string(content))
	m.trip = 50 * time.Millisecond
	spec := &push.Spec{Files: []push.FileSpec{{Src: src, Dest: m.dir + "/large", Delete: "none"}}}
	patient := func(p *push.Push) { p.Patience = 20 }
	type ofFirst struct{}
	first, stop := context.WithCancelCause(context.WithValue(t.Context(), ofFirst{}, true))
	stopped, arriving := make(chan bool), make(chan bool)
	arrive := sync.OnceFunc(func() { close(arriving) })
	m.lane = func(ctx context.Context, in io.Reader) (context.Context, io.Reader) {
		if ctx.Value(ofFirst{}) != nil {
			stop(runner.Stopped(runner.Interrupt))
			return context.WithoutCancel(ctx), waiting{arriving, strings.NewReader("")}
		}
		arrive()
		return ctx, waiting{stopped, in}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		m.pushSpec(t, first, spec, nil)
		time.AfterFunc(time.Second, func() { close(stopped) }) // time to take it for the end of the next one's
	})
	<-first.Done()
	m.pushSpec(t, t.Context(), spec, patient).want(t, "the next", runner.Changed, "", "")
	if m.read(t, "large") != string(content) {
		t.Error("the file is not what was sent")
	}
	wg.Wait()
	m.clean(t)
}

// TestPushOverLanesTogether: no part is begun between the ends of those that were begun together.
func TestPushOverLanesTogether(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "gnu")
	content := string(randomBytes(16 << 20))
	one, two := written(t, "one", content), written(t, "two", content)
	m.trip = 50 * time.Millisecond
	const lanes = 8
	var begun, ended atomic.Int32
	all, others := make(chan bool), make(chan bool)
	release := sync.OnceFunc(func() { close(others) })
	m.lane = func(ctx context.Context, in io.Reader) (context.Context, io.Reader) {
		end := sync.OnceFunc(func() {
			if ended.Add(1) == lanes-1 {
				release()
			}
		})
		in = atEnd{in, end}
		switch n := begun.Add(1); {
		case n < lanes:
			return ctx, waiting{all, in}
		case n == lanes:
			close(all)
			return ctx, waiting{others, in}
		}
		if n := ended.Load(); n < lanes {
			t.Errorf("a part is begun when %d of %d have ended", n, lanes)
		}
		release()
		return ctx, in
	}
	spec := &push.Spec{Files: []push.FileSpec{{Src: one, Dest: m.dir + "/one", Delete: "none"}, {Src: two, Dest: m.dir + "/two", Delete: "none"}}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m.pushSpec(t, ctx, spec, nil).want(t, "two files", runner.Changed, "", "")
	if begun.Load() != 2*lanes {
		t.Errorf("%d parts, want %d", begun.Load(), 2*lanes)
	}
}

// atEnd is a reader that calls then when it has been read to its end.
type atEnd struct {
	io.Reader
	then func()
}

func (a atEnd) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	if err == io.EOF {
		a.then()
	}
	return n, err
}

// waiting is a reader that waits before it is read.
type waiting struct {
	until chan bool
	io.Reader
}

func (w waiting) Read(b []byte) (int, error) {
	<-w.until
	return w.Reader.Read(b)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
