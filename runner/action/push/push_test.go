package push_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
	"hail/runner/local"
	"hail/runner/wrap"
)

// TestPush: a new file takes two commands, and one when nothing changes.
func TestPush(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		spec := `files: [{content: "one\n", dest: DIR/conf, mode: "0640"}]`
		m.push(t, t.Context(), spec, nil).want(t, "create", runner.Changed, "", "")
		if m.read(t, "conf") != "one\n" || m.execs.Load() != 2 {
			t.Errorf("the file has %q after %d commands, want \"one\" after 2", m.read(t, "conf"), m.execs.Load())
		}
		m.hasMode(t, "conf", 0o640)
		p := m.push(t, t.Context(), spec, nil)
		p.want(t, "again", runner.OK, "", "")
		if m.execs.Load() != 1 || p.out != "" {
			t.Errorf("%d commands and the output %q, want 1 and none", m.execs.Load(), p.out)
		}
		m.clean(t)
	})
}

// TestPushLarge: a file that is much larger than what is sent at once arrives whole.
func TestPushLarge(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		large := strings.Repeat("0123456789abcdef\n", 200_000)
		m.write(t, "src", large, 0o600)
		m.push(t, t.Context(), `files: [{src: DIR/src, dest: DIR/large}]`, nil).want(t, "large", runner.Changed, "", "")
		if m.read(t, "large") != large {
			t.Error("the large file arrived with another content")
		}
		m.clean(t)
	})
}

// TestPushFails: a push whose handler, validation or health check fails is rolled back, with the inodes and modes of the
// old files, unless it is to keep the new ones.
func TestPushFails(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "two\n", 0o751)
		var before, after syscall.Stat_t
		if err := syscall.Stat(filepath.Join(m.dir, "conf"), &before); err != nil {
			t.Fatal(err)
		}
		p := m.push(t, t.Context(), `{files: [{content: "three\n", dest: DIR/conf, notify: [h]}, {content: x, dest: DIR/new/deep, mode: "0600"}, {dest: DIR/new, state: directory}, {dest: DIR/gone, state: absent}], handlers: {h: {run: "echo $(cat DIR/conf) >>DIR/seen; exit 3"}}}`, nil)
		p.want(t, "handler", runner.Failed, runner.HandlerFailed, "handler \"h\": exit 3; rolled back")
		if err := syscall.Stat(filepath.Join(m.dir, "conf"), &after); err != nil || after.Ino != before.Ino || after.Mode != before.Mode {
			t.Errorf("inode %d, mode %o, before the push %d, %o: %v", after.Ino, after.Mode, before.Ino, before.Mode, err)
		}
		if m.read(t, "conf") != "two\n" || m.read(t, "new/deep") != "(absent)" || m.read(t, "seen") != "three\ntwo\n" {
			t.Errorf("after the rollback, conf has %q and new/deep %q, and the handler saw %q", m.read(t, "conf"), m.read(t, "new/deep"), m.read(t, "seen"))
		}
		if err := os.Chtimes(filepath.Join(m.dir, "conf"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		p = m.push(t, t.Context(), `{files: [{content: "three\n", dest: DIR/conf, notify: [h]}], handlers: {h: {run: "exit 3"}}}`, nil)
		p.want(t, "handler again", runner.Failed, runner.HandlerFailed, "handler \"h\": exit 3; rolled back, and then h failed too")
		if note := p.notes[m.dir+"/conf"]; !strings.HasSuffix(note, ", not in place") {
			t.Errorf("the note is %q, want \", not in place\" at its end", note)
		}
		p = m.push(t, t.Context(), `{on_failure: keep, files: [{content: "three\n", dest: DIR/conf, notify: [h]}], handlers: {h: {run: "exit 3"}}}`, nil)
		p.want(t, "keep", runner.Failed, runner.HandlerFailed, "the new files stay")
		if info, err := os.Stat(filepath.Join(m.dir, "conf")); err != nil || info.ModTime().Year() < 2000 || m.read(t, "conf") != "three\n" {
			t.Errorf("the file is %v, %v, want a new time and the content three", info, err)
		}
		m.hasMode(t, "conf", 0o751)

		p = m.push(t, t.Context(), `{files: [{content: four, dest: DIR/conf}], validate: ["grep -q three DIR/conf || { echo no three; exit 3; }"]}`, nil)
		p.want(t, "validate the whole", runner.Failed, runner.Validation, "|| { echo no three; exit 3; }: exit 3: no three; rolled back")
		p = m.push(t, t.Context(), `{files: [{content: four, dest: DIR/conf}], health: [{id: up, command: {run: [test, -e, DIR/up]}, retry: {timeout: 1s}}]}`, nil)
		p.want(t, "health", runner.Failed, runner.Unhealthy, "the health check up did not pass within 1s: exit: expected 0, is 1; rolled back")
		if m.read(t, "conf") != "three\n" {
			t.Errorf("the file has %q, want \"three\"", m.read(t, "conf"))
		}
		m.clean(t)
	})
}

