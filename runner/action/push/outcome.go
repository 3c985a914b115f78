package push

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"hail/runner"
	"hail/runner/action/check"
)

// outcome is what the host said of a push, and of an earlier one that was killed, which it settles first.
type outcome struct {
	nonce   string // in the names of the hidden folders
	health  []check.Check
	earlier bool   // the ending is that of the earlier one: the host has not begun with this one
	settled string // how the earlier one ended, once the host has begun with this one; empty: there was none
	ending
}

// ending is how one push has ended, or how far it is.
type ending struct {
	stand   stand
	why     error // the first thing that went wrong
	reason  runner.Reason
	sick    *sick    // the health check that did not pass
	handled []string // handlers that ran
	again   []string // handlers that failed when they ran again after a rollback
}

// stand is how it stands with what a push was to change.
type stand int

const (
	unheard   stand = iota // the host has said nothing
	unsettled              // anything may be changed
	untouched
	inPlace
	kept // in place, although something went wrong then
	rolledBack
	stuck // neither in place nor rolled back
)

// What the error of a push says about the state of the host.
var (
	errKept         = errors.New("the new files stay")
	errDone         = errors.New("everything was already done")
	errUntouched    = errors.New("nothing was changed")
	errRolledBack   = errors.New("rolled back")
	errUnsettled    = errors.New("the next push settles it")
	errStuck        = errors.New("the push could not be rolled back: look at the host")
	errStuckEarlier = errors.New("an earlier push was killed, and could not be rolled back: look at the host") // this one has not begun
)

// errBehind says that the push waited for another, which has changed what this one was to change.
var errBehind = errors.New("other pushes change the same files again and again")

// standWords says for people how it stands: with this push, at the end of its error, and with an earlier one.
var standWords = [...]struct {
	known error
	told  string
}{
	unheard:    {errUnsettled, ""},
	unsettled:  {errUnsettled, ""},
	untouched:  {errUntouched, "it had changed nothing"},
	inPlace:    {errDone, "it was finished"},
	kept:       {errKept, "its files stay"},
	rolledBack: {errRolledBack, "it was rolled back"},
	stuck:      {errStuck, ""},
}

// standAfter says how it stands after a word of sh/apply.sh, or after its first two. After others it is as before.
var standAfter = map[string]stand{
	// before this push; if an earlier one had yet to be finished or rolled back, one of the last words follows
	"locked":              untouched,
	"settled activated":   inPlace,
	"settled rolled-back": rolledBack,
	"settled dropped":     untouched,
	// it is at work
	"begins":    unsettled,
	"done":      untouched,
	"stopped":   untouched,
	"immutable": untouched,
	"moved":     untouched,
	"behind":    untouched,
	"error":     untouched,
	// some files were renamed
	"error rename": unsettled,
	"undoing":      unsettled,
	"changed":      inPlace,
	"kept":         kept,
	"rolled-back":  rolledBack,
	"stuck":        stuck,
}

// told returns how an earlier push ended, for people; empty if the host has not said it.
func (e *ending) told() string {
	told := standWords[e.stand].told + e.failedAgain()
	if told != "" && e.why != nil {
		told += ": " + e.why.Error()
	}
	return told
}

// failedAgain adds which handlers failed when they ran again.
func (e *ending) failedAgain() string {
	if e.stand != rolledBack || e.again == nil {
		return ""
	}
	return ", and then " + strings.Join(e.again, " and ") + " failed too"
}

// known returns what is known of what this push was to change.
func (o *outcome) known() error {
	switch {
	case o.earlier && o.stand == stuck:
		return errStuckEarlier
	case o.earlier: // the host may still begin with this one
		return errUnsettled
	case o.stand == rolledBack:
		return fmt.Errorf("%w%s", errRolledBack, o.failedAgain())
	}
	return standWords[o.stand].known
}

// result returns how the push ended. steps says whether it had any.
func (o *outcome) result(t *runner.Target, steps bool) error {
	switch {
	case o.earlier && o.stand == stuck:
		return &runner.Failure{Status: runner.Error, Stop: true, Err: errStuckEarlier}
	case o.earlier:
		o.ending = ending{} // it is not that of this one
	}
	switch {
	case o.why == nil && (o.stand == untouched || o.stand == inPlace):
		if steps {
			t.Changed()
		}
		return nil
	case o.why == nil && (o.stand == kept || o.stand == rolledBack || o.stand == stuck):
		o.why = errors.New("the push was stopped on the host")
	case o.why == nil:
		o.why = errors.New("the host did not say how the push ended")
	case o.reason == runner.Unhealthy:
		var log string
		log, o.why = o.sick.explain()
		io.WriteString(t.Err, log)
	}
	f := &runner.Failure{Status: runner.Failed, Reason: o.reason, Stop: o.stand == stuck, Err: fmt.Errorf("%w; %w", o.why, o.known())}
	if o.reason == "" {
		f.Status = runner.Error
	}
	return f
}

// cut returns how a push ended whose command was cut off with err, and what is known of it from what the host had said.
func (o *outcome) cut(err error) error {
	inner := &runner.Failure{}
	errors.As(err, &inner)
	f := &runner.Failure{Exit: inner.Exit, Remains: inner.Remains, Stop: o.stand == stuck}
	f.Status, f.Reason = runner.StatusOf(err)
	known := o.known()
	switch {
	case o.stand != unheard:
	case f.Remains == runner.Gone:
		known = errUntouched
	case f.Status != runner.Cancelled && f.Status != runner.Timeout && f.Status != runner.Lost:
		return err // it was never started
	}
	if f.Status == runner.Cancelled {
		err = errors.New("stopped")
	}
	f.Err = fmt.Errorf("%w; %w", err, known)
	return f
}
