package runner

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"hail/inventory"
)

// schedule decides what starts, and when. It runs in one goroutine, which owns everything below; workers report on done
// how attempts ended.
//
//	waves ─► wave: later (splay, retries) ─► ready ─► parked (--per) ─► a slot of the fan-out, at the rate ─► worker: try
//	           ▲                                                                                                    │ done
//	           └────────────── again, after a delay ◄───────────────────────────────────────────────────────────────┤
//	                                                                     finish, budget ◄───────────────────────────┘
type schedule struct {
	*run
	ctx    context.Context // of the attempts
	cancel context.CancelCauseFunc
	done   chan tryResult
	hosts  []*item // those that no wave has taken yet

	// Workers take one host after another: growing a new stack for each would cost a thirtieth of reaching it.
	work    chan *item
	workers sync.WaitGroup
	started int // workers; the most attempts that were under way at once

	slots     int // of the fan-out
	running   int // attempts under way, one in each slot that is taken
	nextStart time.Time
	busy      map[string]int // running hosts by their value of the var in Plan.Per

	halted              bool   // nothing more starts
	why                 Reason // why halted
	stopError           string // the error of the gate that halted it
	incomplete          bool   // a host was skipped or cancelled, or not retried
	failed, unreachable int
	finished            int
}

func (r *run) schedule(ctx context.Context, gates []Gate) {
	s := &schedule{run: r, slots: r.plan.AtOnce(), busy: map[string]int{}}
	s.done, s.work = make(chan tryResult, s.slots), make(chan *item, s.slots)
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	defer s.cancel(nil)
	defer s.workers.Wait()
	defer close(s.work)
	if d := r.plan.Clocks.Run.Value(); d > 0 {
		stop := time.AfterFunc(d, func() { s.cancel(stopped{OutOfTime}) })
		defer stop.Stop()
	}
	items := make([]item, len(r.plan.Hosts))
	for i, h := range r.plan.Hosts {
		items[i] = item{host: h, index: r.plan.Index(i)}
		s.hosts = append(s.hosts, &items[i])
	}
	sizes := r.plan.Waves.Sizes(len(items))
	for i, size := range sizes {
		if len(s.hosts) == 0 || s.halted {
			break
		}
		size = min(size, len(s.hosts)) // earlier waves may have taken more, in place of unreachable hosts
		if len(sizes) > 1 {
			r.emit(Event{Kind: KindWave, Wave: i + 1, Count: size})
		}
		result := s.wave(i+1, size)
		if len(s.hosts) > 0 && !s.halted {
			s.pass(result, gates)
		}
	}
	for _, it := range s.hosts {
		s.skip(it)
	}
	if s.incomplete && s.ctx.Err() != nil { // the wave does not see that when its last attempt ends at the same moment
		s.halt(stopReason(context.Cause(s.ctx)))
	}
	end := Event{Kind: KindEnd, Error: s.stopError}
	// When the last host exceeds the budget or stops the run, nothing is left that could be stopped.
	if s.incomplete || s.why != OverBudget && s.why != HostStopped {
		end.Reason = s.why // empty unless halted
	}
	s.emit(end)
}

// pass waits for the pause between two waves and asks the gates. It halts the run when a gate returns an error, or when
// the run is stopped meanwhile.
func (s *schedule) pass(w WaveResult, gates []Gate) {
	select {
	case <-time.After(s.plan.Pause.Value()):
	case <-s.ctx.Done():
	}
	w.Run, w.Finished, w.Left = s.plan.Run, s.finished, len(s.hosts)
	var closed error
	for _, g := range gates {
		if s.ctx.Err() == nil && closed == nil {
			closed = ask(s.ctx, g, w)
		}
	}
	switch {
	case s.ctx.Err() != nil:
		s.halt(stopReason(context.Cause(s.ctx)))
	case closed != nil:
		s.halt(GateClosed)
		s.stopError = closed.Error()
	}
}

// ask returns the answer of a gate; one that panics is closed.
func ask(ctx context.Context, g Gate, w WaveResult) (err error) {
	defer Caught(&err)
	return g.Pass(ctx, w)
}

// wave runs the next hosts until size of them have ended with a status other than Unreachable. A host that was not
// reached proves nothing, so the next one takes its place, unless none is left.
func (s *schedule) wave(number, size int) WaveResult {
	w := &wave{parked: map[string][]*item{}, result: WaveResult{Wave: number, Counts: map[Status]int{}}}
	s.take(w, size)
	interrupted := s.ctx.Done()
	for {
		if !s.halted {
			s.start(w)
		}
		if s.running == 0 && (s.halted || w.empty()) {
			break
		}
		select {
		case t := <-s.done:
			s.ended(w, t)
		case <-s.due(w):
		case <-interrupted:
			interrupted = nil
			s.halt(stopReason(context.Cause(s.ctx)))
		}
	}
	for _, it := range w.left() {
		if it.tries > 0 {
			s.incomplete = true
			s.finish(w, it)
		} else {
			s.skip(it)
		}
	}
	return w.result
}

