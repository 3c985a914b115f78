package action

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/action/program"
)

// outcome is what the host said of a push.
type outcome struct {
	nonce   string // in the names of the hidden folders
	health  []check.Check
	said    string // the latest word on how it ended
	why     error
	reason  runner.Reason
	begun   bool     // it has said something
	handled []string // handlers that ran
	back    bool     // it was rolled back
	again   []string // handlers that failed when they ran again after that
	stuck   bool
	settled string // how an earlier push that was killed was settled; empty: there was none
	earlier bool   // what is being said is about that one
	sick    *sick
}

// hear takes in one answer of sh/apply.sh.
func (o *outcome) hear(kind, rest string) error {
	if kind == "" {
		if o.sick != nil {
			if o.sick.size += len(rest) + 1; o.sick.size <= check.MostSaid {
				o.sick.said = append(o.sick.said, rest)
			}
		}
		return nil
	}
	name := program.Unword(rest)
	blame := func(reason runner.Reason, format string, args ...any) {
		if o.why == nil {
			o.reason, o.why = reason, fmt.Errorf(format, args...)
		}
	}
	o.begun = true
	switch kind {
	case "settled":
		o.settled, o.earlier = map[string]string{"rolled-back": "it was rolled back", "activated": "it was finished", "dropped": "it had changed nothing"}[rest], true
	case "begins":
		switch {
		case o.earlier && o.back && o.why != nil:
			o.settled = fmt.Sprintf("it was rolled back: %v", o.why)
		case o.earlier && o.said == "kept":
			o.settled = fmt.Sprintf("its files stay: %v", o.why)
		}
		*o = outcome{nonce: o.nonce, health: o.health, begun: true, settled: o.settled}
	case "changed", "kept", "done", "undoing":
		o.said = kind
	case "again":
		o.again = append(o.again, name)
	case "rolled-back":
		o.back, o.said = true, kind
	case "stuck":
		o.stuck, o.said = true, kind
	case "refused":
		blame(runner.Validation, "validation failed: %s", strings.ReplaceAll(name, ".hail-"+o.nonce, ".hail-*")) // the same on all hosts
	case "handled":
		o.handled = append(o.handled, name)
	case "handler":
		blame(runner.HandlerFailed, "%s", handlerFailed(rest))
	case "unhealthy":
		word, number, _ := strings.Cut(rest, " ")
		o.sick = &sick{name: program.Unword(word)}
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(o.health) && !o.earlier {
			o.sick.check = &o.health[i]
		}
		blame(runner.Unhealthy, "the health check %s did not pass", o.sick.name)
	case "locked":
		o.said = kind
		blame(runner.Locked, "%s", strings.TrimSuffix("another push is running on the host: run "+name, ": run "))
	case "immutable":
		o.said = "error"
		blame("", "%s is immutable (chattr)", name)
	case "moved":
		o.said = "error"
		blame("", "%s", strings.TrimSuffix("a file changed on the host meanwhile: "+name, ": -"))
	case "behind":
		o.said = "error"
		blame("", "%w", errBehind)
	case "error":
		what, because, _ := strings.Cut(rest, " ")
		if o.said = kind; what == "rename" {
			o.said = "undoing" // the host says that next
		}
		if strings.HasPrefix(because, "Wrote only ") { // all that GNU tar says of it
			because = "the disk is full, or a quota"
		}
		if said, known := failures[what]; known {
			rest = strings.TrimSuffix(said+": "+because, ": ")
		}
		blame("", "%s", rest)
	case "stopped":
		o.said = kind
		blame("", "stopped before anything was changed")
	}
	return nil
}

// What the error of a push says about the state of the host.
var (
	errKept      = errors.New("the new files stay")
	errDone      = errors.New("everything was already done")
	errUntouched = errors.New("nothing was changed")
	errUnsettled = errors.New("the next push settles it")
)

// errBehind says that the push waited for another, which has changed what this one was to change.
var errBehind = errors.New("other pushes change the same files again and again")

