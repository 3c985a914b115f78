package runner

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"hail/inventory"
)

// item is one host on its way through the run.
type item struct {
	host  inventory.Host
	index int // by Plan.Index
	tally Tally
	tries int    // attempts begun
	last  *Event // how the last attempt ended, in the form of a finish event; nil before the first
	ran   *Event // how the last attempt ended that may have run something; nil: none has
}

// try makes one attempt at a host. The result says whether another attempt follows, after which delay, and whether the
// run has to stop. How the attempt ended is in it.last; if the host was not reached again, or the run was stopped before
// that, it is how the attempt before ended.
func (r *run) try(ctx context.Context, it *item) (result tryResult) {
	result.item = it
	before := it.last
	if ctx.Err() != nil {
		if it.tries == 0 {
			it.last = &Event{Kind: KindFinish, Host: it.host.Name, Status: Skipped, Reason: stopReason(context.Cause(ctx))}
		}
		result.again = it.tries > 0
		return result
	}
	it.tries++
	it.last = &Event{Kind: KindFinish, Host: it.host.Name, Attempt: it.tries}
	changed, err := r.attempt(ctx, it)
	result.stop = it.ended(ctx, changed, err)
	if ctx.Err() != nil && it.last.Status == Skipped && before != nil {
		it.last = before
		it.last.Attempt = it.tries
		it.last.Error += "; the next attempt was stopped while connecting"
		result.again = true
		return result
	}
	it.tally.count(it.last.Status, innermost(it.last.Reason, err))
	if result.stop {
		return result
	}
	if result.after, result.again = r.plan.Retry.Next(it.tally, rand.Float64()); result.again && ctx.Err() == nil {
		r.retry(it, result.after)
	}
	it.keep()
	return result
}

// keep sees to it that a host which was not reached again does not end as one where nothing was started.
func (it *item) keep() {
	switch {
	case it.last.Status != Unreachable:
		it.ran = it.last
	case it.ran != nil:
		e := *it.ran
		e.Attempt, e.Error = it.tries, e.Error+"; the next attempt did not reach it: "+it.last.Error
		it.last = &e
	}
}

// retry announces that another attempt follows after the delay. It is not a part of try, whose stack a host keeps for as long
// as its command runs: an Event more there, and that stack is twice as large.
func (r *run) retry(it *item, after time.Duration) {
	e := *it.last
	e.Kind, e.Delay = KindRetry, after
	r.announce(e)
}

// tryResult says what follows an attempt.
type tryResult struct {
	*item
	again bool          // another attempt follows, unless the run is stopped
	after time.Duration // the delay before it
	stop  bool          // nothing more may start
}

// innermost returns reason, or, where it is Jump, the reason for which the jump host itself was not reached: a retry
// has to get past that one first.
func innermost(reason Reason, err error) Reason {
	for reason == Jump {
		f, ok := errors.AsType[*Failure](err)
		if !ok {
			break
		}
		reason, err = f.Reason, f.Err
	}
	return reason
}

// ended records in it.last how the attempt in ctx ended: with err, and changed if it succeeded. It reports whether the run
// has to stop.
func (it *item) ended(ctx context.Context, changed bool, err error) (stop bool) {
	e := it.last
	e.Status, e.Reason = statusIn(ctx, err)
	if changed && e.Status == OK {
		e.Status = Changed
	}
	f, ok := errors.AsType[*Failure](err)
	if ok {
		e.Exit, e.Remains, stop = f.Exit, f.Remains, f.Stop
	}
	tells := ok && f.Status == Cancelled // the action says what it had done by then
	switch {
	case e.Status.Well(), e.Status == Skipped && e.Reason != "", e.Status == Cancelled && !tells: // the status says it all
	default:
		e.Error = err.Error()
	}
	return stop
}

// attempt opens the host's outputs, dials, and lets the action do its work. A panic on the way fails only this host.
func (r *run) attempt(ctx context.Context, it *item) (changed bool, err error) {
	defer Caught(&err)
	do, err := r.work()
	if err != nil {
		return false, err
	}
	var stdout, stderr io.WriteCloser
	if r.outputs != nil {
		if stdout, stderr, err = r.outputs.Open(it.host, it.tries); err != nil {
			return false, &Failure{Status: Error, Err: err}
		}
	}
	o := newOutput(r, it.host.Name, it.tries, stdout, stderr)
	defer func() {
		unwritten := o.close()
		if status, _ := StatusOf(err); status.Well() && unwritten != nil {
			err = &Failure{Status: Error, Err: unwritten}
		}
	}()
	defer func() {
		if f, ok := errors.AsType[*Failure](err); ok && f == nil {
			err = &Failure{Status: Error, Err: errors.New("the error of an Action or a Dialer is a nil *Failure")}
		}
	}()

	r.emit(Event{Kind: KindAttempt, Host: it.host.Name, Attempt: it.tries})
	conn, err := r.dialer.Dial(ctx, it.host)
	if err != nil {
		f, ok := errors.AsType[*Failure](err)
		switch {
		case ok && f != nil:
			r.reach(it, f.Reach)
		case ctx.Err() != nil: // stopped before anything was started
			err = &Failure{Status: Skipped, Reason: stopReason(context.Cause(ctx))}
		}
		return false, err
	}
	defer conn.Close()
	if c, ok := As[Reacher](conn); ok {
		reach := c.Reach()
		r.reach(it, &reach)
	}

	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &starter{Conn: conn, run: r, ctx: ctx, host: it.host.Name, index: it.index, attempt: it.tries, cancel: cancel}
	defer s.stop()
	t := &Target{Host: it.host, Index: it.index, Attempt: it.tries, Conn: s, Out: o.stdout(), Err: o.stderr(), run: r}
	err = do(own, t)
	if c, ok := As[Lingerer](conn); ok && c.Lingering() > 0 {
		t.Note(NoteLeft, "something in the background kept the output open; its later output is not recorded")
	}
	return t.changed, err
}

// work returns what the plan does on a host. There is nothing for a dry run if the action has none.
func (r *run) work() (do func(context.Context, *Target) error, err error) {
	if !r.plan.DryRun {
		return r.action.Do, nil
	}
	if a, ok := r.action.(DryRunner); ok {
		return a.DryRun, nil
	}
	return nil, &Failure{Status: Error, Err: errors.New("the action has no dry run")}
}
