package runner

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"hail/inventory"
)

// Run does the action a on every host of p and returns what happens, as batches of events that are pending together,
// in order. Nothing starts before the consumer has taken the plan, and one iteration is one run. The batch is only valid until the
// consumer comes back for the next one; by coming back it says that it has taken the events, and commands announced in
// them begin. When ctx ends, running hosts are stopped, the others are skipped, and the sequence goes on to its end.
// A consumer that leaves early stops the run likewise, and Run returns when all of it has ended.
//
// A slow consumer delays the start of commands, never their output: bytes go from a host to its Outputs directly.
//
//	schedule ─┬─► worker: take a host ─► attempt ─► Dial, Do ─► finish ─┐
//	          └─► … as many as the fan-out                               │ events, the one channel:
//	                                                                     ▼ closed by schedule
//	          consumer ◄── yield ◄── number what is pending ◄── collect ─┘
func Run(ctx context.Context, p Plan, a Action, d Dialer, o Outputs) iter.Seq[[]Event] {
	return func(yield func([]Event) bool) {
		c := collector{run: p.Run}
		c.take(message{Event: Event{Time: time.Now(), Kind: KindPlan, Plan: &p}})
		if !yield(c.batch) {
			return
		}
		ctx, stop := context.WithCancel(ctx)
		r := &run{plan: p, action: a, dialer: d, outputs: o, events: make(chan message, 256)}
		go r.schedule(ctx)
		defer func() { // the consumer may have left, or panicked: end what runs, and wait for it
			stop()
			c.answer(false)
			for m := range r.events {
				if m.taken != nil {
					m.taken <- false
				}
			}
		}()
		for m := range r.events {
			c.batch = c.batch[:0]
			c.take(m)
			for n := len(r.events); n > 0; n-- {
				c.take(<-r.events)
			}
			if !yield(c.batch) {
				return
			}
			c.answer(true)
		}
		c.batch = c.batch[:0]
		c.take(message{Event: Event{Time: time.Now(), Kind: KindEnd, Reason: c.stopped}})
		yield(c.batch)
	}
}

// message carries an event to the collector. If taken is there, it is told whether the consumer took the event.
type message struct {
	Event
	taken chan<- bool
}

// collector numbers events and gathers them in a batch.
type collector struct {
	run     string
	seq     int64
	stopped Reason
	batch   []Event
	waiting []chan<- bool
}

func (c *collector) take(m message) {
	c.seq++
	m.Seq, m.Run = c.seq, c.run
	if m.Kind == KindFinish && m.Reason == Interrupt {
		c.stopped = Interrupt
	}
	c.batch = append(c.batch, m.Event)
	if m.taken != nil {
		c.waiting = append(c.waiting, m.taken)
	}
}

func (c *collector) answer(taken bool) {
	for _, w := range c.waiting {
		w <- taken
	}
	c.waiting = c.waiting[:0]
}

// run is what the workers of one run share.
type run struct {
	plan    Plan
	action  Action
	dialer  Dialer
	outputs Outputs
	events  chan message
	next    atomic.Int64 // index of the host that the next free worker takes
}

func (r *run) schedule(ctx context.Context) {
	defer close(r.events)
	workers := len(r.plan.Hosts)
	if r.plan.Fanout > 0 {
		workers = min(workers, r.plan.Fanout)
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := r.take(); i < len(r.plan.Hosts); i = r.take() {
				r.host(ctx, i)
			}
		})
	}
	wg.Wait()
}

// take gives the worker its next host; a worker has one host at a time, so the workers are the fan-out.
func (r *run) take() int { return int(r.next.Add(1)) - 1 }

// host brings one host to its one finish event.
func (r *run) host(ctx context.Context, index int) {
	h := r.plan.Hosts[index]
	finish := Event{Kind: KindFinish, Host: h.Name}
	var err error
	if ctx.Err() != nil {
		err = &Failure{Status: Skipped, Reason: Interrupt}
	} else {
		finish.Attempt = 1
		var changed bool
		changed, err = r.attempt(ctx, h, index)
		if changed && err == nil {
			finish.Status = Changed
		}
	}
	if finish.Status == "" {
		finish.Status, finish.Reason = StatusOf(err)
	}
	if f := (*Failure)(nil); errors.As(err, &f) {
		finish.Exit, finish.Remains = f.Exit, f.Remains
	}
	if err != nil && finish.Reason != Interrupt { // which says it all
		finish.Error = printable(err.Error())
	}
	r.emit(finish)
}

// attempt opens the host's outputs, dials, and lets the action do its work. A panic below costs this host alone.
func (r *run) attempt(ctx context.Context, h inventory.Host, index int) (changed bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Failure{Status: Error, Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	stdout, stderr, err := r.outputs.Open(h, 1)
	if err != nil {
		return false, &Failure{Status: Error, Err: err}
	}
	o := newOutput(r, h.Name, 1, stdout, stderr)
	defer func() {
		if e := o.close(); e != nil && err == nil {
			err = &Failure{Status: Error, Err: e}
		}
	}()

	r.emit(Event{Kind: KindAttempt, Host: h.Name, Attempt: 1})
	conn, err := r.dialer.Dial(ctx, h)
	if err != nil {
		r.reach(h.Name, reachOf(err))
		if f := (*Failure)(nil); !errors.As(err, &f) && ctx.Err() != nil {
			err = &Failure{Status: Skipped, Reason: Interrupt} // stopped before anything was started
		}
		return false, err
	}
	defer conn.Close()
	if c, ok := As[Reacher](conn); ok {
		reach := c.Reach()
		r.reach(h.Name, &reach)
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &starter{Conn: conn, run: r, host: h.Name, index: index, expire: func() { cancel(ErrTimeout) }}
	defer s.stop()
	t := &Target{Host: h, Attempt: 1, Conn: s, Out: o.stdout(), Err: o.stderr(), run: r}
	err = r.action.Do(ctx, t)
	return t.changed, err
}

func reachOf(err error) *Reach {
	if f := (*Failure)(nil); errors.As(err, &f) {
		return f.Reach
	}
	return nil
}

func (r *run) reach(host string, reach *Reach) {
	if reach != nil {
		clean := *reach
		clean.Server = printable(clean.Server)
		r.emit(Event{Kind: KindReach, Host: host, Attempt: 1, Reach: &clean})
	}
}

func (r *run) emit(e Event) {
	e.Time = time.Now()
	r.events <- message{Event: e}
}

// announce emits e, waits for the consumer's answer, and says whether it has taken e.
func (r *run) announce(e Event) bool {
	e.Time = time.Now()
	taken := make(chan bool, 1)
	r.events <- message{Event: e, taken: taken}
	return <-taken
}
