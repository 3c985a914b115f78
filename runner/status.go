package runner

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Status is how a host ended. Every host of a run ends in exactly one.
type Status string

// The statuses. New ones may be added; none changes its meaning.
const (
	OK          Status = "ok"          // done, and accepted
	Changed     Status = "changed"     // done, and something on the host is now different
	Failed      Status = "failed"      // it ran, and its result was not accepted
	Timeout     Status = "timeout"     // its time ran out after it started
	Lost        Status = "lost"        // it may have run, and the connection ended before an exit status
	Unreachable Status = "unreachable" // nothing was started
	Cancelled   Status = "cancelled"   // stopped while it ran: by the user, the budget or the end of the run's time
	Skipped     Status = "skipped"     // never started
	Error       Status = "error"       // our side broke for this host
)

// Statuses lists every status in the order in which they are shown.
var Statuses = []Status{OK, Changed, Failed, Timeout, Lost, Unreachable, Cancelled, Skipped, Error}

// Reason says why a host did not end well. It is empty where the status says it all.
type Reason string

// The reasons of Unreachable.
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
	Escalation  Reason = "sudo"  // it could not become another user
	CheckFailed Reason = "check" // something is not as it should be

	// Those of a push.
	Validation    Reason = "validate" // a command did not accept what was pushed
	HandlerFailed Reason = "handler"  // a command that what has changed wants did not succeed
	Unhealthy     Reason = "health"   // a check did not pass afterwards
	Locked        Reason = "locked"   // another push is at work on the host

	NotFetched Reason = "fetch" // not all that was to be fetched has come
)

// The reasons of Skipped and Cancelled, and of the end of a run that stopped early.
const (
	Interrupt   Reason = "interrupt"    // by the user
	OverBudget  Reason = "budget"       // more went wrong than may
	GateClosed  Reason = "gate"         // the gate did not let the next wave begin
	OutOfTime   Reason = "run-timeout"  // the time of the whole run was over
	HostStopped Reason = "host-stopped" // a host ended in a way after which nothing may go on
	Unrecorded  Reason = "record"       // what happens can't be written down any more
)

// Remains says whether anything of a stopped command is left on the host. Empty means that nothing had to be stopped.
type Remains string

// What a stop can leave.
const (
	Gone    Remains = "gone"    // the host confirmed that the command and its children have ended
	Alive   Remains = "alive"   // the host said that some are left
	Unknown Remains = "unknown" // the host could not be asked any more
)

// Failure is how Dialers, Conns and Actions say what went wrong: every error of theirs wraps one where status and
// reason are known. An error without one is our own (Error).
type Failure struct {
	Status  Status
	Reason  Reason
	Exit    int     // the exit status when Reason is ExitStatus
	Err     error   // what happened, for people; never holds a secret
	Remains Remains // what is left of a command that was stopped
	Reach   *Reach  // how far the way to the host was gone, when it was not reached
	Stop    bool    // nothing may start after this, whatever the budget
}

// Error returns the text of Err, or the status and reason where there is none.
func (f *Failure) Error() string {
	if f.Err != nil {
		return f.Err.Error()
	}
	return fmt.Sprintf("%s (%s)", f.Status, f.Reason)
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// ErrTimeout is the cause of a context that ended because the clock of an attempt ran out.
var ErrTimeout = errors.New("its time ran out")

// stopped is the cause of a context that ended because the run was stopped before its end.
type stopped struct{ reason Reason }

func (s stopped) Error() string { return "the run was stopped (" + string(s.reason) + ")" }

// Is makes a stopped run look cancelled to those who only know the standard library.
func (s stopped) Is(target error) bool { return target == context.Canceled }

// Stopped is the cause with which the context of a run is cancelled to stop it for this reason.
func Stopped(why Reason) error { return stopped{why} }

// stopReason is why a run was stopped whose context, or whose command, ended with err.
func stopReason(err error) Reason {
	if s := (stopped{}); errors.As(err, &s) {
		return s.reason
	}
	return Interrupt
}

// StatusOf says how a host ended whose attempt returned err: the status and reason of the *Failure in it; else what
// ended its context (Timeout, Cancelled); else Error. A nil err is OK.
func StatusOf(err error) (Status, Reason) {
	var f *Failure
	switch {
	case err == nil:
		return OK, ""
	case errors.As(err, &f) && f.Status != "":
		return f.Status, f.Reason
	case errors.Is(err, ErrTimeout):
		return Timeout, ""
	case errors.Is(err, context.Canceled):
		return Cancelled, stopReason(err)
	}
	return Error, ""
}

// Reach tells the way to a host: where it led, who answered, and the time of each phase. A phase that was not entered
// is zero.
type Reach struct {
	Address   string        `json:"address,omitempty"` // IP and port that answered, or the name where none did
	User      string        `json:"user,omitempty"`
	Server    string        `json:"server,omitempty"`   // the version line of the server, made printable
	HostKey   string        `json:"host_key,omitempty"` // type and SHA-256 fingerprint
	Phase     string        `json:"phase,omitempty"`    // the phase that was not finished: dns, tcp, proxy, master, handshake, login; empty when all were
	Queue     time.Duration `json:"queue_ns,omitempty"` // waiting for a turn to connect
	DNS       time.Duration `json:"dns_ns,omitempty"`
	TCP       time.Duration `json:"tcp_ns,omitempty"`
	Handshake time.Duration `json:"handshake_ns,omitempty"` // version, key exchange, host key
	Login     time.Duration `json:"login_ns,omitempty"`
}

// Reacher is the optional ability of a Conn to tell how its host was reached.
type Reacher interface{ Reach() Reach }
