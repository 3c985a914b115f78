package local_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/hosttest"
	"hail/runner/local"
)

// TestEnvironment: what a command is given comes before the environment of the Dialer. Without a wrapper, which hands over
// secret variables in another way, they are in the environment, too.
func TestEnvironment(t *testing.T) {
	c, err := local.Dialer{Environ: []string{"TOKEN=none", "PLACE=here"}}.Dial(t.Context(), inventory.Host{Name: "here"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var out strings.Builder
	err = c.Exec(t.Context(), `echo "$TOKEN $PLACE $HOME"`, runner.Stdio{Secrets: []string{"TOKEN=sesame"}, Out: &out})
	if got := out.String(); err != nil || got != "sesame here \n" {
		t.Errorf("TOKEN, PLACE and HOME are %q, %v, want sesame, here and nothing", got, err)
	}
}

func TestConn(t *testing.T) {
	t.Parallel()
	connsuite.Run(t, func(*testing.T) (runner.Dialer, inventory.Host) {
		return local.Dialer{}, inventory.Host{Name: "here"}
	})
}

// TestSlowWriter: what a command has printed arrives whole, even if the writer takes its time after the command has
// ended.
func TestSlowWriter(t *testing.T) {
	t.Parallel()
	c, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "here"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	out := &slowWriter{}
	if err := c.Exec(t.Context(), "head -c 60000 /dev/zero", runner.Stdio{Out: out}); err != nil || out.n != 60000 {
		t.Errorf("%d bytes (%v), want 60000", out.n, err)
	}
}

// slowWriter takes longer for the first bytes than a silent output is waited for.
type slowWriter struct{ n int }

func (w *slowWriter) Write(p []byte) (int, error) {
	if w.n == 0 {
		time.Sleep(3 * time.Second)
	}
	w.n += len(p)
	return len(p), nil
}

// TestWithoutDescriptors: a command begins as soon as there are descriptors again, or not at all if its time is up
// before.
func TestWithoutDescriptors(t *testing.T) {
	c, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "here"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(t.Context(), "true", runner.Stdio{}); err != nil { // opens what the runtime needs
		t.Fatal(err)
	}
	giveBack := hosttest.LeaveDescriptors(t, 0)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, runner.ErrTimeout)
	defer cancel()
	if err := c.Exec(ctx, "true", runner.Stdio{}); !errors.Is(err, runner.ErrTimeout) {
		t.Errorf("%v, want the end of the time", err)
	}
	time.AfterFunc(50*time.Millisecond, giveBack)
	if err := c.Exec(t.Context(), "true", runner.Stdio{}); err != nil {
		t.Error(err)
	}
}

// TestWithFewDescriptors: many commands that begin at once wait for descriptors, whatever the one lacks that begins while
// others give theirs back.
func TestWithFewDescriptors(t *testing.T) {
	hosttest.LeaveDescriptors(t, 15)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			c, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "here"})
			for i := 0; i < 20 && err == nil; i++ {
				err = c.Exec(t.Context(), "true", runner.Stdio{Out: io.Discard, Err: io.Discard})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
