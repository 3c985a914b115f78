package push_test

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"hail/runner"
	"hail/runner/hosttest"
)

// TestPushSettlesWithPlaces: a killed push is settled with the commands of that push, placeholders filled in. A dry run
// says that this comes first.
func TestPushSettlesWithPlaces(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.host.Vars = map[string]any{"word": "new"}
		spec := `{files: [{content: new, dest: DIR/conf, notify: [h]}], validate: "grep -qx {{.vars.word}} DIR/conf",
			handlers: {h: {run: 'test -e DIR/once && exit; touch DIR/once; kill -9 ` + pushProcess + `'}}}`
		m.push(t, t.Context(), spec, nil)
		p := m.push(t, t.Context(), spec, nil, dry)
		if p.want(t, "dry run", runner.OK, "", ""); !strings.HasPrefix(p.log, "another push is at work on the host, or was killed") {
			t.Errorf("a dry run only says %q", p.log)
		}
		p = m.push(t, t.Context(), spec, nil)
		p.want(t, "the next", runner.OK, "", "")
		if want := "first settled an earlier push that was killed: it was finished"; p.notes["settled"] != want || m.read(t, "conf") != "new" {
			t.Errorf("settled: %q, want %q; the file has %q", p.notes["settled"], want, m.read(t, "conf"))
		}
		m.clean(t)
	})
}

// TestTidyingIsWhole: a signal that is meant for all of a push does not end what removes its traces.
func TestTidyingIsWhole(t *testing.T) {
	t.Parallel()
	m := withTool(t, "rm", `case $* in
*/push) kill -TERM $$ ;;
esac
exec /bin/rm "$@"`)
	m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf}]}`, nil)
	if conf := m.read(t, "conf"); conf != "new" {
		t.Errorf("conf has %q", conf)
	}
	if _, err := os.Lstat(m.state(t) + "/push"); err == nil {
		t.Error("the journal is still there")
	}
	m.clean(t)
}

// TestPushKilledWhileTidying: a push that is killed after its end, while it removes its hidden files, is neither
// finished nor rolled back again by the next push, whatever has happened meanwhile.
func TestPushKilledWhileTidying(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "gnu")
	// It is killed after it has removed the hidden folders in the first folder, or all of them and the progress, or
	// part of the rest.
	bin := t.TempDir()
	script := `#!/bin/sh
PATH=` + m.path + `
case $* in *.old*)
	if [ -e DIR/deadly ]; then
		rm -rf DIR/deadly THESE
		kill -9 ` + pushProcess + `
		exit
	fi ;;
esac
exec rm "$@"
`
	m.path = bin + ":" + m.path
	spec := `{files: [{content: new, dest: DIR/conf, notify: [h]}, {content: new, dest: DIR/made, notify: [h]}, {content: new, dest: DIR/z/made}, {dest: DIR/gone, state: absent}],
		handlers: {h: {run: 'echo ran >>DIR/ran; test -e DIR/good'}}}`
	const hidden, journal = "DIR/.hail-* DIR/z/.hail-* ", "$HOME/.local/state/hail/on/*/push/"
	for _, these := range []string{"DIR/.hail-*", hidden + journal + "re*", journal + "table", hidden + journal + "*ing " + journal + "*ed " + journal + "undone"} {
		hosttest.Program(t, bin+"/rm", strings.ReplaceAll(strings.ReplaceAll(script, "THESE", these), "DIR", m.dir))
		for _, good := range []bool{true, false} {
			for _, name := range []string{"ran", "made", "z/made", "good"} {
				os.Remove(m.dir + "/" + name)
			}
			for _, name := range []string{"conf", "gone", "z/x", "deadly"} {
				m.write(t, name, "old", 0o644)
			}
			settled := "first settled an earlier push that was killed: it was rolled back"
			if good {
				m.write(t, "good", "", 0o644)
				settled = "first settled an earlier push that was killed: it was finished"
			}
			if strings.Contains(these, "undone") { // nothing is left to tell
				settled = ""
			}
			m.push(t, t.Context(), spec, nil)
			if m.read(t, "deadly") != "(absent)" {
				t.Fatalf("%s, %v: the push was not killed", these, good)
			}
			m.write(t, "made", "of somebody", 0o644)
			ran := m.read(t, "ran")
			os.Remove(m.dir + "/good")
			p := m.push(t, t.Context(), `files: [{content: `+rand.Text()+`, dest: DIR/other}]`, nil)
			p.want(t, these, p.status, "", "")
			if p.notes["settled"] != settled {
				t.Errorf("%s, %v: settled: %q, want %q", these, good, p.notes["settled"], settled)
			}
			conf, gone := "old", "old"
			if good {
				conf, gone = "new", "(absent)"
			}
			if m.read(t, "ran") != ran || m.read(t, "made") != "of somebody" || m.read(t, "conf") != conf || m.read(t, "gone") != gone {
				t.Errorf("%s, %v: the handler wrote %q, and after settling %q; made has %q, conf %q and gone %q", these, good, ran, m.read(t, "ran"), m.read(t, "made"), m.read(t, "conf"), m.read(t, "gone"))
			}
			m.clean(t)
		}
	}
}

// TestPushKilledWhileKeeping: where there are no hard links, the old file is copied. The part of a copy that a killed push
// has left does not replace the file.
func TestPushKilledWhileKeeping(t *testing.T) {
	m := withTool(t, "ln", `case $* in
