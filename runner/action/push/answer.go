package push

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hail/runner"
	"hail/runner/action/program"
)

// hear takes in one answer of sh/apply.sh.
func (o *outcome) hear(kind, rest string) error {
	if kind == "" {
		o.sick.hear(rest)
		return nil
	}
	blame := func(reason runner.Reason, format string, args ...any) {
		if o.why == nil {
			o.reason, o.why = reason, fmt.Errorf(format, args...)
		}
	}
	name := program.Unword(rest)
	what, because, _ := strings.Cut(rest, " ")
	switch kind {
	case "settled":
		o.earlier = true
	case "begins":
		if o.earlier {
			o.settled = o.told()
		}
		o.earlier, o.ending = false, ending{}
	case "again":
		o.again = append(o.again, name)
	case "refused":
		how, line, _ := strings.Cut(because, " ")
		text := "validation failed: " + program.Unword(what) + exited(how, line)
		blame(runner.Validation, "%s", strings.ReplaceAll(text, ".hail-"+o.nonce, ".hail-*")) // the same on all hosts
	case "handled":
		o.handled = append(o.handled, name)
	case "handler":
		blame(runner.HandlerFailed, "%s", handlerFailed(rest))
	case "unhealthy":
		o.sick = &sick{name: program.Unword(what)}
		if i, err := strconv.Atoi(because); err == nil && i >= 0 && i < len(o.health) && !o.earlier {
			o.sick.check = &o.health[i]
		}
		blame(runner.Unhealthy, "the health check %s did not pass", o.sick.name)
	case "locked":
		blame(runner.Locked, "%s", strings.TrimSuffix("another push is running on the host: run "+rest, ": run "))
	case "immutable":
		blame("", "%s is immutable (chattr)", rest)
	case "moved":
		blame("", "%s on the host meanwhile", cmp.Or(rest, "a file has changed"))
	case "behind":
		blame("", "%w", errBehind)
	case "error":
		if strings.HasPrefix(because, "Wrote only ") { // all that GNU tar says of it
			because = "the disk is full, or a quota"
		}
		if said, known := failures[what]; known {
			rest = strings.TrimSuffix(said+": "+because, ": ")
		}
		if o.earlier { // with that, this one has ended before it has begun
			o.earlier, o.ending = false, ending{}
			rest = "an earlier push was killed, and can't be settled: " + rest
		}
		blame("", "%s", rest)
	case "stopped":
		blame("", "stopped before anything was changed")
	}
	if s, known := standAfter[kind+" "+what]; known {
		o.stand = s
	} else if s, known := standAfter[kind]; known {
		o.stand = s
	} else if o.stand == unheard {
		o.stand = unsettled
	}
	return nil
}

// failures puts the errors of sh/apply.sh into words; the tool's own reason follows them.
var failures = map[string]string{"state": "the folder for the state of pushes is not writable", "stage": "the new files can't be put beside the old ones",
	"attributes": "the new files can't get their owner and permissions", "rename": "the files can't be renamed"}

// handlerFailed returns why a handler failed. said is its name, then its exit status, or "late" and a number of
// seconds, then the last line that it printed.
func handlerFailed(said string) string {
	name, how, _ := strings.Cut(said, " ")
	how, last, _ := strings.Cut(how, " ")
	text := fmt.Sprintf("handler %q", program.Unword(name))
	if how == "late" {
		after, _, _ := strings.Cut(last, " ")
		seconds, _ := strconv.Atoi(after)
		return text + ": not done within " + inWords(time.Duration(seconds)*time.Second)
	}
	return text + exited(how, last)
}

// exited is what an error says of a command: its exit status, and the line that tells most of what it printed, if there is one.
func exited(status, line string) string {
	if len(line) > longestReason {
		line = strings.ToValidUTF8(line[:longestReason], "") + "…"
	}
	return strings.TrimSuffix(": exit "+status+": "+line, ": ")
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
