package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

// randomRun is a plan, and what happens on its hosts.
type randomRun struct {
	plan     runner.Plan
	attempts map[string][]outcome // of each host, in order; the last one is repeated
	stopAt   time.Duration        // when the user stops the run; 0: never
}

// outcome is how an attempt goes: reaching the host takes dial, and the command exec.
type outcome struct {
	dial, exec time.Duration
	failure    *runner.Failure // nil: it ends well
}

func drawRun(t *rapid.T) (r randomRun) {
	seconds := func(most int, label string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Second
	}
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	p := &r.plan
	p.Hosts = hosts(rapid.IntRange(0, 25).Draw(t, "hosts"))
	for i := range p.Hosts {
		p.Hosts[i].Vars = map[string]any{}
		if rack := rapid.IntRange(0, 3).Draw(t, "rack"); rack > 0 {
			p.Hosts[i].Vars["rack"] = fmt.Sprint(rack)
		}
	}
	p.Fanout = rapid.IntRange(0, 6).Draw(t, "fanout")
	if maybe("per") {
		p.Per = &runner.PerVar{Var: "rack", Most: rapid.IntRange(1, 3).Draw(t, "most")}
	}
	if maybe("rated") {
		p.Rate = float64(rapid.IntRange(1, 8).Draw(t, "rate")) / 4
	}
	if maybe("splayed") {
		p.Splay = runner.Duration(seconds(10, "splay"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "waves") {
		p.Waves = append(p.Waves, runner.Share{Value: float64(rapid.IntRange(1, 60).Draw(t, "wave")), Percent: maybe("percent")})
	}
	p.Pause = runner.Duration(seconds(5, "pause"))
	if maybe("max-fail") {
		p.Budget.Fail = &runner.Share{Value: float64(rapid.IntRange(0, 5).Draw(t, "fail"))}
	}
	if maybe("max-unreachable") {
		p.Budget.Unreachable = &runner.Share{Value: float64(rapid.IntRange(0, 50).Draw(t, "unreachable")), Percent: true}
	}
	p.Budget.Cancel = maybe("cancel")
	p.Retry = runner.Retry{Unreachable: rapid.IntRange(0, 3).Draw(t, "retries"), Failed: rapid.IntRange(0, 2).Draw(t, "retry-failed"), Delay: runner.Duration(seconds(4, "delay"))}
	if maybe("run-timeout") {
		p.Clocks.Run = runner.Duration(time.Second + seconds(90, "run"))
	}
	if maybe("stopped") {
		r.stopAt = time.Second + seconds(90, "stop")
	}
	failures := []*runner.Failure{nil, nil, nil, {Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1}, {Status: runner.Timeout}, {Status: runner.Lost}, {Status: runner.Error},
		{Status: runner.Unreachable, Reason: runner.Refused}, {Status: runner.Unreachable, Reason: runner.Closed}, {Status: runner.Unreachable, Reason: runner.ConnectTimeout}, {Status: runner.Unreachable, Reason: runner.Auth}}
	if rapid.IntRange(0, 9).Draw(t, "stops") == 0 {
		failures = append(failures, &runner.Failure{Status: runner.Failed, Reason: runner.HandlerFailed, Stop: true})
	}
	r.attempts = map[string][]outcome{}
	for _, h := range p.Hosts {
		for range rapid.IntRange(1, 5).Draw(t, "attempts") {
			r.attempts[h.Name] = append(r.attempts[h.Name], outcome{seconds(3, "dial"), seconds(20, "exec"), rapid.SampledFrom(failures).Draw(t, "failure")})
		}
	}
	return r
}

func (r randomRun) outcome(host string, attempt int) outcome {
	all := r.attempts[host]
	return all[min(attempt, len(all))-1]
}

// play carries the run out in virtual time, and returns its events.
func (r randomRun) play(t *testing.T) (events []runner.Event) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		dialled := map[string]int{}
		now := func(host string) outcome { return r.outcome(host, dialled[host]) }
		fake := &connsuite.Fake{
			DialTime: func(h inventory.Host) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				dialled[h.Name]++
				return now(h.Name).dial
			},
			DialErr: func(h inventory.Host) error {
				mu.Lock()
				defer mu.Unlock()
				if f := now(h.Name).failure; f != nil && f.Status == runner.Unreachable {
					return f
				}
				return nil
			},
			Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
				mu.Lock()
				o := now(h.Name)
				mu.Unlock()
				if err := connsuite.Sleep(ctx, o.exec); err != nil || o.failure == nil {
					return err
				}
				return o.failure
			},
		}
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		if r.stopAt > 0 {
			defer time.AfterFunc(r.stopAt, func() { stop(runner.Stopped(runner.Interrupt)) }).Stop()
		}
		for batch := range runner.Run(ctx, r.plan, command("x"), fake, nil) {
			events = append(events, batch...)
		}
	})
	return events
}

