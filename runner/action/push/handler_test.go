package push_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hail/runner"
)

// TestPushHandler: the error says why a handler failed, with the last line of its own stderr, or of its stdout where
// there is none, not that of other handlers.
func TestPushHandler(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		for _, row := range []struct{ run, timeout, want string }{
			{"exit 3", "10s", `handler "it is": exit 3; rolled back, and then it is failed too`},
			{"echo out; echo first >&2; echo no such $NAME: $FILES >&2; echo >&2; exit 4", "10s", `handler "it is": exit 4: no such : DIR/conf; rolled back, and then it is failed too`},
			{"echo one; echo no such process; exit 2", "10s", `handler "it is": exit 2: no such process; rolled back, and then it is failed too`},
			{`printf '%s\\n' 'Job for it failed because.' 'See \"systemctl status it\" for details.' >&2; exit 1`, "10s", `handler "it is": exit 1: Job for it failed because.; rolled back, and then it is failed too`},
			{"test -e DIR/once && exit; touch DIR/once; printf '%s\\\\n' 'a%s\\\\n' >&2; exit 124", "10s", `handler "it is": exit 124: a%s\n; rolled back`},
			{"test -e DIR/late && exit; touch DIR/late; echo waiting >&2; exec sleep 100", "1s", `handler "it is": not done within 1s; rolled back`},
			{"printf %01000d 0 >&2; exit 1", "10s", `handler "it is": exit 1: ` + strings.Repeat("0", 300) + `…; rolled back, and then it is failed too`},
		} {
			p := m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf, notify: [before, it is]}],
				handlers: {before: {run: "echo other >&2"}, it is: {run: "`+row.run+`", timeout: `+row.timeout+`}}}`, nil)
			p.want(t, row.run, runner.Failed, runner.HandlerFailed, "")
			if want := strings.ReplaceAll(row.want, "DIR", m.dir); p.err != want {
				t.Errorf("%s: %q, want %q", row.run, p.err, want)
			}
			if strings.Contains(row.run, "first") && !strings.Contains(p.log, "out\nfirst\nno such") {
				t.Errorf("the log does not have all output of the handler: %q", p.log)
			}
		}
		m.clean(t)
	})
}

// TestPushNoTimeout: a host without timeout(1) is reported, once, and only if there is a command to be limited.
func TestPushNoTimeout(t *testing.T) {
	m := newMachine(t, "busybox")
	all := os.DirFS(m.path)
	m.path = t.TempDir()
	if err := errors.Join(os.CopyFS(m.path, all), os.Remove(filepath.Join(m.path, "timeout"))); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]int{"handled, notify: [a, b]": 1, "not": 0} {
		p := m.push(t, t.Context(), `{files: [{dest: DIR/conf, content: `+content+`}], handlers: {a: {run: "true"}, b: {run: "true"}}}`, nil)
		p.want(t, content, runner.Changed, "", "")
		if got := strings.Count(p.log, "no timeout"); got != want {
			t.Errorf("%s: the log says it %d times, want %d: %q", content, got, want, p.log)
		}
	}
}

// TestPushOldTimeout: a handler has its limit also where timeout(1) does not know -k.
func TestPushOldTimeout(t *testing.T) {
	m := newMachine(t, "old busybox")
	spec := `{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "test -e DIR/late && exit; touch DIR/late; exec sleep 100", timeout: 1s}}}`
	m.push(t, t.Context(), spec, nil).want(t, "push", runner.Failed, runner.HandlerFailed, `handler "h": not done within 1s; rolled back`)
}

// TestPushLeavesTheBackgroundNothing: what a handler leaves running has no file of the journal open. With NFS, the folder
// could not be removed.
func TestPushLeavesTheBackgroundNothing(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		spec := `{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "sleep 1000 & ls -l /proc/$!/fd >DIR/open; kill $!"}}}`
		m.push(t, t.Context(), spec, nil).want(t, "push", runner.Changed, "", "")
		if open := m.read(t, "open"); !strings.Contains(open, " 2 -> ") || strings.Contains(open, "/push/") {
			t.Errorf("open are\n%s", open)
		}
	})
}