*.old/)
	printf par >"$3conf"
	kill -9 `+pushProcess+` $PPID
	exit 1 ;;
esac
PATH=/bin:/usr/bin exec ln "$@"`)
	m.write(t, "conf", "partial", 0o644)
	m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, nil).want(t, "killed", runner.Failed, runner.ExitStatus, "the next push settles it")
	p := m.push(t, t.Context(), `files: [{content: x, dest: DIR/other}]`, nil)
	p.want(t, "the next", runner.Changed, "", "")
	if want := "first settled an earlier push that was killed: it was rolled back"; p.notes["settled"] != want || m.read(t, "conf") != "partial" {
		t.Errorf("settled: %q, want %q; the file has %q, want all of it", p.notes["settled"], want, m.read(t, "conf"))
	}
	m.clean(t)
}

// TestPushWithoutNotes: a push that cannot write down its observations can still be rolled back. One whose journal has
// lost its steps touches nothing, and the next push does not say that it is settled.
func TestPushWithoutNotes(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o644)
		p := m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "cd $HOME/.local/state/hail/on/* && rm -f printed && mkdir -p printed"}},
			health: [{id: up, command: {run: ["true"]}, retry: {timeout: 1s}}]}`, nil)
		p.want(t, "health", runner.Failed, runner.Unhealthy, "; rolled back")
		if m.read(t, "conf") != "old" {
			t.Errorf("the file has %q, want the old content", m.read(t, "conf"))
		}
		m.clean(t)

		spec := `{files: [{content: new, dest: DIR/made.by.test, notify: [h]}], handlers: {h: {run: "cd $HOME/.local/state/hail/on/*/push && : >steps; exit 1"}}}`
		at := t.TempDir() // the current folder of commands
		m.login = "cd " + at + " && exec sh -c "
		if err := os.WriteFile(at+"/made.by.test", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		p = m.push(t, t.Context(), spec, nil)
		p.want(t, "folder", runner.Failed, runner.HandlerFailed, "the push could not be rolled back: look at the host")
		if _, err := os.Stat(at + "/made.by.test"); err != nil {
			t.Error(err)
		}
		if note := p.notes[m.dir+"/made.by.test"]; !strings.HasSuffix(note, ", unknown whether in place") {
			t.Errorf("the note is %q, want that it is unknown", note)
		}
		p = m.push(t, t.Context(), spec, nil)
		p.want(t, "the next", runner.Error, "", "could not be rolled back: look at the host")
		if p.notes["settled"] != "" {
			t.Errorf("settled: %q, want nothing", p.notes["settled"])
		}
		if note := p.notes[m.dir+"/made.by.test"]; note != "" {
			t.Errorf("the note is %q, want none", note)
		}
	})
}

// TestPushSharedHome: the state of another host with the same home folder is not taken for a killed push of this host.
func TestPushSharedHome(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "gnu")
	m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf, notify: [h]}],
		handlers: {h: {run: 'cd $HOME/.local/state/hail/on/*; pwd >DIR/state; kill -9 $(ls | grep lock: | cut -d : -f 2)'}}}`, nil)
	here := strings.TrimSpace(m.read(t, "state"))
	other := here + "-other"
	if err := os.Rename(here, other); err != nil {
		t.Fatal(err)
	}
	p := m.push(t, t.Context(), `files: [{content: newer, dest: DIR/conf}]`, nil)
	p.want(t, "the next", runner.Changed, "", "")
	if _, err := os.Stat(other + "/push/renamed"); err != nil || p.notes["settled"] != "" || m.read(t, "conf") != "newer" {
		t.Errorf("the state of the other host was touched: %v, %v, the file has %q", err, p.notes, m.read(t, "conf"))
	}
}