// TestPushRefuses: a push that would do harm is an error that says why, and changes nothing.
func TestPushRefuses(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "target", "old", 0o644)
		m.write(t, "dir/x", "old", 0o644)
		for _, err := range []error{os.Symlink("target", filepath.Join(m.dir, "link")), os.Symlink("nowhere", filepath.Join(m.dir, "dangling")), syscall.Mkfifo(filepath.Join(m.dir, "fifo"), 0o600)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for dest, words := range map[string]string{
			"dir": "it is a directory", "fifo": "a device, a pipe or a socket", "link": "it is a link to target", "dangling": "it is a link to nowhere",
			"none/x": "there is no folder " + m.dir + "/none", "target/x": "target is not a folder",
		} {
			p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/`+dest+`}, {content: new, dest: DIR/other}]`, nil)
			p.want(t, dest, runner.Error, "", words)
		}
		for link, words := range map[string]string{"link": "it is a link to target", "dangling": "it is a link to nowhere"} {
			m.push(t, t.Context(), `files: [{dest: DIR/`+link+`, state: directory}]`, nil).want(t, "a folder at "+link, runner.Error, "", words)
		}
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/target, owner: nosuchuser}]`, nil)
		p.want(t, "owner", runner.Error, "", "there is no user nosuchuser on the host")
		if m.read(t, "target") != "old" || m.read(t, "other") != "(absent)" {
			t.Errorf("target has %q, want \"old\"; other has %q, want it absent", m.read(t, "target"), m.read(t, "other"))
		}
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/dangling, symlink: follow}]`, nil).want(t, "follow to nothing", runner.Error, "", "it is a link to nowhere, which leads to nothing")
		m.push(t, t.Context(), `files: [{dest: DIR/dangling, state: absent, symlink: follow}]`, nil).want(t, "nothing at the end of a link", runner.OK, "", "")
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/link, symlink: follow}]`, nil).want(t, "follow", runner.Changed, "", "")
		if m.read(t, "target") != "new" {
			t.Errorf("followed: target has %q, want \"new\"", m.read(t, "target"))
		}
		m.push(t, t.Context(), `files: [{content: newer, dest: DIR/link, symlink: replace}]`, nil).want(t, "replace", runner.Changed, "", "")
		if info, err := os.Lstat(filepath.Join(m.dir, "link")); err != nil || info.Mode() != 0o644 || m.read(t, "target") != "new" {
			t.Errorf("replaced: %v, %v, want a file of mode 0644", info, err)
		}
		m.push(t, t.Context(), `files: [{dest: DIR/dangling, state: directory, symlink: replace}, {content: new, dest: DIR/dangling/x}]`, nil).want(t, "replace by a folder", runner.Changed, "", "")
		if m.read(t, "dangling/x") != "new" || m.read(t, "nowhere") != "(absent)" {
			t.Errorf("replaced by a folder: x has %q, want \"new\"; nowhere has %q, want it absent", m.read(t, "dangling/x"), m.read(t, "nowhere"))
		}
		m.clean(t)
	})
}

// TestPushTree: a folder of hundreds of files, some with difficult names, takes two commands, and one when nothing changes.
func TestPushTree(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		src := t.TempDir()
		names := []string{"with space", "it's", `back\slash`, "new\nline", "-dash", "ünïcödé", "$HOME `id`", "*", strings.Repeat("n", 255), "sub/deep/er", "sub/tab\there", `"quoted"`}
		for i := range 400 - len(names) {
			names = append(names, fmt.Sprintf("many/file%03d", i))
		}
		for i, name := range names {
			path := filepath.Join(src, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, fmt.Appendf(nil, "content %d of %q", i, name), 0o640)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(os.Mkdir(filepath.Join(src, "empty"), 0o700), os.Symlink("../out there", filepath.Join(src, "a link"))); err != nil {
			t.Fatal(err)
		}
		spec := &push.Spec{Files: []push.FileSpec{{Src: src + "/", Dest: m.dir + "/tree", Delete: "managed", MaxDelete: 10, Symlink: "replace"}}}
		m.pushSpec(t, t.Context(), spec, nil).want(t, "tree", runner.Changed, "", "")
		same := func(what string) {
			t.Helper()
			if out, err := exec.Command("diff", "-r", "--no-dereference", src, m.dir+"/tree").CombinedOutput(); err != nil {
				t.Errorf("%s: %s", what, out)
			}
		}
		same("new")
		if m.execs.Load() > 3 {
			t.Errorf("%d commands, want 3 at most", m.execs.Load())
		}
		if info, err := os.Stat(filepath.Join(m.dir, "tree/empty")); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the empty folder is %v, %v, want mode 0700", info, err)
		}
		m.pushSpec(t, t.Context(), spec, nil).want(t, "again", runner.OK, "", "")
		if m.execs.Load() != 1 {
			t.Errorf("%d commands when nothing changes, want 1", m.execs.Load())
		}
		// Some files change, some are removed, some are added.
		for _, err := range []error{os.WriteFile(filepath.Join(src, "it's"), []byte("changed"), 0o640), os.Remove(filepath.Join(src, "new\nline")), os.WriteFile(filepath.Join(src, "sub/come"), nil, 0o600),
			os.Remove(filepath.Join(src, "a link")), os.WriteFile(filepath.Join(src, "a link"), []byte("a file now"), 0o600)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		p := m.pushSpec(t, t.Context(), spec, nil)
		p.want(t, "changes", runner.Changed, "", "")
		same("changed")
		if len(p.notes) != 4 || m.execs.Load() != 2 {
			t.Errorf("%d commands, want 2, and the notes %v, want 4", m.execs.Load(), p.notes)
		}
		m.clean(t)
	})
}

