package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

func refused(reason runner.Reason) error {
	return &runner.Failure{Status: runner.Unreachable, Reason: reason, Err: errors.New(string(reason))}
}

func share(text string) *runner.Share {
	s, err := runner.ParseShare(text)
	if err != nil {
		panic(err)
	}
	return &s
}

func waves(text string) runner.Waves {
	w, err := runner.ParseWaves(text)
	if err != nil {
		panic(err)
	}
	return w
}

// ran is the events of a run, and what follows from them.
type ran struct {
	finish map[string]runner.Event
	events []runner.Event
	took   time.Duration
	end    runner.Event
}

// play runs a plan in virtual time. A command takes a second, unless the fake does something else.
func play(t *testing.T, p runner.Plan, fake *connsuite.Fake, gates ...runner.Gate) (r ran) {
	t.Helper()
	if fake.Exec == nil {
		fake.Exec = func(ctx context.Context, _ inventory.Host, _ string, _ runner.Stdio) error {
			return connsuite.Sleep(ctx, time.Second)
		}
	}
	begun := time.Now()
	r.finish = finishes(t, func(yield func([]runner.Event) bool) {
		for batch := range runner.Run(t.Context(), p, command("x"), fake, &memory{}, gates...) {
			r.events = append(r.events, batch...)
			if !yield(batch) {
				return
			}
		}
	}, p.Hosts)
	r.took = time.Since(begun)
	r.end = r.events[len(r.events)-1]
	return r
}

// counts returns how the hosts ended, as in "3 ok, 1 unreachable(refused)".
func (r ran) counts() string {
	n := map[string]int{}
	for _, e := range r.finish {
		key := string(e.Status)
		if e.Reason != "" {
			key += "(" + string(e.Reason) + ")"
		}
		n[key]++
	}
	var all []string
	for key, count := range n {
		all = append(all, fmt.Sprintf("%d %s", count, key))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// waves returns the size of each wave, and its hosts that made an attempt.
func (r ran) waves() (all []string) {
	for _, e := range r.events {
		switch e.Kind {
		case runner.KindWave:
			all = append(all, fmt.Sprintf("%d:", e.Count))
		case runner.KindAttempt:
			if e.Attempt == 1 && len(all) > 0 {
				all[len(all)-1] += " " + strings.TrimLeft(e.Host, "h0")
			}
		}
	}
	return all
}

type gateFunc func(ctx context.Context, w runner.WaveResult) error

func (f gateFunc) Pass(ctx context.Context, w runner.WaveResult) error { return f(ctx, w) }

// down is a fake of which the named hosts are unreachable.
func down(reason runner.Reason, names ...string) *connsuite.Fake {
	return &connsuite.Fake{DialErr: func(h inventory.Host) error {
		if slices.Contains(names, h.Name) {
			return refused(reason)
		}
		return nil
	}}
}

func TestWaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := play(t, runner.Plan{Hosts: hosts(10), Fanout: 1, Pace: runner.Pace{Waves: waves("1,30%")}}, &connsuite.Fake{})
		if got := strings.Join(r.waves(), "|"); got != "1: |3: 1 2 3|3: 4 5 6|3: 7 8 9" {
			t.Errorf("the waves are %s", got)
		}
		if r.counts() != "10 ok" || r.took != 10*time.Second {
			t.Errorf("%s in %v", r.counts(), r.took)
		}

		// A wave waits for its slowest host, and the pause begins after the wave.
		slow := &connsuite.Fake{Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
			return connsuite.Sleep(ctx, map[string]time.Duration{"h00000": time.Hour}[h.Name])
		}}
		r = play(t, runner.Plan{Hosts: hosts(4), Pace: runner.Pace{Waves: waves("50%"), Pause: runner.Duration(time.Minute)}}, slow)
		if r.counts() != "4 ok" || r.took != time.Hour+time.Minute {
			t.Errorf("%s in %v", r.counts(), r.took)
		}
	})
}

