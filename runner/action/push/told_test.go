package push_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
)

// TestPushTells: a change is reported only when it is done, with the old and new mode, and a name never takes two lines.
func TestPushTells(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "busybox")
	diff := func(p *push.Push) { p.Diff = true }
	for _, name := range []string{"conf", "gone", "dir/a"} {
		m.write(t, name, "old\n", 0o644)
	}
	says := func(what, text string, change func(*push.Push), status runner.Status, want string, further ...func(*runner.Plan)) {
		t.Helper()
		p := m.push(t, t.Context(), text, change, further...)
		if want = strings.NewReplacer("DIR", m.dir, "ME", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())).Replace(want); p.status != status || p.out != want {
			t.Errorf("%s: %s, %q, want %s, %q", what, p.status, p.out, status, want)
		}
	}
	says("dry run", `files: [{dest: DIR/conf, content: "old\n", mode: "4755"}, {dest: DIR/dir, state: absent}, {content: x, dest: "DIR/a\nb", mode: "0600"}]`, nil, runner.Changed,
		"create \"DIR/a\\nb\" 0600\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\nmeta DIR/conf 0644 ME → 4755 ME\ndelete DIR/dir and everything in it\n", dry)
	says("not accepted", `files: [{content: new, dest: DIR/conf, validate: "test ! -f {{staged}}"}]`, nil, runner.Failed, "")
	if p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf, validate: "seq 30; echo the reason; test ! -f {{staged}}"}]`, nil); !strings.HasSuffix(p.log, "30\nthe reason\n") {
		t.Errorf("the output of the validation is cut: %q", p.log)
	}
	says("taken back", `{files: [{content: new, dest: DIR/conf, notify: [h]}], handlers: {h: {run: exit 1}}}`, nil, runner.Failed, "")
	says("kept", `{on_failure: keep, files: [{content: "new\n", dest: DIR/conf, mode: "0640", notify: [h]}], handlers: {h: {run: exit 1}}}`, nil, runner.Failed, "content DIR/conf 0644 ME → 0640 ME\n")
	says("with a handler", `{files: [{content: "new\n", dest: DIR/conf, mode: "0600", notify: [h]}], handlers: {h: {run: echo no word of ours}}}`, nil, runner.Changed,
		"meta DIR/conf 0640 ME → 0600 ME\nran the handler h\n")
	says("with differences", `files: [{content: "newer\n", dest: DIR/conf}]`, diff, runner.Changed, "content DIR/conf\n@@ -1 +1 @@\n-new\n+newer\n")
	says("with other ends of lines", `files: [{content: "newer\r\n", dest: DIR/conf}]`, nil, runner.Changed, "content DIR/conf\n@@ -1 +1 @@\n-newer\n+newer^M\n", dry)
	m.write(t, "conf", strings.Repeat("long\n", 60000), 0o600)
	says("from one that is too long for differences", `files: [{content: "newer\n", dest: DIR/conf}]`, diff, runner.Changed, "content DIR/conf\n(more than 256 KiB)\n")
	says("with a secret", `files: [{content: "newest\n", dest: DIR/conf, secret: true}]`, diff, runner.Changed, "content DIR/conf\n(secret)\n")
	m.clean(t)
	says("deleted", `{backup: 1, files: [{dest: DIR/gone, state: absent}, {dest: DIR/dir, state: absent}]}`, func(p *push.Push) { p.Backup = 1 }, runner.Changed,
		"delete DIR/dir and everything in it\ndelete DIR/gone\n")
	m.write(t, "linked", "old\n", 0o644)
	says("replaced by a link", `{backup: 1, files: [{link: conf, dest: DIR/linked}]}`, nil, runner.Changed, "link DIR/linked\n")
	if m.read(t, ".hail-backup/gone.1") != "old\n" || m.read(t, ".hail-backup/linked.1") != "old\n" {
		t.Error("a deleted file, or one that a link has replaced, has no backup")
	}
	m.write(t, "same/conf", "x", 0o644)
	p := m.push(t, t.Context(), `{files: [{src: DIR/same/, dest: DIR/same, delete: managed}], validate: ["true"]}`, nil)
	if p.want(t, "only remembered", runner.OK, "", ""); p.out+p.log != "" || m.execs.Load() != 2 {
		t.Errorf("when only the list of managed files is new, %d commands, want 2, which print %q, want nothing", m.execs.Load(), p.out+p.log)
	}
}

// TestPushSaysTheSame: messages about staged files are the same on all hosts of a run, so that they fold, although each
// host has a staging folder of its own even in a shared one.
func TestPushSaysTheSame(t *testing.T) {
	m := newMachine(t, "gnu")
	spec := strings.ReplaceAll(`files: [{content: new, dest: DIR/conf, validate: "echo {{staged}} | tee -a DIR/names >&2; echo {{staged}}; false"}]`, "DIR", m.dir)
	read, err := push.ReadSpec("spec.yaml", []byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	hosts := []inventory.Host{m.host, m.host}
	hosts[1].Name = "there"
	p, contents, err := push.Render([]*push.Spec{read}, hosts, nobody, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := push.New(p.Spec(), rendered(contents))
	if err != nil {
		t.Fatal(err)
	}
	var b buffers
	var ended []string
	for batch := range runner.Run(t.Context(), runner.Plan{Hosts: hosts, Fanout: 1}, a, m.dialer, &b) {
		for _, e := range batch {
			if e.Kind == runner.KindFinish {
				ended = append(ended, e.Error)
			}
		}
	}
	if said := strings.Fields(b.all[1].String()); len(said) != 4 || said[0] != m.dir+"/.hail-*/conf" || len(slices.Compact(said)) != 1 {
		t.Errorf("the hosts printed %q, want the same staged path twice each", said)
	}
	if names := strings.Fields(m.read(t, "names")); len(names) != 2 || names[0] == names[1] {
		t.Errorf("the staged files are %q, want two different ones", names)
	}
	for _, why := range ended {
		if why != "validation failed: echo "+m.dir+"/.hail-*/conf | tee -a "+m.dir+"/names >&2; echo "+m.dir+"/.hail-*/conf; false: exit 1: "+m.dir+"/.hail-*/conf; nothing was changed" {
			t.Errorf("the error is %q, want .hail-* as the name of the staging folder", why)
		}
	}
}

// TestPushToldAfterACut: how a push ended is heard also after a health check whose last line has no end, as on a full
// disk.
func TestPushToldAfterACut(t *testing.T) {
	m := withTool(t, "timeout", `shift 3; PATH=/bin:/usr/bin "$@" && exit 0; printf "exit"; exit 1`)
	m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf}], health: [{id: up, command: "exit 3", retry: {timeout: 1s}}], on_failure: keep}`, nil).want(t, "kept",
		runner.Failed, runner.Unhealthy, "the health check up did not pass within 1s: exit: expected 0, is 3; the new files stay")
}