// TestPushIsWholeOrNot: a reader never sees a torn or missing file while pushes are killed at random moments, and the
// next push leaves nothing behind.
func TestPushIsWholeOrNot(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		texts := [2]string{strings.Repeat("a", 100_000), strings.Repeat("b", 100_000)}
		m.write(t, "conf", texts[0], 0o644)
		end := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if got := m.read(t, "conf"); got != texts[0] && got != texts[1] {
					t.Errorf("a reader sees a torn file: %d bytes, the first one %.1q", len(got), got)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
		for i := range rounds(8, 100) {
			m.grace = -time.Duration(i % 2) // every other push is killed at once
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(5+i*7%90)*time.Millisecond)
			m.push(t, ctx, `{files: [{content: `+texts[(i+1)%2]+`, dest: DIR/conf, notify: [h]}, {content: x, dest: DIR/new, mode: "0600"}], handlers: {h: {run: "sleep 0.05"}}}`, nil)
			cancel()
		}
		close(end)
		wg.Wait()
		m.grace = 0
		m.push(t, t.Context(), `files: [{content: the end, dest: DIR/conf}]`, func(p *push.Push) { p.Patience = 20 }).want(t, "the next", runner.Changed, "", "")
		if m.read(t, "conf") != "the end" {
			t.Errorf("the file has %.10q, want \"the end\"", m.read(t, "conf"))
		}
		m.clean(t)
	})
}

// TestPushFollowsEach: hosts that get the same spec at the same time do not share where a link leads.
func TestPushFollowsEach(t *testing.T) {
	m := &machine{dir: t.TempDir(), home: t.TempDir()}
	m.write(t, "file", "old", 0o600)
	if err := os.Symlink("file", filepath.Join(m.dir, "link")); err != nil {
		t.Fatal(err)
	}
	text := "new"
	spec := &push.Spec{Files: []push.FileSpec{{Content: &text, Dest: filepath.Join(m.dir, "link"), Symlink: "follow", Delete: "none"}}}
	hosts := make([]inventory.Host, 4)
	for i := range hosts {
		hosts[i] = inventory.Host{Name: fmt.Sprint("h", i), Connection: inventory.Connection{Shell: "/bin/sh"}}
	}
	p, contents, err := push.Render([]*push.Spec{spec}, hosts, nobody, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := push.New(p.Spec(), rendered(contents))
	if err != nil {
		t.Fatal(err)
	}
	for batch := range runner.Run(t.Context(), runner.Plan{DryRun: true, Hosts: hosts, Fanout: len(hosts)}, a, wrap.Dialer{Inner: local.Dialer{}}, nil) {
		for _, e := range batch {
			if e.Kind == runner.KindFinish && e.Status != runner.Changed {
				t.Errorf("%s: %s %s", e.Host, e.Status, e.Error)
			}
		}
	}
}

// TestPushKilledWhileTakenBack: a push that is killed during its rollback is rolled back, not finished, by the next
// push.
func TestPushKilledWhileTakenBack(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o644)
		// The handler fails and, when it runs again after the rollback, kills the push.
		m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf, notify: [h]}, {content: new, dest: DIR/made, notify: [h]}],
			handlers: {h: {run: 'echo run >>DIR/runs; [ $(wc -l <DIR/runs) = 2 ] && kill -9 `+pushProcess+`; exit 1'}}}`, nil)
		if m.read(t, "runs") != "run\nrun\n" {
			t.Fatalf("the handler wrote %q, want two runs", m.read(t, "runs"))
		}
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/other}]`, nil)
		p.want(t, "the next", runner.Changed, "", "")
		if want := "first settled an earlier push that was killed: it was rolled back, and then h failed too"; p.notes["settled"] != want || m.read(t, "conf") != "old" || m.read(t, "made") != "(absent)" {
			t.Errorf("settled: %q, want %q; conf has %q and made %q", p.notes["settled"], want, m.read(t, "conf"), m.read(t, "made"))
		}
		m.clean(t)
	})
}