// TestUnreachableCanary: a host that was not reached proves nothing, so the next host takes its place in the wave.
func TestUnreachableCanary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := play(t, runner.Plan{Hosts: hosts(5), Fanout: 1, Pace: runner.Pace{Waves: waves("1,100%")}}, down(runner.Refused, "h00000", "h00001"))
		if got := strings.Join(r.waves(), "|"); got != "1:  1 2|2: 3 4" {
			t.Errorf("the waves are %s", got)
		}
		if r.counts() != "2 unreachable(refused), 3 ok" {
			t.Errorf("%s, want 2 unreachable(refused), 3 ok", r.counts())
		}
		all := &connsuite.Fake{DialErr: func(inventory.Host) error { return refused(runner.Refused) }}
		r = play(t, runner.Plan{Hosts: hosts(20), Pace: runner.Pace{Waves: waves("1,100%")}}, all)
		if r.counts() != "20 unreachable(refused)" || r.end.Reason != "" {
			t.Errorf("with all hosts unreachable: %s, end %q, want 20 unreachable(refused) and no reason", r.counts(), r.end.Reason)
		}
	})
}

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		gate := gateFunc(func(ctx context.Context, w runner.WaveResult) error {
			seen = append(seen, fmt.Sprintf("wave %d of %s: %d ok, %d finished, %d left, %s first", w.Wave, w.Run, w.Counts[runner.OK], w.Finished, w.Left, w.Hosts[0].Host))
			if w.Wave == 2 {
				return errors.New("the pager rings")
			}
			return nil
		})
		r := play(t, runner.Plan{Run: "r", Hosts: hosts(10), Fanout: 1, Pace: runner.Pace{Waves: waves("1,2,100%")}}, &connsuite.Fake{}, gate)
		want := []string{"wave 1 of r: 1 ok, 1 finished, 9 left, h00000 first", "wave 2 of r: 2 ok, 3 finished, 7 left, h00001 first"}
		if !slices.Equal(seen, want) {
			t.Errorf("the gate saw %q, want %q", seen, want)
		}
		if r.counts() != "3 ok, 7 skipped(gate)" || r.end.Reason != runner.GateClosed || r.end.Error != "the pager rings" {
			t.Errorf("%s, end %q %q", r.counts(), r.end.Reason, r.end.Error)
		}
		never := gateFunc(func(context.Context, runner.WaveResult) error {
			t.Error("the gate was asked after the last wave")
			return nil
		})
		play(t, runner.Plan{Hosts: hosts(3)}, &connsuite.Fake{}, never)
	})
}

// TestStoppedAtTheGate: when the run is stopped while a gate is asked, no other gate is, and no wave begins.
func TestStoppedAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := gateFunc(func(context.Context, runner.WaveResult) error {
			time.Sleep(time.Minute)
			return nil
		})
		never := gateFunc(func(context.Context, runner.WaveResult) error {
			t.Error("the second gate was asked after the run had been stopped")
			return nil
		})
		plan := runner.Plan{Hosts: hosts(3), Pace: runner.Pace{Waves: waves("1")}, Clocks: runner.Clocks{Run: runner.Duration(30 * time.Second)}}
		r := play(t, plan, &connsuite.Fake{}, slow, never)
		if r.counts() != "1 ok, 2 skipped(run-timeout)" || r.end.Reason != runner.OutOfTime || len(r.waves()) != 1 {
			t.Errorf("%s in %d waves, end %q; want 2 skipped, 1 wave", r.counts(), len(r.waves()), r.end.Reason)
		}
	})
}

