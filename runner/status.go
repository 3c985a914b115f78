package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// Status is how a host ended. Every host of a run ends in exactly one status.
type Status string

// The statuses. New ones may be added; existing ones keep their meaning.
const (
	OK          Status = "ok"          // done, and accepted
	Changed     Status = "changed"     // done, and something on the host is now different
	Failed      Status = "failed"      // it ran, and its result was not accepted
	Timeout     Status = "timeout"     // its time ran out after it started
	Lost        Status = "lost"        // it may have run, and the connection ended before an exit status, or before all of the output had arrived
	Unreachable Status = "unreachable" // nothing was started
	Cancelled   Status = "cancelled"   // stopped while it ran: by the user, the budget or the end of the run's time
	Skipped     Status = "skipped"     // never started
	Error       Status = "error"       // it could not be done as asked: our side broke, or it does not fit the host
)

// Statuses lists every status in the order in which they are shown.
var Statuses = []Status{OK, Changed, Failed, Timeout, Lost, Unreachable, Cancelled, Skipped, Error}

// Well reports whether a host with this status has ended well.
func (s Status) Well() bool { return s == OK || s == Changed }

// Bad reports whether a host with this status has ended, but not well. The empty Status, of a host that has not ended, is
// neither bad nor well.
func (s Status) Bad() bool { return s != "" && !s.Well() }

// Reason says why a host did not end well. It is empty where the status says it all.
type Reason string

// The reasons of Unreachable. DNS, Refused, NoRoute, ConnectTimeout, Closed, Jump and ChannelRefused may pass, so Retry
// tries such a host again.
const (
	DNS            Reason = "dns"
	Refused        Reason = "refused"
	NoRoute        Reason = "no-route"
	ConnectTimeout Reason = "connect-timeout"
	Closed         Reason = "closed" // the server hung up before login
	Handshake      Reason = "handshake"
	HostKeyUnknown Reason = "hostkey-unknown"
	HostKeyChanged Reason = "hostkey-changed"
	HostKeyRevoked Reason = "hostkey-revoked"
	Auth           Reason = "auth"
	Jump           Reason = "jump"
	ChannelRefused Reason = "channel"
)

// The reasons of Failed.
const (
	ExitStatus  Reason = "exit"
	Signalled   Reason = "signal"
	Escalation  Reason = "sudo"    // the command could not become another user
	NoTool      Reason = "no-sudo" // the host has no sudo, or doas, for it
	NoUser      Reason = "no-user" // the host has no such user
	CheckFailed Reason = "check"   // something is not as it should be

	// The reasons of a push.
	Validation    Reason = "validate" // a validating command did not accept what was pushed
	HandlerFailed Reason = "handler"  // a handler, which runs after a change, failed
	Unhealthy     Reason = "health"   // a check did not pass afterwards
	Locked        Reason = "locked"   // another push is at work on the host

	NotFetched Reason = "fetch" // not everything that was asked for was fetched
)

// The reasons of Skipped and Cancelled, and of the end of a run that stopped early.
const (
	Interrupt   Reason = "interrupt"    // by the user
	OverBudget  Reason = "budget"       // more went wrong than the budget allows
	GateClosed  Reason = "gate"         // the gate did not let the next wave begin
	OutOfTime   Reason = "run-timeout"  // the time for the whole run was up
	HostStopped Reason = "host-stopped" // a host ended in a way that stops the run
	Unrecorded  Reason = "record"       // the run can no longer be recorded
)

// Reasons lists every reason, in the order above.
var Reasons = []Reason{DNS, Refused, NoRoute, ConnectTimeout, Closed, Handshake, HostKeyUnknown, HostKeyChanged, HostKeyRevoked, Auth, Jump, ChannelRefused,
	ExitStatus, Signalled, Escalation, NoTool, NoUser, CheckFailed, Validation, HandlerFailed, Unhealthy, Locked, NotFetched,
	Interrupt, OverBudget, GateClosed, OutOfTime, HostStopped, Unrecorded}

// Remains says whether anything of a stopped command is left on the host. Empty means that nothing had to be stopped.
type Remains string