// TestPushBehindForEver: a push that gives up, because others are faster each time, tells what it would have changed and
// what there is to mind, as one that fails otherwise does.
func TestPushBehindForEver(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "linked", "old", 0o644)
		if err := os.Link(filepath.Join(m.dir, "linked"), filepath.Join(m.dir, "twin")); err != nil {
			t.Fatal(err)
		}
		turns := 0
		var faster func()
		faster = func() {
			m.meanwhile = nil
			turns++
			m.push(t, t.Context(), fmt.Sprintf(`files: [{content: "%d\n", dest: DIR/made}]`, turns), nil).want(t, "the other", runner.Changed, "", "")
			m.execs.Store(-1) // the last command of this turn
			m.meanwhile = faster
		}
		m.meanwhile = faster
		p := m.push(t, t.Context(), `files: [{content: "new\n", dest: DIR/made}, {content: new, dest: DIR/linked}]`, func(p *push.Push) { p.Diff = true })
		p.want(t, "this one", runner.Error, "", "other pushes change the same files again and again; nothing was changed")
		diff, warning := fmt.Sprintf("content %s/made\n@@ -1 +1 @@\n-%d\n+new\n", m.dir, turns), m.dir+"/linked has 2 hard links: the others keep the old content\n"
		if !strings.HasSuffix(p.out, diff) || strings.Count(p.out, m.dir+"/made") != 1 || p.log != warning {
			t.Errorf("it shows %q and %q, want %q at the end, once, and %q", p.out, p.log, diff, warning)
		}
		if note := p.notes[m.dir+"/linked"]; !strings.HasSuffix(note, ", not in place") {
			t.Errorf("the note is %q", note)
		}
		m.clean(t)
	})
}

// TestPushMeanwhile: what somebody else changes between looking and renaming is left alone, and is told by its path.
func TestPushMeanwhile(t *testing.T) {
	t.Parallel()
	for _, userland := range []string{"gnu", "busybox", "bsd"} {
		m := newMachine(t, userland)
		for want, change := range map[string]func(){
			m.dir + "/b has changed":  func() { m.write(t, "b", "theirs", 0o644) },
			m.dir + "/z has changed":  func() { os.Remove(filepath.Join(m.dir, "z")) },
			m.dir + "/c has appeared": func() { m.write(t, "c", "theirs", 0o644) },
		} {
			for _, name := range []string{"a\nb", "b", "z"} {
				m.write(t, name, "old", 0o644)
			}
			os.Remove(filepath.Join(m.dir, "c"))
			m.execs.Store(0)
			m.meanwhile = change
			spec := `files: [{content: new, dest: "DIR/a\nb"}, {content: new, dest: DIR/b}, {content: new, dest: DIR/c}, {content: new, dest: DIR/z}]`
			m.push(t, t.Context(), spec, nil).want(t, userland, runner.Error, "", want+" on the host meanwhile; nothing was changed")
			if got := m.read(t, "a\nb"); got != "old" {
				t.Errorf("%s: the other file has %q", userland, got)
			}
		}
	}
}