func TestBudget(t *testing.T) {
	failing := func(names ...string) *connsuite.Fake {
		return &connsuite.Fake{Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
			if !slices.Contains(names, h.Name) {
				return connsuite.Sleep(ctx, 10*time.Second)
			}
			if err := connsuite.Sleep(ctx, time.Second); err != nil {
				return err
			}
			return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1}
		}}
	}
	for _, tt := range []struct {
		name string
		plan runner.Plan
		fake *connsuite.Fake
		want string
		end  runner.Reason
	}{
		{"none", runner.Plan{Fanout: 2}, failing("h00000", "h00001"), "2 failed(exit), 8 ok", ""},
		{"kept", runner.Plan{Fanout: 2, Budget: runner.Budget{Fail: share("2")}}, failing("h00000", "h00001"), "2 failed(exit), 8 ok", ""},
		{"exceeded by the last", runner.Plan{Fanout: 1, Budget: runner.Budget{Fail: share("0")}}, failing("h00009"), "1 failed(exit), 9 ok", ""},
		{"exceeded while others run", runner.Plan{Fanout: 3, Budget: runner.Budget{Fail: share("0")}}, failing("h00001"), "1 failed(exit), 2 ok, 7 skipped(budget)", runner.OverBudget},
		{"exceeded, and what runs is ended", runner.Plan{Fanout: 3, Budget: runner.Budget{Fail: share("0"), Cancel: true}}, failing("h00001"), "1 failed(exit), 2 cancelled(budget), 7 skipped(budget)", runner.OverBudget},
		{"exceeded, and then the time is up", runner.Plan{Fanout: 3, Budget: runner.Budget{Fail: share("0")}, Clocks: runner.Clocks{Run: runner.Duration(5 * time.Second)}}, failing("h00001"), "1 failed(exit), 2 cancelled(run-timeout), 7 skipped(budget)", runner.OverBudget},
		{"a percentage, rounded down", runner.Plan{Fanout: 1, Budget: runner.Budget{Fail: share("19%")}}, failing("h00000", "h00001"), "2 failed(exit), 8 skipped(budget)", runner.OverBudget},
		{"unreachable ones", runner.Plan{Fanout: 1, Budget: runner.Budget{Unreachable: share("1")}}, down(runner.Auth, "h00000", "h00002"), "1 ok, 2 unreachable(auth), 7 skipped(budget)", runner.OverBudget},
		{"unreachable ones are no failures", runner.Plan{Budget: runner.Budget{Fail: share("0")}}, down(runner.Auth, "h00000"), "1 unreachable(auth), 9 ok", ""},
		{"a retry that waits keeps how its attempt ended", runner.Plan{Fanout: 1, Budget: runner.Budget{Fail: share("0")}, Retry: runner.Retry{Unreachable: 3, Delay: runner.Duration(time.Hour)}},
			&connsuite.Fake{DialErr: func(h inventory.Host) error {
				if h.Name == "h00000" {
					return refused(runner.Refused)
				}
				return nil
			}, Exec: func(context.Context, inventory.Host, string, runner.Stdio) error { return errors.New("no") }},
			"1 error, 1 unreachable(refused), 8 skipped(budget)", runner.OverBudget},
		{"a retry that waits is left undone", runner.Plan{Fanout: 1, Budget: runner.Budget{Fail: share("0")}, Retry: runner.Retry{Unreachable: 3, Delay: runner.Duration(time.Hour)}},
			&connsuite.Fake{DialErr: func(h inventory.Host) error {
				if h.Name == "h00000" {
					return refused(runner.Refused)
				}
				return nil
			}, Exec: func(_ context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
				if h.Name == "h00009" {
					return errors.New("no")
				}
				return nil
			}},
			"1 error, 1 unreachable(refused), 8 ok", runner.OverBudget},
		{"exceeded while the last is dialled", runner.Plan{Budget: runner.Budget{Fail: share("0"), Cancel: true}},
			&connsuite.Fake{DialTime: func(h inventory.Host) time.Duration { return map[string]time.Duration{"h00009": time.Hour}[h.Name] },
				Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
					if h.Name == "h00000" {
						time.Sleep(time.Second)
						return errors.New("no")
					}
					return nil
				}},
			"1 error, 1 skipped(budget), 8 ok", runner.OverBudget},
		{"in the first wave", runner.Plan{Pace: runner.Pace{Waves: waves("1,100%")}, Budget: runner.Budget{Fail: share("0")}}, failing("h00000"), "1 failed(exit), 9 skipped(budget)", runner.OverBudget},
		{"a host after which nothing may go on", runner.Plan{Fanout: 1}, &connsuite.Fake{Exec: func(context.Context, inventory.Host, string, runner.Stdio) error {
			return &runner.Failure{Status: runner.Failed, Stop: true}
		}}, "1 failed, 9 skipped(host-stopped)", runner.HostStopped},
		{"the last host, after which nothing may go on", runner.Plan{Fanout: 1}, &connsuite.Fake{Exec: func(_ context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
			if h.Name != "h00009" {
				return nil
			}
			return &runner.Failure{Status: runner.Failed, Stop: true}
		}}, "1 failed, 9 ok", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.plan.Hosts = hosts(10)
				r := play(t, tt.plan, tt.fake)
				if r.counts() != tt.want || r.end.Reason != tt.end {
					t.Errorf("%s, end %q; want %s, %q", r.counts(), r.end.Reason, tt.want, tt.end)
				}
			})
		})
	}
}