// What a stop can leave.
const (
	Gone    Remains = "gone"    // the host confirmed that the command and its children have ended
	Alive   Remains = "alive"   // the host said that some are left
	Unknown Remains = "unknown" // the host could no longer be asked
)

// Failure is how Dialers, Conns and Actions report what went wrong: their errors wrap a Failure wherever status and
// reason are known. StatusOf says what an error without one means.
type Failure struct {
	Status  Status // OK accepts an exit status: the host ends well, and Exit is recorded
	Reason  Reason
	Exit    int     // the exit status when Reason is ExitStatus
	Err     error   // what happened, for people; never holds a secret
	Remains Remains // what is left of a command that was stopped
	Reach   *Reach  // how far the connection got, when the host was not reached
	Stop    bool    // nothing more may start, whatever the budget

	// Late is how the command ended, if the host has said so after it was to be stopped; its Status is OK for exit status 0.
	// Only the wrapper knows whether the stop ended it, or it had ended by itself before the stop arrived.
	Late *Failure
}

// Error returns the text of Err, or where there is none, the exit status or the status and reason.
func (f *Failure) Error() string {
	switch {
	case f.Err != nil:
		return f.Err.Error()
	case f.Reason == ExitStatus:
		return fmt.Sprintf("exit %d", f.Exit)
	case f.Reason == "":
		return string(cmp.Or(f.Status, Error))
	}
	return fmt.Sprintf("%s(%s)", f.Status, f.Reason)
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Caught, deferred, turns a panic into the error that the function returns, with status Error. Run does so for what it
// starts; an action that starts a goroutine of its own defers it there, so that a panic fails only the one host.
func Caught(err *error) {
	if p := recover(); p != nil {
		*err = &Failure{Status: Error, Err: fmt.Errorf("panic: %v", p)}
	}
}

// ErrTimeout is the cause of a context that ended because the clock of an attempt ran out.
var ErrTimeout = errors.New("its time ran out")

// stopped is the cause of a context that ended because the run was stopped before its end.
type stopped struct{ reason Reason }

func (s stopped) Error() string { return "the run was stopped (" + string(s.reason) + ")" }

// Is makes a stopped run look like context.Canceled to code that knows only the standard library.
func (s stopped) Is(target error) bool { return target == context.Canceled }

// Stopped returns the cause to cancel the context of a run with, so that the run stops for the reason why.
func Stopped(why Reason) error { return stopped{why} }

// stopReason returns why a run was stopped; err is the cause of its context or the error of a command.
func stopReason(err error) Reason {
	s, ok := errors.AsType[stopped](err)
	switch {
	case ok:
		return s.reason
	case errors.Is(err, context.DeadlineExceeded):
		return OutOfTime
	}
	return Interrupt
}

// StatusOf returns how a host ended whose attempt returned err: OK for nil; otherwise the status and reason of the
// *Failure in err; without one, or without a status in it, what ended the context (Timeout, Cancelled); otherwise
// Error.
func StatusOf(err error) (Status, Reason) {
	f, ok := errors.AsType[*Failure](err)
	switch {
	case err == nil:
		return OK, ""
	case ok && f.Status != "":
		return f.Status, f.Reason
	case errors.Is(err, ErrTimeout):
		return Timeout, ""
	case errors.Is(err, context.Canceled):
		return Cancelled, stopReason(err)
	case errors.Is(err, context.DeadlineExceeded): // of the action's own
		return Timeout, ""
	}
	return Error, ""
}

// statusIn is StatusOf for an attempt of a run in ctx. The caller may have ended ctx with a deadline or a cause of their own,
// and an action may have cancelled a context of its own although the run goes on.
func statusIn(ctx context.Context, err error) (status Status, reason Reason) {
	status, reason = StatusOf(err)
	f, ok := errors.AsType[*Failure](err)
	cause := context.Cause(ctx)
	switch {
	case ok && f.Status != "":
	case cause != nil && errors.Is(err, cause):
		return Cancelled, stopReason(cause)
	case cause == nil && status == Cancelled:
		return Error, ""
	}
	return status, reason
}