// take moves the next n hosts into the wave.
func (s *schedule) take(w *wave, n int) {
	n = min(n, len(s.hosts))
	now := time.Now()
	for _, it := range s.hosts[:n] {
		if splay := s.plan.Splay; splay > 0 {
			w.postpone(it, now.Add(time.Duration(rand.Float64()*float64(splay))))
		} else {
			w.ready = append(w.ready, it)
		}
	}
	s.hosts = s.hosts[n:]
}

// start starts what may start now.
func (s *schedule) start(w *wave) {
	now := time.Now()
	w.wake(now)
	for s.running < s.slots && w.waiting() > 0 && !s.nextStart.After(now) {
		it := w.next()
		if value := s.perValue(it); value != "" {
			if s.busy[value] >= s.plan.Per.Most {
				w.parked[value] = append(w.parked[value], it)
				continue
			}
			s.busy[value]++
		}
		if rate := s.plan.Rate; rate > 0 {
			s.nextStart = now.Add(time.Duration(float64(time.Second) / rate))
		}
		s.running++
		s.work <- it
		if s.running > s.started {
			s.started++
			s.workers.Go(s.worker)
		}
	}
}

func (s *schedule) worker() {
	for it := range s.work {
		s.report(it)
	}
}

// report makes an attempt and reports how it ended, even when the action ends the goroutine, as the FailNow of a test
// does. Another worker then goes on.
func (s *schedule) report(it *item) {
	result := tryResult{item: it}
	returned := false
	defer func() {
		if !returned {
			it.last.Status, it.last.Error = Error, "the action ended its goroutine"
			s.workers.Go(s.worker)
		}
		s.done <- result
	}()
	result = s.try(s.ctx, it)
	returned = true
}

// due fires at the next start that waits for nothing but time; nil when there is none.
func (s *schedule) due(w *wave) <-chan time.Time {
	switch {
	case s.halted || s.running == s.slots:
	case w.waiting() > 0:
		return time.After(time.Until(s.nextStart))
	case len(w.later) > 0:
		return time.After(time.Until(w.later[0].at))
	}
	return nil
}

// ended handles the end of an attempt.
func (s *schedule) ended(w *wave, t tryResult) {
	s.running--
	if value := s.perValue(t.item); value != "" {
		s.busy[value]--
		w.unpark(value)
	}
	if t.stop {
		s.halt(HostStopped)
	}
	if t.again && !s.halted && s.ctx.Err() == nil {
		w.postpone(t.item, time.Now().Add(t.after))
		return
	}
	s.incomplete = s.incomplete || t.again
	s.finish(w, t.item)
	if t.last.Status == Unreachable && !s.halted {
		s.take(w, 1)
	}
}

// finish reports how a host ended and counts it against the budget.
func (s *schedule) finish(w *wave, it *item) {
	s.emit(*it.last)
	s.finished++
	w.result.Counts[it.last.Status]++
	w.result.Hosts = append(w.result.Hosts, Ended{it.host.Name, it.last.Status, it.last.Reason, it.last.Exit})
	switch it.last.Status {
	case Failed, Timeout, Lost, Error:
		s.failed++
	case Unreachable:
		s.unreachable++
	case Cancelled, Skipped:
		s.incomplete = true
	}
	if !s.halted && s.plan.Budget.Exceeded(s.failed, s.unreachable, len(s.plan.Hosts)) {
		s.halt(OverBudget)
		if s.plan.Budget.Cancel {
			s.cancel(stopped{OverBudget})
		}
	}
}

// skip reports a host that never started.
func (s *schedule) skip(it *item) {
	s.incomplete = true
	s.emit(Event{Kind: KindFinish, Host: it.host.Name, Status: Skipped, Reason: s.why})
}

// halt stops anything more from starting. The first reason counts.
func (s *schedule) halt(why Reason) {
	if !s.halted {
		s.halted, s.why = true, why
	}
}

// perValue returns the value under which Plan.Per counts the host; empty when it is not limited.
func (s *schedule) perValue(it *item) string {
	if s.plan.Per == nil || s.plan.Per.Most < 1 {
		return ""
	}
	return inventory.Attribute(it.host, s.plan.Per.Var)
}