// flaky fails so many times at h00000, when it is dialled or in its command, before it succeeds. It counts the tries.
func flaky(times int, failure runner.Failure, tries *int) *connsuite.Fake {
	fails := func(h inventory.Host) error {
		if h.Name != "h00000" || *tries > times {
			return nil
		}
		mine := failure
		return &mine
	}
	return &connsuite.Fake{
		DialErr: func(h inventory.Host) error {
			if h.Name == "h00000" {
				*tries++
			}
			if failure.Status == runner.Unreachable {
				return fails(h)
			}
			return nil
		},
		Exec: func(_ context.Context, h inventory.Host, _ string, _ runner.Stdio) error { return fails(h) },
	}
}

func TestRetries(t *testing.T) {
	second := runner.Duration(time.Second)
	fails := func(s runner.Status, r runner.Reason) runner.Failure { return runner.Failure{Status: s, Reason: r} }
	behind := func(r runner.Reason) runner.Failure {
		return runner.Failure{Status: runner.Unreachable, Reason: runner.Jump, Err: fmt.Errorf("jump host: %w", &runner.Failure{Status: runner.Unreachable, Reason: r})}
	}
	for _, tt := range []struct {
		name     string
		retry    runner.Retry
		times    int
		failure  runner.Failure
		status   runner.Status
		tries    int
		min, max time.Duration
	}{
		{"never by itself", runner.Retry{}, 1, fails(runner.Unreachable, runner.Refused), runner.Unreachable, 1, 0, 0},
		{"a refusal that passes", runner.Retry{Unreachable: 2, Delay: second}, 2, fails(runner.Unreachable, runner.Refused), runner.OK, 3, 2250 * time.Millisecond, 3750 * time.Millisecond},
		{"a refusal that stays", runner.Retry{Unreachable: 2, Delay: second}, 9, fails(runner.Unreachable, runner.Refused), runner.Unreachable, 3, 2250 * time.Millisecond, 3750 * time.Millisecond},
		{"no time to connect, once", runner.Retry{Unreachable: 5, Delay: second}, 9, fails(runner.Unreachable, runner.ConnectTimeout), runner.Unreachable, 2, 750 * time.Millisecond, 1250 * time.Millisecond},
		{"hung up", runner.Retry{Unreachable: 1, Delay: second}, 1, fails(runner.Unreachable, runner.Closed), runner.OK, 2, 15 * time.Second, 30 * time.Second},
		{"turned away", runner.Retry{Unreachable: 5, Delay: second}, 9, fails(runner.Unreachable, runner.Auth), runner.Unreachable, 1, 0, 0},
		{"a changed key", runner.Retry{Unreachable: 5, Delay: second}, 9, fails(runner.Unreachable, runner.HostKeyChanged), runner.Unreachable, 1, 0, 0},
		{"a jump host that is down", runner.Retry{Unreachable: 1, Delay: second}, 1, behind(runner.Refused), runner.OK, 2, 750 * time.Millisecond, 1250 * time.Millisecond},
		{"a jump host that hung up", runner.Retry{Unreachable: 1, Delay: second}, 1, behind(runner.Closed), runner.OK, 2, 15 * time.Second, 30 * time.Second},
		{"no time to connect with a jump host, once", runner.Retry{Unreachable: 5, Delay: second}, 9, behind(runner.ConnectTimeout), runner.Unreachable, 2, 750 * time.Millisecond, 1250 * time.Millisecond},
		{"a jump host with a changed key", runner.Retry{Unreachable: 5, Delay: second}, 9, behind(runner.HostKeyChanged), runner.Unreachable, 1, 0, 0},
		{"lost, whatever is asked for", runner.Retry{Unreachable: 5, Failed: 5, Delay: second}, 9, fails(runner.Lost, ""), runner.Lost, 1, 0, 0},
		{"failed, which may have run", runner.Retry{Unreachable: 5, Delay: second}, 1, fails(runner.Failed, runner.ExitStatus), runner.Failed, 1, 0, 0},
		{"failed, and the user says it is safe", runner.Retry{Failed: 2, Delay: second}, 2, fails(runner.Failed, runner.ExitStatus), runner.OK, 3, 2250 * time.Millisecond, 3750 * time.Millisecond},
		{"failed, and nothing may go on", runner.Retry{Failed: 5, Delay: second}, 9, runner.Failure{Status: runner.Failed, Stop: true}, runner.Failed, 1, 0, 0},
		{"timed out likewise", runner.Retry{Failed: 1, Delay: second}, 1, fails(runner.Timeout, ""), runner.OK, 2, 750 * time.Millisecond, 1250 * time.Millisecond},
		{"our own error", runner.Retry{Unreachable: 5, Failed: 5, Delay: second}, 1, fails(runner.Error, ""), runner.Error, 1, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				r := play(t, runner.Plan{Hosts: hosts(3), Retry: tt.retry, Fanout: 1}, flaky(tt.times, tt.failure, &tries))
				got := r.finish["h00000"]
				if got.Status != tt.status || tries != tt.tries || got.Attempt != tt.tries {
					t.Errorf("%s after %d tries (attempt %d), want %s after %d", got.Status, tries, got.Attempt, tt.status, tt.tries)
				}
				if r.took < tt.min || r.took > tt.max {
					t.Errorf("it took %v, want %v to %v", r.took, tt.min, tt.max)
				}
				if tt.tries > 1 { // the other hosts have had their turn meanwhile
					if e := r.events[len(r.events)-2]; e.Host != "h00000" || e.Kind != runner.KindFinish {
						t.Errorf("the last to finish is %s", e.Host)
					}
				}
				retries := 0
				for _, e := range r.events {
					if e.Kind == runner.KindRetry {
						retries++
						if e.Attempt != retries || e.Status == "" || e.Delay <= 0 {
							t.Errorf("a retry event without its number, status or delay: %+v", e)
						}
					}
				}
				if retries != tt.tries-1 {
					t.Errorf("%d retry events, want %d", retries, tt.tries-1)
				}
			})
		})
	}
}

