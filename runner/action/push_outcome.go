package action

import (
	"errors"
	"fmt"
	"strings"

	"hail/runner"
)

// outcome is what the host said of a push.
type outcome struct {
	push    *Push
	said    string // the word that tells how it ended
	why     error
	reason  runner.Reason
	settled bool
	back    bool // it was rolled back
	stuck   bool
}

// hear takes in one answer of sh/apply.sh.
func (o *outcome) hear(kind, rest string) error {
	name := decodePath(rest)
	blame := func(reason runner.Reason, format string, args ...any) {
		if o.why == nil {
			o.reason, o.why = reason, fmt.Errorf(format, args...)
		}
	}
	switch kind {
	case "settled":
		o.settled = true
	case "changed", "kept", "done":
		o.said = kind
	case "rolled-back":
		if o.why != nil { // otherwise it is that of an earlier push
			o.back, o.said = true, kind
		}
	case "stuck":
		o.stuck, o.said = true, kind
	case "refused":
		blame(Validation, "not accepted: %s", name)
	case "handler":
		blame(HandlerFailed, "the handler %s failed", name)
	case "unhealthy":
		blame(Unhealthy, "the health check %s did not pass in time", name)
	case "locked":
		o.said = kind
		blame(Locked, "another push is at work on the host")
	case "immutable":
		blame("", "%s is immutable (chattr)", name)
	case "moved":
		blame("", "%s", strings.TrimSuffix("a file was changed on the host meanwhile: "+name, ": -"))
	case "error":
		o.said = kind
		blame("", "%s", map[string]string{"state": "the folder for the state of pushes can't be written", "stage": "what is new can't be put beside the old: see the host's log",
			"attributes": "the rights of the old file can't be given to the new one", "rename": "the files can't be renamed: see the host's log"}[rest])
	case "stopped":
		o.said = kind
		blame("", "stopped before anything was changed")
	}
	if kind == "error" && o.why != nil && o.why.Error() == "" {
		o.why = errors.New(rest)
	}
	return nil
}

// The reasons of Failed that a push has.
const (
	Validation    runner.Reason = "validate"
	HandlerFailed runner.Reason = "handler"
	Unhealthy     runner.Reason = "health"
	Locked        runner.Reason = "locked"
)

// result is how the push ended.
func (o *outcome) result(t *runner.Target, steps bool) error {
	if o.settled {
		t.Note("settled", "an earlier push that was killed")
	}
	status := runner.Failed
	if o.reason == "" {
		status = runner.Error
	}
	switch {
	case o.stuck:
		return &runner.Failure{Status: status, Reason: o.reason, Stop: true, Err: fmt.Errorf("%w, and it could not be taken back: look at the host", o.why)}
	case o.why != nil && o.back:
		return &runner.Failure{Status: status, Reason: o.reason, Err: fmt.Errorf("%w; rolled back", o.why)}
	case o.why != nil && o.said == "kept":
		return &runner.Failure{Status: status, Reason: o.reason, Err: fmt.Errorf("%w; the new files stay", o.why)}
	case o.why != nil:
		return &runner.Failure{Status: status, Reason: o.reason, Err: fmt.Errorf("%w; nothing was changed", o.why)}
	case o.said == "":
		return &runner.Failure{Status: runner.Error, Err: errors.New("the host did not say how it ended; the next push settles it")}
	}
	if steps {
		t.Changed()
	}
	return nil
}