// TestRandomRuns: whatever the plan and the hosts, the limits hold, no host is lost, and nothing is done more often than
// the plan allows.
func TestRandomRuns(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawRun(rt)
		w := watcher{randomRun: r, running: map[string]bool{}, tries: map[string]int{}, due: map[string]time.Time{}, finished: map[string]runner.Event{}}
		events := r.play(t)
		for _, e := range events {
			if err := w.see(e); err != nil {
				rt.Fatalf("event %d (%s %s %d): %v", e.Seq, e.Kind, e.Host, e.Attempt, err)
			}
		}
		if err := w.done(events[0], events[len(events)-1]); err != nil {
			rt.Fatal(err)
		}
	})
}

// watcher follows the events of a run, and says what must not be.
type watcher struct {
	randomRun
	running  map[string]bool      // hosts with an attempt under way
	tries    map[string]int       // attempts of each host
	due      map[string]time.Time // when a host may be tried again
	finished map[string]runner.Event
	begun    time.Time // the last attempt
	halted   time.Time // when nothing more may start
	failed   int
	missed   int  // unreachable hosts
	undone   bool // a host was stopped, or not tried again

	size, proven int // of the wave: how many hosts it needs, and how many ended otherwise than unreachable
}

func (w *watcher) see(e runner.Event) error {
	switch e.Kind {
	case runner.KindWave:
		if len(w.running)+len(w.due) > 0 {
			return errors.New("the wave before has not ended")
		}
		if w.proven != w.size {
			return fmt.Errorf("%d of the %d hosts of the wave before have proven anything", w.proven, w.size)
		}
		w.size, w.proven = e.Count, 0
	case runner.KindAttempt:
		return w.attempt(e)
	case runner.KindRetry:
		delete(w.running, e.Host)
		w.due[e.Host] = e.Time.Add(e.Delay)
		return w.retry(e)
	case runner.KindFinish:
		return w.finish(e)
	}
	return nil
}

func (w *watcher) attempt(e runner.Event) error {
	p := w.plan
	if !w.halted.IsZero() && e.Time.After(w.halted) {
		return fmt.Errorf("nothing more should have started since %v", e.Time.Sub(w.halted))
	}
	if e.Time.Before(w.due[e.Host]) {
		return fmt.Errorf("this is %v too early", w.due[e.Host].Sub(e.Time))
	}
	if p.Rate > 0 && !w.begun.IsZero() && e.Time.Sub(w.begun) < time.Duration(float64(time.Second)/p.Rate) {
		return errors.New("this is faster than the rate")
	}
	w.begun = e.Time
	delete(w.due, e.Host)
	w.running[e.Host] = true
	if w.tries[e.Host]++; w.tries[e.Host] != e.Attempt {
		return fmt.Errorf("it is attempt %d", w.tries[e.Host])
	}
	if p.Fanout > 0 && len(w.running) > p.Fanout {
		return fmt.Errorf("%d hosts at once", len(w.running))
	}
	racks := map[string]int{}
	for _, h := range p.Hosts {
		if rack := inventory.Attribute(h, "rack"); w.running[h.Name] && rack != "" {
			if racks[rack]++; p.Per != nil && racks[rack] > p.Per.Most {
				return fmt.Errorf("%d hosts at once in rack %s", racks[rack], rack)
			}
		}
	}
	return nil
}

