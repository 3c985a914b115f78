package runner

import (
	"context"
	"iter"
	"time"
)

// Run does the action a on every host of p and returns the events of the run, in order, in batches of those that are
// pending together. One iteration is one run, and nothing starts before the consumer has taken the plan. A batch is
// valid only until the consumer asks for the next one; by asking, it confirms that it has taken the events, and the
// commands that they announce begin.
//
// When ctx ends, running hosts are stopped, the others are skipped, and the sequence goes on to its end. When the
// consumer leaves early, the run is stopped too, and the iteration returns once everything in it has ended. The gates
// are asked between waves. If o is nil, the output of hosts is discarded; the events still report it.
//
// A slow consumer delays the start of commands, never their output: bytes go from a host to its Outputs directly.
//
//	schedule ─┬─► try: attempt ─► Dial, Do ─► retry? ─┐
//	          └─► … as many as the fan-out             │ events, the one channel to the outside:
//	                                                   ▼ closed after schedule has ended
//	          consumer ◄── yield ◄── number what is pending ◄── collect
func Run(ctx context.Context, p Plan, a Action, d Dialer, o Outputs, gates ...Gate) iter.Seq[[]Event] {
	return func(yield func([]Event) bool) {
		c := collector{run: p.Run}
		c.take(message{Event: Event{Time: time.Now(), Kind: KindPlan, Plan: &p}})
		if !yield(c.batch) {
			return
		}
		ctx, stop := context.WithCancel(ctx)
		r := &run{plan: p, action: a, dialer: d, outputs: o, events: make(chan message, 256)}
		go func() {
			defer close(r.events)
			r.schedule(ctx, gates)
		}()
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
	}
}

// message carries an event to the collector. taken, if not nil, receives whether the consumer has taken the event.
type message struct {
	Event
	taken chan<- bool
}

// collector numbers events and gathers them in batches.
type collector struct {
	run     string
	seq     int64
	batch   []Event
	waiting []chan<- bool
}

func (c *collector) take(m message) {
	c.seq++
	m.Seq, m.Run = c.seq, c.run
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

// run is what the attempts of one run share.
type run struct {
	plan    Plan
	action  Action
	dialer  Dialer
	outputs Outputs // nil: output is discarded
	events  chan message
}

func (r *run) emit(e Event) {
	e.MakePrintable()
	e.Time = time.Now()
	r.events <- message{Event: e}
}

// announce emits e, waits for the consumer, and reports whether it has taken e.
func (r *run) announce(e Event) bool {
	e.MakePrintable()
	e.Time = time.Now()
	taken := make(chan bool, 1)
	r.events <- message{Event: e, taken: taken}
	return <-taken
}
