package runner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

func TestExecIsTakenBeforeTheCommandBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		taken := map[string]bool{}
		fake := &connsuite.Fake{Exec: func(_ context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
			mu.Lock()
			defer mu.Unlock()
			if !taken[h.Name] {
				t.Errorf("%s ran before its exec event was taken", h.Name)
			}
			return nil
		}}
		p := runner.Plan{Fanout: 8, Hosts: hosts(100)}
		for batch := range runner.Run(t.Context(), p, command("x"), fake, &memory{}) {
			synctest.Wait() // everything that can run has run
			mu.Lock()
			for _, e := range batch {
				if e.Kind == runner.KindExec {
					taken[e.Host] = true
				}
			}
			mu.Unlock()
		}
		if len(taken) != 100 {
			t.Errorf("%d exec events, want 100", len(taken))
		}
	})
}

// TestACommandThatIsNotTakenDoesNotBegin: not even one that the end of the run would not end.
func TestACommandThatIsNotTakenDoesNotBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &connsuite.Fake{}
		a := do(func(ctx context.Context, t *runner.Target) error {
			return t.Exec(context.WithoutCancel(ctx), connsuite.True, runner.Stdio{})
		})
		for batch := range runner.Run(t.Context(), runner.Plan{Hosts: hosts(10)}, a, fake, nil) {
			if slices.ContainsFunc(batch, func(e runner.Event) bool { return e.Kind == runner.KindExec }) {
				break
			}
		}
		if fake.Executed != 0 {
			t.Errorf("%d commands began", fake.Executed)
		}
	})
}

// TestContextOfAnActionsOwn: a context that ends by itself is neither a run that was stopped nor one that is out of time, and a
// command that is given one that has ended does not begin.
func TestContextOfAnActionsOwn(t *testing.T) {
	ended := func(parent context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(parent)
		cancel()
		return ctx, cancel
	}
	short := func(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
		return func(parent context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(parent, d)
		}
	}
	soon := func(parent context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(parent)
		time.AfterFunc(time.Second, cancel)
		return ctx, cancel
	}
	for _, tt := range []struct {
		name   string
		own    func(parent context.Context) (context.Context, context.CancelFunc)
		began  bool
		status runner.Status
		says   string
	}{
		{"expired before", short(0), false, runner.Timeout, "not started: context deadline exceeded"},
		{"cancelled before", ended, false, runner.Error, "not started: context canceled"},
		{"expires", short(time.Second), true, runner.Timeout, "stopped: context deadline exceeded"},
		{"cancelled", soon, true, runner.Error, "stopped: context canceled"},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := do(func(ctx context.Context, t *runner.Target) error {
				ctx, cancel := tt.own(ctx)
				defer cancel()
				return t.Exec(ctx, connsuite.SayAndHang, runner.Stdio{})
			})
			p, began := runner.Plan{Hosts: hosts(1)}, false
			e := finishes(t, func(yield func([]runner.Event) bool) {
				for batch := range runner.Run(t.Context(), p, a, &connsuite.Fake{}, nil) {
					began = began || slices.ContainsFunc(batch, func(e runner.Event) bool { return e.Kind == runner.KindExec })
					if !yield(batch) {
						return
					}
				}
			}, p.Hosts)["h00000"]
			if e.Status != tt.status || e.Reason != "" || e.Error != tt.says || began != tt.began {
				t.Errorf("%s: %s(%s) %q, began: %v; want %s %q, %v", tt.name, e.Status, e.Reason, e.Error, began, tt.status, tt.says, tt.began)
			}
		})
	}
}

// TestExecAddsWhatThePlanSays: the limits of a command, its terminal, and what it is told of itself.
func TestExecAddsWhatThePlanSays(t *testing.T) {
	second := runner.Duration(time.Second)
	for _, tt := range []struct {
		clocks             runner.Clocks
		grace, limit       runner.Duration // that the action gives
		wantGrace, wantMax runner.Duration
	}{
		{},
		{runner.Clocks{Grace: 5 * second, Attempt: 60 * second}, 0, 0, 5 * second, 60 * second},
		{runner.Clocks{Grace: 5 * second, Attempt: 60 * second}, 2 * second, 30 * second, 7 * second, 30 * second},
		{runner.Clocks{}, 2 * second, 0, 0, 0},
	} {
		var got runner.Stdio
		fake := &connsuite.Fake{Exec: func(_ context.Context, _ inventory.Host, _ string, s runner.Stdio) error {
			got = s
			return nil
		}}
		a := do(func(ctx context.Context, t *runner.Target) error {
			return t.Exec(ctx, "x", runner.Stdio{Env: []string{"A=1"}, Grace: tt.grace, Limit: tt.limit})
		})
		p := runner.Plan{Run: "r", Hosts: hosts(1), Indexes: []int{7}, TTY: true, Clocks: tt.clocks}
		finishes(t, runner.Run(t.Context(), p, a, fake, nil), p.Hosts)
		if got.Grace != tt.wantGrace || got.Limit != tt.wantMax || !got.TTY || fmt.Sprint(got.Env) != "[HAIL_HOST=h00000 HAIL_RUN=r HAIL_INDEX=7 A=1]" {
			t.Errorf("%+v: the command gets %+v", tt, got)
		}
	}
}

func TestTheClockOfAnAttemptStartsWithItsCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &connsuite.Fake{
			DialTime: func(inventory.Host) time.Duration { return time.Hour },
			Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
				d := 59 * time.Second
				if h.Name == "h00001" {
					d = 61 * time.Second
				}
				return connsuite.Sleep(ctx, d)
			},
		}
		p := runner.Plan{Fanout: 1, Hosts: hosts(3), Clocks: runner.Clocks{Attempt: inventory.Duration(time.Minute)}}
		got := finishes(t, func(yield func([]runner.Event) bool) {
			for batch := range runner.Run(t.Context(), p, command("x"), fake, &memory{}) {
				time.Sleep(10 * time.Minute) // a slow consumer
				if !yield(batch) {
					return
				}
			}
		}, p.Hosts)
		for host, want := range map[string]runner.Status{"h00000": runner.OK, "h00001": runner.Timeout, "h00002": runner.OK} {
			if got[host].Status != want {
				t.Errorf("%s: %s, want %s", host, got[host].Status, want)
			}
		}
	})
}

// TestInputThatCanNotBeRead: a command that got only a part of its input is not ok, even if it ends well.
func TestInputThatCanNotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, waits := range []bool{false, true} { // for an end of the input that does not come, or takes the error for it
			fake := &connsuite.Fake{Exec: func(ctx context.Context, _ inventory.Host, _ string, s runner.Stdio) error {
				io.Copy(s.Out, s.In)
				if waits {
					<-ctx.Done()
					return context.Cause(ctx)
				}
				return nil
			}}
			a := do(func(ctx context.Context, t *runner.Target) error {
				in := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("input/output error")))
				return t.Exec(ctx, "x", runner.Stdio{In: in, Out: t.Out})
			})
			p := runner.Plan{Hosts: hosts(1)}
			e := finishes(t, runner.Run(t.Context(), p, a, fake, &memory{}), p.Hosts)["h00000"]
			if e.Status != runner.Error || e.Error != "the input of the command: input/output error" {
				t.Errorf("%s: %s, want an error of the input", e.Status, e.Error)
			}
		}
	})
}
