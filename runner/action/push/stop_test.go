package push_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hail/runner"
)

// TestPushStopped: a push that is stopped while it waits says in which state it left the host. It is stopped as soon as
// the file at exists.
func TestPushStopped(t *testing.T) {
	wait := `touch DIR/at; sleep 100`
	for name, row := range map[string]struct {
		spec   string
		why    error
		grace  time.Duration
		status runner.Status
		reason runner.Reason
		words  string
		conf   string
		note   string
	}{
		"handler": {`{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "test ! -e DIR/at || exit 0; ` + wait + `"}}}`,
			runner.Stopped(runner.Interrupt), 0, runner.Cancelled, runner.Interrupt, "stopped; rolled back", "old", ", not in place"},
		"handler fails again": {`{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "test ! -e DIR/at || exit 1; ` + wait + `"}}}`,
			runner.Stopped(runner.OverBudget), 0, runner.Cancelled, runner.OverBudget, "stopped; rolled back, and then h failed too", "old", ", not in place"},
		"time": {`{files: [{content: new, dest: DIR/conf}], health: [{command: "` + wait + `", retry: {timeout: 100s}}]}`,
			runner.ErrTimeout, 0, runner.Timeout, "", "stopped: its time ran out; rolled back", "old", ", not in place"},
		"keep": {`{on_failure: keep, files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "` + wait + `"}}}`,
			runner.Stopped(runner.Interrupt), 0, runner.Cancelled, runner.Interrupt, "stopped; the new files stay", "new", ""},
		"before": {`{files: [{content: new, dest: DIR/conf, validate: ": {{staged}}; ` + wait + `"}]}`,
			runner.Stopped(runner.Interrupt), 0, runner.Cancelled, runner.Interrupt, "stopped; nothing was changed", "old", ", not in place"},
		"slower than the grace": {`{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "test ! -e DIR/at || exec sleep 3; ` + wait + `", timeout: 30s}}}`,
			runner.Stopped(runner.Interrupt), time.Second, runner.Cancelled, runner.Interrupt, "stopped; rolled back", "old", ", not in place"},
		"a handler that does not end": {`{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "trap '' TERM; touch DIR/at; while :; do sleep 1; done", timeout: 1s}}}`,
			runner.Stopped(runner.Interrupt), time.Second, runner.Cancelled, runner.Interrupt, "stopped; rolled back, and then h failed too", "old", ", not in place"},
		"no time to take it back": {`{files: [{content: new, dest: DIR/conf}], validate: ["trap '' TERM; touch DIR/at; while :; do sleep 1; done"]}`,
			runner.Stopped(runner.Interrupt), time.Second, runner.Cancelled, runner.Interrupt, "stopped; the next push settles it", "new", ", unknown whether in place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "gnu")
			m.grace = row.grace
			m.write(t, "conf", "old", 0o644)
			ctx, cancel := context.WithCancelCause(t.Context())
			var stop sync.WaitGroup
			stop.Go(func() {
				await(t, filepath.Join(m.dir, "at"))
				cancel(row.why)
			})
			p := m.push(t, ctx, row.spec, nil)
			stop.Wait()
			p.want(t, name, row.status, row.reason, row.words)
			if p.err != row.words || m.read(t, "conf") != row.conf {
				t.Errorf("error %q, want %q; the file has %q, want %q; the log is %q", p.err, row.words, m.read(t, "conf"), row.conf, p.log)
			}
			if note := p.notes[m.dir+"/conf"]; !strings.HasSuffix(note, "11507a0e2f5e"+row.note) {
				t.Errorf("the note is %q, want %q at its end", note, row.note)
			}
		})
	}
}

// TestPushStoppedWhileItRenames: a push that is stopped on the host between its renames, or can't note that they are done,
// is rolled back, and says which of the two it was.
func TestPushStoppedWhileItRenames(t *testing.T) {
	for does, want := range map[string]string{
		`kill "` + pushProcess + `"`:                                "the push was stopped on the host; rolled back",
		`mkdir "$(echo $HOME/.local/state/hail/on/*/push)/renamed"`: "the files can't be renamed: Is a directory; rolled back",
	} {
		m := withTool(t, "mv", `PATH=/bin:/usr/bin; [ "$3" != conf ] || `+does+`; exec mv "$@"`)
		m.write(t, "conf", "old", 0o644)
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, nil)
		if p.want(t, does, runner.Error, "", want); p.err != want || m.read(t, "conf") != "old" {
			t.Errorf("%s: %s, want %s; the file has %q, want the old content", does, p.err, want, m.read(t, "conf"))
		}
		m.clean(t)
	}
}
