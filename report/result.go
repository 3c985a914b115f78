package report

import (
	"fmt"
	"time"

	"hail/runner"
)

// Result is how one host ended.
type Result struct {
	Host    string            `json:"host"`
	Status  runner.Status     `json:"status"` // empty until it is known
	Reason  runner.Reason     `json:"reason,omitempty"`
	Exit    int               `json:"exit,omitempty"`
	Error   string            `json:"error,omitempty"`
	Remains runner.Remains    `json:"remains,omitempty"`
	Attempt int               `json:"attempt,omitempty"`
	Began   time.Time         `json:"began,omitzero"` // when it was last dialled
	Exec    time.Time         `json:"exec,omitzero"`  // when the first command began
	Ended   time.Time         `json:"ended,omitzero"`
	Stdout  Output            `json:"stdout,omitzero"`
	Stderr  Output            `json:"stderr,omitzero"`
	Reach   *runner.Reach     `json:"reach,omitempty"`
	Notes   map[string]string `json:"notes,omitempty"`  // of all attempts; but what was left out of an output, only of the last
	Checks  []runner.Verdict  `json:"checks,omitempty"` // in the order of the plan; what the host did not get to is not evaluated
	Run     string            `json:"run,omitempty"`    // if several runs are shown together, which one this is from; empty: the first

	before *Result // how the attempt before this one ended; nothing else of it
	ran    *Result // how the last attempt ended of those before this one that may have run something
	limit  int64   // how many bytes of an output are kept; 0: all
}

// Before says on one line how the attempt before the last one ended; it is empty if there was none.
func (r *Result) Before() string {
	if r.before == nil {
		return ""
	}
	return fmt.Sprintf("attempt %d ended %s", r.before.Attempt, r.before.Said())
}

// resultOf returns how a host or one of its attempts ended, which is what e reports.
func resultOf(e *runner.Event) *Result {
	return &Result{Host: e.Host, Status: e.Status, Reason: e.Reason, Exit: e.Exit, Error: e.Error, Remains: e.Remains, Attempt: e.Attempt}
}

// endAs makes the host end as it did in other.
func (r *Result) endAs(other *Result) {
	r.Status, r.Reason, r.Exit, r.Error, r.Remains = other.Status, other.Reason, other.Exit, other.Error, other.Remains
}

// Output is what is known of one stream: its length, and the CRC32C of all of it.
type Output struct {
	Length   int64  `json:"length"`
	Checksum uint32 `json:"checksum"`
}

// streams are the two outputs of a host.
var streams = [...]runner.Stream{runner.Stdout, runner.Stderr}

func (r *Result) output(s runner.Stream) *Output {
	if s == runner.Stderr {
		return &r.Stderr
	}
	return &r.Stdout
}

// printed reports whether the host printed anything.
func (r *Result) printed() bool { return r.Stdout.Length+r.Stderr.Length > 0 }

// Running returns how long the host's commands took; 0 if none was started.
func (r *Result) Running() time.Duration {
	if r.Exec.IsZero() || r.Ended.IsZero() {
		return 0
	}
	return r.Ended.Sub(r.Exec)
}

// Connecting returns how long it took to connect and log in, without waiting for a turn.
func (r *Result) Connecting() time.Duration {
	if r.Reach == nil {
		return 0
	}
	return r.Reach.DNS + r.Reach.TCP + r.Reach.Handshake + r.Reach.Login
}

// Took returns the time from dialling to the end, without waiting for a turn to connect.
func (r *Result) Took() time.Duration {
	if r.Began.IsZero() || r.Ended.IsZero() {
		return 0
	}
	took := r.Ended.Sub(r.Began)
	if r.Reach != nil {
		took -= r.Reach.Queue
	}
	return took
}

// exit returns the exit status of what ran on the host, if there is one that counts.
func (r *Result) exit() (status int, ok bool) {
	return r.Exit, r.Reason == runner.ExitStatus || r.Status == runner.OK && !r.Exec.IsZero()
}

// add folds in an event of this host.
func (r *Result) add(e *runner.Event) {
	switch e.Kind {
	case runner.KindAttempt:
		r.Attempt, r.Began, r.Exec = e.Attempt, e.Time, time.Time{}
		r.Stdout, r.Stderr, r.Reach, r.Checks = Output{}, Output{}, nil, nil
		for _, stream := range streams {
			delete(r.Notes, runner.NoteLeftOut(stream))
		}
	case runner.KindRetry:
		if r.before = resultOf(e); e.Status != runner.Unreachable {
			r.ran = r.before
		}
	case runner.KindReach:
		r.Reach = e.Reach
	case runner.KindExec:
		r.Exec = e.Time
	case runner.KindOutput:
		*r.output(e.Stream) = Output{e.Offset + e.Length, e.Checksum}
	case runner.KindNote:
		if r.Notes == nil {
			r.Notes = map[string]string{}
		}
		r.Notes[e.Key] = e.Value
	case runner.KindCheck:
		r.Checks = e.Verdicts
	case runner.KindFinish:
		r.endAs(resultOf(e))
		r.Ended = e.Time
	}
}
