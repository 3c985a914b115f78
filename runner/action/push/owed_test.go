package push_test

import (
	"os"
	"strings"
	"testing"

	"hail/runner"
)

// TestPushKept: files kept although a handler or health check failed are not ok until both succeed. After that, a push
// costs no more than usual.
func TestPushKept(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "busybox")
	kept := `{on_failure: keep, files: [{content: new, dest: DIR/conf, notify: [h]}, {content: x, dest: DIR/unheard}], handlers: {h: {run: "echo ran >>DIR/ran"}, other: {run: "echo other >>DIR/ran"}},
		health: [{id: up, file: DIR/up, retry: {timeout: 1s}}]}`
	for i, step := range []struct {
		what, spec string
		status     runner.Status
		reason     runner.Reason
		words, ran string
		execs      int32
	}{
		{"first", kept, runner.Failed, runner.Unhealthy, "the new files stay", "ran\n", 2},
		{"again", kept, runner.Failed, runner.Unhealthy, "the new files stay", "ran\nran\n", 2},
		{"without handlers and health", `files: [{content: new, dest: DIR/conf}]`, runner.OK, "", "", "ran\nran\n", 1},
		{"something else", `files: [{content: mine, dest: DIR/mine}]`, runner.Changed, "", "", "ran\nran\n", 2},
		{"something else again", `files: [{content: mine, dest: DIR/mine}]`, runner.OK, "", "", "ran\nran\n", 1},
		{"taken back to what was kept", strings.NewReplacer("keep", "rollback", "new", "newer").Replace(kept), runner.Failed, runner.Unhealthy, "rolled back", "ran\nran\nran\nran\n", 2},
		{"without a change there is nothing to take back", strings.Replace(kept, "keep", "rollback", 1), runner.Failed, runner.Unhealthy, "the new files stay", "ran\nran\nran\nran\nran\n", 2},
		{"in the end", kept, runner.OK, "", "", "ran\nran\nran\nran\nran\nran\n", 2},
		{"and then", kept, runner.OK, "", "", "ran\nran\nran\nran\nran\nran\n", 1},
	} {
		if step.what == "in the end" {
			m.write(t, "up", "", 0o644)
			p := m.push(t, t.Context(), kept, nil, dry)
			p.want(t, "dry run", runner.OK, "", "")
			if p.out != "would run the handler h\n" || !strings.Contains(p.log, "an earlier push") || m.execs.Load() != 1 {
				t.Errorf("the dry run has the output %q and the log %q after %d commands, want the handler h and an earlier push after 1", p.out, p.log, m.execs.Load())
			}
		}
		m.push(t, t.Context(), step.spec, nil).want(t, step.what, step.status, step.reason, step.words)
		if m.execs.Load() != step.execs || m.read(t, "ran") != step.ran || m.read(t, "conf") != "new" {
			t.Errorf("%d, %s: %d commands, want %d; the handlers wrote %q, want %q; the file has %q", i, step.what, m.execs.Load(), step.execs, m.read(t, "ran"), step.ran, m.read(t, "conf"))
		}
	}
	m.clean(t)
}

// TestPushKeptIsKilled: a push with on_failure: keep that is killed while its handler runs is not rolled back by the
// next push.
func TestPushKeptIsKilled(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o644)
		kept := `{on_failure: keep, files: [{content: new, dest: DIR/conf, notify: [h]}],
			handlers: {h: {run: 'echo run >>DIR/runs; [ $(wc -l <DIR/runs) = 1 ] && kill -9 ` + pushProcess + `; test -e DIR/up'}}}`
		m.push(t, t.Context(), kept, nil)
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/other}]`, nil)
		p.want(t, "the next", runner.Changed, "", "")
		if !strings.HasPrefix(p.notes["settled"], "first settled an earlier push that was killed: its files stay: handler \"h\": exit 1") || m.read(t, "conf") != "new" {
			t.Errorf("settled: %q, and the file has %q, want it to stay new", p.notes["settled"], m.read(t, "conf"))
		}
		m.push(t, t.Context(), kept, nil).want(t, "again", runner.Failed, runner.HandlerFailed, "the new files stay")
		m.write(t, "up", "", 0o644)
		m.push(t, t.Context(), kept, nil).want(t, "in the end", runner.OK, "", "")
		m.clean(t)
	})
}

// TestPushKeptOnFullDisk: handlers that are due are not forgotten when they cannot be written down.
func TestPushKeptOnFullDisk(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "full", "", 0o644)
		kept := `{on_failure: keep, files: [{content: new, dest: DIR/conf, notify: [h]}],
			handlers: {h: {run: 'cd $HOME/.local/state/hail/on/*; if test -e DIR/full; then mkdir -p owed.new; else rm -rf owed.new; fi; test -e DIR/up'}}}`
		m.push(t, t.Context(), kept, nil).want(t, "first", runner.Failed, runner.HandlerFailed, "the new files stay")
		if err := os.Remove(m.dir + "/full"); err != nil {
			t.Fatal(err)
		}
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/other}]`, nil)
		p.want(t, "the next", runner.Changed, "", "")
		if !strings.Contains(p.notes["settled"], "its files stay") {
			t.Errorf("settled: %q, want that its files stay", p.notes["settled"])
		}
		m.push(t, t.Context(), kept, nil).want(t, "again", runner.Failed, runner.HandlerFailed, "the new files stay")
		m.write(t, "up", "", 0o644)
		m.push(t, t.Context(), kept, nil).want(t, "in the end", runner.OK, "", "")
		m.clean(t)
	})
}

// TestPushKeptMeanwhile: while a push compares, another one keeps a file, and a third one succeeds with a file that was due.
// The former file stays due, the latter is not due any more.
func TestPushKeptMeanwhile(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "gnu")
	spec := func(name string) string {
		return strings.ReplaceAll(`{on_failure: keep, files: [{content: new, dest: "DIR/NAME it's", notify: [h]}], handlers: {h: {run: "test -e DIR/NAME.up"}}}`, "NAME", name)
	}
	m.push(t, t.Context(), spec("a"), nil).want(t, "a", runner.Failed, runner.HandlerFailed, "the new files stay")
	m.push(t, t.Context(), spec("b"), nil).want(t, "b", runner.Failed, runner.HandlerFailed, "the new files stay")
	m.write(t, "a.up", "", 0o644)
	m.meanwhile = func() {
		m.meanwhile = nil
		m.push(t, t.Context(), spec("c"), nil).want(t, "c", runner.Failed, runner.HandlerFailed, "the new files stay")
		m.write(t, "b.up", "", 0o644)
		m.push(t, t.Context(), spec("b"), nil).want(t, "b again", runner.OK, "", "")
	}
	m.push(t, t.Context(), spec("a"), nil).want(t, "a again", runner.OK, "", "")
	m.push(t, t.Context(), spec("c"), nil).want(t, "c again", runner.Failed, runner.HandlerFailed, "the new files stay")
	m.write(t, "c.up", "", 0o644)
	for _, name := range []string{"a", "b"} {
		m.push(t, t.Context(), spec(name), nil).want(t, name+" in the end", runner.OK, "", "")
		if m.execs.Load() != 1 {
			t.Errorf("%s: %d commands, want 1", name, m.execs.Load())
		}
	}
	m.push(t, t.Context(), spec("c"), nil).want(t, "c in the end", runner.OK, "", "")
	m.push(t, t.Context(), spec("c"), nil).want(t, "c after the end", runner.OK, "", "")
	if m.execs.Load() != 1 {
		t.Errorf("c after the end: %d commands, want 1", m.execs.Load())
	}
}