// TestNotReachedAgain: a host whose command has failed does not end as unreachable, which means that nothing was started.
func TestNotReachedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		fake := &connsuite.Fake{
			DialErr: func(inventory.Host) error {
				if dials++; dials > 1 {
					return refused(runner.Refused)
				}
				return nil
			},
			Exec: func(context.Context, inventory.Host, string, runner.Stdio) error {
				return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Err: errors.New("exit 3")}
			},
		}
		r := play(t, runner.Plan{Hosts: hosts(1), Retry: runner.Retry{Unreachable: 1, Failed: 1, Delay: runner.Duration(time.Second)}}, fake)
		got := r.finish["h00000"]
		if want := "exit 3; the next attempt did not reach it: " + refused(runner.Refused).Error(); got.Status != runner.Failed || got.Exit != 3 || got.Attempt != 3 || got.Error != want {
			t.Errorf("%s, exit %d, attempt %d, %q, want how the first of 3 attempts ended, and %q", got.Status, got.Exit, got.Attempt, got.Error, want)
		}
	})
}

// TestTheNextRetryThatIsDue: a retry that is due soon does not wait for one that began to wait later, or earlier.
func TestTheNextRetryThatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := map[string]int{}
		var order []string
		fake := &connsuite.Fake{DialErr: func(h inventory.Host) error {
			order = append(order, strings.TrimLeft(h.Name, "h0"))
			if dialled[h.Name]++; dialled[h.Name] > 1 {
				return nil
			}
			if h.Name == "h00002" {
				return refused(runner.Refused)
			}
			return refused(runner.Closed) // which waits longer
		}}
		play(t, runner.Plan{Hosts: hosts(4)[1:], Fanout: 1, Retry: runner.Retry{Unreachable: 1, Delay: runner.Duration(time.Second)}}, fake)
		if got := strings.Join(order[:4], " "); got != "1 2 3 2" {
			t.Errorf("the attempts are at %s first, want 1 2 3 2", got)
		}
	})
}