// mayRetry reports whether the plan lets a host that has made so many attempts be tried again.
func (w *watcher) mayRetry(host string, attempts int) bool {
	counts := map[runner.Status]int{}
	reasons := map[runner.Reason]int{}
	var last runner.Failure
	for i := 1; i <= attempts; i++ {
		f := w.outcome(host, i).failure
		if f == nil {
			return false
		}
		last = *f
		counts[f.Status]++
		reasons[f.Reason]++
	}
	switch last.Status {
	case runner.Unreachable:
		return last.Reason != runner.Auth && counts[runner.Unreachable] <= w.plan.Retry.Unreachable && reasons[runner.ConnectTimeout] < 2
	case runner.Failed, runner.Timeout:
		return !last.Stop && counts[runner.Failed]+counts[runner.Timeout] <= w.plan.Retry.Failed
	}
	return false
}

func (w *watcher) retry(e runner.Event) error {
	if !w.mayRetry(e.Host, e.Attempt) {
		return errors.New("the plan does not allow that")
	}
	least, most := w.plan.Retry.Delay.Value()*3/4, 10*w.plan.Retry.Delay.Value()
	if e.Reason == runner.Closed {
		least, most = 15*time.Second, 30*time.Second
	}
	if d := e.Delay; d < least || d > most {
		return fmt.Errorf("the delay is %v", d)
	}
	return nil
}

func (w *watcher) finish(e runner.Event) error {
	if _, twice := w.finished[e.Host]; twice {
		return errors.New("it has ended already")
	}
	w.finished[e.Host] = e
	delete(w.running, e.Host)
	delete(w.due, e.Host)
	at := e.Attempt // the attempt that decides
	if strings.HasSuffix(e.Error, "; the next attempt was stopped while connecting") {
		at--
	}
	want, stops := runner.Skipped, false
	if at > 0 {
		want = runner.OK
		if f := w.outcome(e.Host, at).failure; f != nil {
			want, stops = f.Status, f.Stop
		}
	}
	for ran := at; ran > 0 && want == runner.Unreachable; ran-- {
		want = w.outcome(e.Host, ran).failure.Status
	}
	stopped := e.Status == runner.Cancelled || e.Status == runner.Skipped // as may happen at any time
	if e.Status != want && !stopped || e.Attempt != w.tries[e.Host] {
		return fmt.Errorf("it ended as %s, want %s after %d attempts", e.Status, want, w.tries[e.Host])
	}
	w.undone = w.undone || stopped || w.mayRetry(e.Host, at)
	switch e.Status {
	case runner.Failed, runner.Timeout, runner.Lost, runner.Error:
		w.failed++
	case runner.Unreachable:
		w.missed++
	}
	if e.Status != runner.Unreachable {
		w.proven++
	}
	if w.halted.IsZero() && (stops || w.plan.Budget.Exceeded(w.failed, w.missed, len(w.plan.Hosts))) {
		w.halted = e.Time
	}
	return nil
}

func (w *watcher) done(plan, end runner.Event) error {
	if plan.Kind != runner.KindPlan || end.Kind != runner.KindEnd || len(w.finished) != len(w.plan.Hosts) {
		return fmt.Errorf("from %s to %s, %d of %d hosts have ended", plan.Kind, end.Kind, len(w.finished), len(w.plan.Hosts))
	}
	took := end.Time.Sub(plan.Time)
	for _, most := range []time.Duration{w.plan.Clocks.Run.Value(), w.stopAt} {
		if most > 0 && took > most {
			return fmt.Errorf("the run took %v, want at most %v", took, most)
		}
	}
	for host, e := range w.finished {
		if e.Status == runner.Skipped && e.Reason == "" {
			return fmt.Errorf("%s was skipped without a reason", host)
		}
	}
	if w.undone && end.Reason == "" {
		return errors.New("the run ended as if nothing was left undone")
	}
	return nil
}
