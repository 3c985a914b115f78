package push

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hail/runner"
)

// heard is the outcome of a push of which the host has said these lines, with commas between them.
func heard(said string) *outcome {
	o := &outcome{}
	for line := range strings.SplitSeq(said, ", ") {
		kind, rest, _ := strings.Cut(line, " ")
		o.hear(kind, rest)
	}
	return o
}

// TestCut: the outcome of a push whose end was not heard is what the host had said until then.
func TestCut(t *testing.T) {
	lost := &runner.Failure{Status: runner.Lost, Err: errors.New("the connection ended")}
	for _, row := range []struct {
		said string
		err  *runner.Failure
		want string
		stop bool
	}{
		{"", &runner.Failure{Status: runner.Failed, Reason: runner.Escalation, Err: errors.New("sudo: no")}, "sudo: no", false},
		{"", lost, "the connection ended; the next push settles it", false},
		{"", &runner.Failure{Err: runner.Stopped(runner.Interrupt), Remains: runner.Gone}, "stopped; nothing was changed", false},
		{"", &runner.Failure{Err: runner.Stopped(runner.Interrupt), Remains: runner.Unknown}, "stopped; the next push settles it", false},
		{"settled activated", lost, "the connection ended; the next push settles it", false},
		{"settled activated, changed, error state", lost, "the connection ended; nothing was changed", false},
		{"settled rolled-back, undoing, stuck", lost, "the connection ended; an earlier push was killed, and could not be rolled back: look at the host", true},
		{"settled rolled-back, undoing, rolled-back", lost, "the connection ended; the next push settles it", false},
		{"begins", lost, "the connection ended; the next push settles it", false},
		{"begins, moved", lost, "the connection ended; nothing was changed", false},
		{"begins, error rename, undoing", lost, "the connection ended; the next push settles it", false},
		{"begins, error rename", lost, "the connection ended; the next push settles it", false},
		{"begins, error stage", lost, "the connection ended; nothing was changed", false},
		{"settled activated, changed, begins, done", lost, "the connection ended; nothing was changed", false},
		{"begins, undoing, rolled-back", lost, "the connection ended; rolled back", false},
		{"begins, undoing, stuck", lost, "the connection ended; the push could not be rolled back: look at the host", true},
		{"begins, changed", lost, "the connection ended; everything was already done", false},
		{"begins, undoing", &runner.Failure{Status: runner.Failed, Reason: runner.Signalled, Err: errors.New("killed by signal KILL")}, "killed by signal KILL; the next push settles it", false},
	} {
		o := heard(row.said)
		err := o.cut(row.err)
		wantStatus, wantReason := runner.StatusOf(row.err)
		status, reason := runner.StatusOf(err)
		if f := (*runner.Failure)(nil); err.Error() != row.want || status != wantStatus || reason != wantReason || !errors.As(err, &f) || f.Stop != row.stop || f.Remains != row.err.Remains {
			t.Errorf("%s: %s(%s) %v, want %s", row.said, status, reason, err, row.want)
		}
	}
}

// TestOutcomeUnsaid: unless the host has said how the push ended, the outcome is never "nothing was changed" after a
// change may have begun.
func TestOutcomeUnsaid(t *testing.T) {
	for said, want := range map[string]string{
		"begins":                       "the host did not say how the push ended; the next push settles it",
		"begins, handler h 1 no":       `handler "h": exit 1: no; the next push settles it`,
		"begins, handler h 1, undoing": `handler "h": exit 1; the next push settles it`,
		"begins, error rename":         "the files can't be renamed; the next push settles it",
		"begins, refused x 2, stopped": "validation failed: x: exit 2; nothing was changed",
		"begins, moved":                "a file has changed on the host meanwhile; nothing was changed",
		"begins, moved /a has changed": "/a has changed on the host meanwhile; nothing was changed",
		"begins, immutable /\\0101":    `/\0101 is immutable (chattr); nothing was changed`,
		"locked":                       "another push is running on the host; nothing was changed",
	} {
		o := heard(said)
		if err := o.result(&runner.Target{}, true); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", said, err, want)
		}
	}
}

// TestOutcomeOfEarlier: what the host says of an earlier push, which it settles first, is never taken for the outcome of
// this one.
func TestOutcomeOfEarlier(t *testing.T) {
	for said, want := range map[string]struct{ settled, err string }{
		"settled dropped, begins, changed":                                               {"it had changed nothing", ""},
		"settled rolled-back, begins, changed":                                           {"it was rolled back", ""},
		"settled rolled-back, undoing, rolled-back, begins, changed":                     {"it was rolled back", ""},
		"settled activated, changed, begins, changed":                                    {"it was finished", ""},
		"settled activated, handler h 1, kept, begins, changed":                          {`its files stay: handler "h": exit 1`, ""},
		"settled activated, kept, begins, changed":                                       {"its files stay", ""},
		"settled activated, handler h 1, undoing, rolled-back, begins, moved":            {`it was rolled back: handler "h": exit 1`, "a file has changed on the host meanwhile; nothing was changed"},
		"settled activated, undoing, rolled-back, begins, changed":                       {"it was rolled back", ""},
		"settled rolled-back, undoing, again g, again h, rolled-back, begins, changed":   {"it was rolled back, and then g and h failed too", ""},
		"settled activated, handler h 1, undoing, again h, rolled-back, begins, changed": {`it was rolled back, and then h failed too: handler "h": exit 1`, ""},
		"settled activated":                                      {"", "the host did not say how the push ended; the next push settles it"},
		"settled activated, handler h 1, kept":                   {"", "the host did not say how the push ended; the next push settles it"},
		"settled activated, changed, error state":                {"", "an earlier push was killed, and can't be settled: the folder for the state of pushes is not writable; nothing was changed"},
		"settled rolled-back, undoing, rolled-back, error state": {"", "an earlier push was killed, and can't be settled: the folder for the state of pushes is not writable; nothing was changed"},
		"settled activated, handler h 1, kept, error state":      {"", "an earlier push was killed, and can't be settled: the folder for the state of pushes is not writable; nothing was changed"},
		"settled rolled-back, undoing, stuck":                    {"", "an earlier push was killed, and could not be rolled back: look at the host"},
	} {
		o := heard(said)
		err := o.result(&runner.Target{}, false)
		status, _ := runner.StatusOf(err)
		if text := fmt.Sprint(err); err != nil && (text != want.err || status != runner.Error) || err == nil && want.err != "" || want.settled != o.settled {
			t.Errorf("%s: %s %v, settled %q, want %v", said, status, err, o.settled, want)
		}
	}
}

// TestWordsOfApply: each word that the host may say is understood, and no other.
func TestWordsOfApply(t *testing.T) {
	meanwhile := []string{"works", "send", "again", "refused", "handled", "handler", "unhealthy"} // say nothing of how it stands
	said := map[string]bool{}
	for _, match := range regexp.MustCompile(`\b(?:say|fail) "?([a-z-]+)( [a-z-]+)?`).FindAllStringSubmatch(applyScript+activateScript, -1) {
		kind, both := match[1], match[1]+match[2]
		said[kind], said[both] = true, true
		_, first := standAfter[kind]
		if _, two := standAfter[both]; !first && !two && !slices.Contains(meanwhile, kind) {
			t.Errorf("%s is said, but not understood", both)
		}
	}
	for words := range standAfter {
		if !said[words] {
			t.Errorf("%s is understood, but never said", words)
		}
	}
}