// TestRetryAtTheEndOfAWave: the wave waits for a retry, and only then the next wave begins.
func TestRetryAtTheEndOfAWave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		tries := 0
		fake := &connsuite.Fake{DialErr: func(h inventory.Host) error {
			mu.Lock()
			defer mu.Unlock()
			if h.Name == "h00001" {
				if tries++; tries == 1 {
					return refused(runner.Refused)
				}
			}
			return nil
		}}
		r := play(t, runner.Plan{Hosts: hosts(4), Fanout: 1, Pace: runner.Pace{Waves: waves("2")}, Retry: runner.Retry{Unreachable: 1, Delay: runner.Duration(time.Minute)}}, fake)
		if got := strings.Join(r.waves(), "|"); r.counts() != "4 ok" || got != "2:  1|2: 2 3" {
			t.Errorf("%s, the waves are %s", r.counts(), got)
		}
		if r.took < 45*time.Second {
			t.Errorf("the run took %v, less than the delay of a retry", r.took)
		}
	})
}

// TestStoppedBeforeAnotherAttempt: a host that is stopped before its next attempt has begun, be it when that is due or
// while the host is dialled, keeps how the attempt before ended.
func TestStoppedBeforeAnotherAttempt(t *testing.T) {
	for i := range 50 { // whether the stop or the due attempt is seen first is left to chance
		synctest.Test(t, func(t *testing.T) {
			dials, begun := 0, 0
			fake := &connsuite.Fake{
				DialTime: func(inventory.Host) time.Duration {
					dials++
					return time.Duration(dials-1) * time.Minute
				},
				Exec: func(context.Context, inventory.Host, string, runner.Stdio) error {
					return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1}
				},
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p := runner.Plan{Hosts: hosts(1), Retry: runner.Retry{Failed: 1, Delay: runner.Duration(time.Second)}}
			got := finishes(t, func(yield func([]runner.Event) bool) {
				for batch := range runner.Run(ctx, p, command("x"), fake, &memory{}) {
					for _, e := range batch {
						switch e.Kind {
						case runner.KindAttempt:
							begun++
						case runner.KindRetry:
							time.AfterFunc(e.Delay+time.Duration(i%2)*time.Second, cancel)
						}
					}
					if !yield(batch) {
						return
					}
				}
			}, p.Hosts)["h00000"]
			if got.Status != runner.Failed || got.Exit != 1 || got.Attempt != begun {
				t.Fatalf("%s(%s), exit %d, attempt %d; want how the first attempt ended", got.Status, got.Reason, got.Exit, got.Attempt)
			}
			if told := strings.HasSuffix(got.Error, "; the next attempt was stopped while connecting"); told != (begun == 2) {
				t.Fatalf("%d attempts began, and the error is %q", begun, got.Error)
			}
		})
	}
}

func TestRunTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &connsuite.Fake{
			DialTime: func(h inventory.Host) time.Duration { return map[string]time.Duration{"h00001": time.Hour}[h.Name] },
			Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
				return connsuite.Sleep(ctx, time.Hour)
			},
		}
		r := play(t, runner.Plan{Hosts: hosts(5), Fanout: 2, Clocks: runner.Clocks{Run: runner.Duration(time.Minute)}}, fake)
		if r.counts() != "1 cancelled(run-timeout), 4 skipped(run-timeout)" || r.end.Reason != runner.OutOfTime || r.took != time.Minute {
			t.Errorf("%s, end %q, after %v", r.counts(), r.end.Reason, r.took)
		}
		// The timeout also ends a pause.
		r = play(t, runner.Plan{Hosts: hosts(2), Pace: runner.Pace{Waves: waves("1"), Pause: runner.Duration(time.Hour)}, Clocks: runner.Clocks{Run: runner.Duration(time.Minute)}}, &connsuite.Fake{})
		if r.counts() != "1 ok, 1 skipped(run-timeout)" || r.took != time.Minute {
			t.Errorf("%s after %v", r.counts(), r.took)
		}
	})
}