// failures puts the errors of sh/apply.sh into words; the tool's own reason follows them.
var failures = map[string]string{"state": "the folder for the state of pushes is not writable", "stage": "the new files can't be put beside the old ones",
	"attributes": "the new files can't get their owner and permissions", "rename": "the files can't be renamed"}

// handlerFailed returns why a handler failed. said is its name, then its exit status, or "late" and a number of
// seconds, then the last line that it printed.
func handlerFailed(said string) string {
	name, how, _ := strings.Cut(said, " ")
	how, last, _ := strings.Cut(how, " ")
	text := fmt.Sprintf("handler %q: ", program.Unword(name))
	if how == "late" {
		after, _, _ := strings.Cut(last, " ")
		seconds, _ := strconv.Atoi(after)
		return text + "not done within " + inWords(time.Duration(seconds)*time.Second)
	}
	if text += "exit " + how; last != "" {
		if len(last) > longestReason {
			last = strings.ToValidUTF8(last[:longestReason], "") + "…"
		}
		text += ": " + last
	}
	return text
}

// longestReason is how many bytes of a host's output a reason may quote.
const longestReason = 300

// inWords formats a duration without zero units at its end.
func inWords(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// result returns how the push ended. steps says whether it had any.
func (o *outcome) result(t *runner.Target, steps bool) error {
	if o.why == nil && (o.back || o.said == "kept") {
		o.why = errors.New("the push was stopped on the host")
	}
	if o.reason == runner.Unhealthy {
		var log string
		log, o.why = o.sick.explain()
		io.WriteString(t.Err, log)
	}
	f := &runner.Failure{Status: runner.Failed, Reason: o.reason, Stop: o.stuck}
	if o.reason == "" {
		f.Status = runner.Error
	}
	unsaid := o.said == "" || o.said == "undoing"
	why, known := o.why, errUntouched
	switch {
	case o.stuck && o.earlier:
		return &runner.Failure{Status: runner.Error, Stop: true, Err: errors.New("an earlier push was killed, and could not be rolled back: look at the host")}
	case o.stuck && why == nil:
		f.Err = errors.New("the push was stopped, and could not be rolled back: look at the host")
		return f
	case o.stuck:
		f.Err = fmt.Errorf("%w, and the push could not be rolled back: look at the host", why)
		return f
	case why == nil && unsaid:
		why, known = errors.New("the host did not say how the push ended"), errUnsettled
	case why == nil:
		if steps {
			t.Changed()
		}
		return nil
	case o.back:
		known = o.rolledBack()
	case o.said == "kept":
		known = errKept
	case unsaid:
		known = errUnsettled
	}
	f.Err = fmt.Errorf("%w; %w", why, known)
	return f
}

func (o *outcome) rolledBack() error {
	back := "rolled back"
	if o.again != nil {
		back += ", and then " + strings.Join(o.again, " and ") + " failed too"
	}
	return errors.New(back)
}

// cut returns how a push ended whose command was cut off with err, and what is known of it from what the host had said.
func (o *outcome) cut(err error) error {
	inner := &runner.Failure{}
	errors.As(err, &inner)
	f := &runner.Failure{Exit: inner.Exit, Remains: inner.Remains}
	f.Status, f.Reason = runner.StatusOf(err)
	known := errUnsettled
	switch {
	case o.stuck:
		f.Stop, known = true, errors.New("the push could not be rolled back: look at the host")
	case o.back && !o.earlier:
		known = o.rolledBack()
	case o.said == "kept" && !o.earlier:
		known = errKept
	case o.said == "changed" && !o.earlier:
		known = errDone
	case o.said == "done": // it only settled what an earlier push had left
		known = errUntouched
	case o.said == "stopped", o.said == "locked", o.said == "error", !o.begun && f.Remains == runner.Gone:
		known = errUntouched
	case !o.begun && f.Status != runner.Cancelled && f.Status != runner.Timeout && f.Status != runner.Lost:
		return err // it was never started
	}
	if f.Status == runner.Cancelled {
		err = errors.New("stopped")
	}
	f.Err = fmt.Errorf("%w; %w", err, known)
	return f
}