// TestStoppedWithTheLastAttempt: the end says why the run was stopped, also when its last attempt ended at that moment.
func TestStoppedWithTheLastAttempt(t *testing.T) {
	for range 300 { // which of the two is seen first is left to chance
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			fake := &connsuite.Fake{DialErr: func(inventory.Host) error {
				return &runner.Failure{Status: runner.Unreachable, Reason: runner.Refused}
			}}
			p := runner.Plan{Hosts: hosts(1), Retry: runner.Retry{Unreachable: 1, Delay: runner.Duration(time.Minute)}}
			for batch := range runner.Run(ctx, p, command("x"), fake, &memory{}) {
				for _, e := range batch {
					switch {
					case e.Kind == runner.KindRetry:
						cancel()
					case e.Kind == runner.KindEnd && e.Reason != runner.Interrupt:
						t.Fatalf("the end has the reason %q", e.Reason)
					}
				}
			}
		})
	}
}

func TestRateAndSplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := play(t, runner.Plan{Hosts: hosts(50), Pace: runner.Pace{Rate: 5}}, &connsuite.Fake{})
		if r.counts() != "50 ok" || r.took != 49*200*time.Millisecond+time.Second {
			t.Errorf("at 5 a second: %s in %v", r.counts(), r.took)
		}
		r = play(t, runner.Plan{Hosts: hosts(500), Pace: runner.Pace{Splay: runner.Duration(time.Hour)}}, &connsuite.Fake{})
		if r.counts() != "500 ok" || r.took < 50*time.Minute || r.took > time.Hour+time.Second {
			t.Errorf("spread over an hour: %s in %v", r.counts(), r.took)
		}
	})
}

func TestPer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := hosts(30)
		for i := range all {
			if rack := i % 4; rack < 3 { // the other hosts have no rack
				all[i].Vars = map[string]any{"rack": rack}
			}
		}
		var mu sync.Mutex
		busy, most := map[any]int{}, map[any]int{}
		fake := &connsuite.Fake{Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
			rack := h.Vars["rack"]
			mu.Lock()
			busy[rack]++
			most[rack] = max(most[rack], busy[rack])
			mu.Unlock()
			err := connsuite.Sleep(ctx, time.Second)
			mu.Lock()
			busy[rack]--
			mu.Unlock()
			return err
		}}
		r := play(t, runner.Plan{Hosts: all, Pace: runner.Pace{Per: &runner.PerVar{Var: "rack", Most: 2}}}, fake)
		if r.counts() != "30 ok" || r.took != 4*time.Second {
			t.Errorf("%s in %v", r.counts(), r.took)
		}
		if fmt.Sprint(most) != "map[<nil>:7 0:2 1:2 2:2]" {
			t.Errorf("most hosts at once in each rack: %v, want 2 in each, and 7 without a rack", most)
		}
		if r := play(t, runner.Plan{Hosts: all, Pace: runner.Pace{Per: &runner.PerVar{Var: "rack"}}}, fake); r.counts() != "30 ok" {
			t.Errorf("without a limit: %s", r.counts())
		}
	})
}

// TestAHostThatNeverEnds: such a host only holds up its own wave.
func TestAHostThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &connsuite.Fake{Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
			if h.Name == "h00000" {
				return connsuite.Sleep(ctx, 1000*time.Hour)
			}
			return connsuite.Sleep(ctx, time.Second)
		}}
		r := play(t, runner.Plan{Hosts: hosts(1000), Fanout: 2, Clocks: runner.Clocks{Run: runner.Duration(2 * time.Hour)}}, fake)
		if r.counts() != "1 cancelled(run-timeout), 999 ok" {
			t.Errorf("%s, want 1 cancelled(run-timeout), 999 ok", r.counts())
		}
	})
}
