package push_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hail/runner"
)

// otherGroup is one that the user of asUser is in, too.
const otherGroup = 65533

// asUser makes the machine one where an ordinary user logs in, whoever runs the tests.
func (m *machine) asUser(t testing.TB) {
	t.Helper()
	if m.uid != 0 {
		return
	}
	program, err := exec.LookPath("setpriv")
	if err != nil {
		t.Fatalf("%v: make tools installs what the tests need", err)
	}
	m.uid = 65534
	m.login = fmt.Sprintf("exec %s --reuid=%d --regid=%[2]d --groups=%d sh -c ", program, m.uid, otherGroup)
	if err := errors.Join(os.Chown(m.dir, m.uid, m.uid), os.Chown(m.home, m.uid, m.uid), os.Chmod(filepath.Dir(m.dir), 0o755), os.Chmod(filepath.Dir(m.home), 0o755)); err != nil {
		t.Fatal(err)
	}
}

// TestPushAsUser: an ordinary user's files have the modes that were asked for, or that they had before.
func TestPushAsUser(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		for name, mode := range map[string]os.FileMode{"old": 0o644, "old open": 0o644, "old setuid": 0o755 | os.ModeSetuid} {
			m.write(t, name, "old", 0o600)
			if err := errors.Join(os.Chown(filepath.Join(m.dir, name), m.uid, -1), os.Chmod(filepath.Join(m.dir, name), mode)); err != nil {
				t.Fatal(err)
			}
		}
		spec := `files: [{content: new, dest: DIR/old}, {content: new, dest: DIR/old open, mode: "0600"}, {content: new, dest: DIR/old setuid}, {content: new, dest: DIR/new}, {content: new, dest: DIR/setuid, mode: "4750"}, {link: new, dest: DIR/link},
			{dest: DIR/folder, state: directory}, {content: new, dest: DIR/folder/x, mode: "0640"}, {dest: DIR/shared, state: directory, mode: "2775"}]`
		m.push(t, t.Context(), spec, nil).want(t, "a push", runner.Changed, "", "")
		for name, want := range map[string]os.FileMode{"old": 0o644, "old open": 0o600, "old setuid": 0o755 | os.ModeSetuid, "new": 0o644, "setuid": 0o750 | os.ModeSetuid, "folder": 0o755 | os.ModeDir, "folder/x": 0o640, "shared": 0o775 | os.ModeDir | os.ModeSetgid} {
			if info, err := os.Stat(filepath.Join(m.dir, name)); err != nil || info.Mode() != want {
				t.Errorf("%s: %v, %v, want %v", name, info, err, want)
			}
		}
		m.push(t, t.Context(), spec, nil).want(t, "the same again", runner.OK, "", "")
		m.clean(t)
	})
}

// TestPushGroupsAsUser: an ordinary user's files keep their group. What is new in a setgid folder has that of the folder.
func TestPushGroupsAsUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for a user with two groups")
	}
	const strange = 65532 // the user is not in this one
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		for name, gid := range map[string]int{"kept": otherGroup, "lost": strange} {
			m.write(t, name, "old", 0o660)
			if err := os.Chown(filepath.Join(m.dir, name), m.uid, gid); err != nil {
				t.Fatal(err)
			}
		}
		team := filepath.Join(m.dir, "team")
		if err := errors.Join(os.Mkdir(team, 0o755), os.Chown(team, m.uid, otherGroup), os.Chmod(team, 0o775|os.ModeSetgid)); err != nil {
			t.Fatal(err)
		}
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/kept}, {content: new, dest: DIR/lost}, {content: new, dest: DIR/mine}, {content: new, dest: DIR/given, group: "65533"},
			{content: new, dest: DIR/team/new}, {dest: DIR/team/folder, state: directory}]`, nil)
		if p.want(t, "a push", runner.Changed, "", ""); p.log != m.dir+"/lost belongs to group 65532: what replaces it belongs to group 65534\n" {
			t.Errorf("the log is %q", p.log)
		}
		for name, want := range map[string]string{"kept": "660 65533", "lost": "660 65534", "mine": "644 65534", "given": "644 65533", "team/new": "644 65533", "team/folder": "755 65533"} {
			if got, err := exec.Command("stat", "-c", "%a %g", filepath.Join(m.dir, name)).Output(); string(got) != want+"\n" || err != nil {
				t.Errorf("%s: %s, %v, want %s", name, got, err, want)
			}
		}
		m.clean(t)
	})
}

// TestPushFolderAsUser: without root, a folder that its owner can't write to is refused if the push could not take back
// what it does with it.
func TestPushFolderAsUser(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		m.push(t, t.Context(), `files: [{dest: DIR/old, state: directory}, {dest: DIR/old/sub, state: directory}]`, nil).want(t, "first", runner.Changed, "", "")
		t.Cleanup(func() { os.Chmod(filepath.Join(m.dir, "old"), 0o755) }) // so that the folder of the test can be removed
		for what, files := range map[string]string{
			"empty":            `{dest: DIR/new, state: directory, mode: "0555"}`,
			"below a new one":  `{dest: DIR/new, state: directory}, {dest: DIR/new/ro, state: directory, mode: "0555"}, {dest: DIR/new/ro/conf, content: x, notify: [h]}`,
			"an old one":       `{dest: DIR/old, state: directory, mode: "0555"}, {dest: DIR/old/conf, content: x, notify: [h]}`,
			"above a new file": `{dest: DIR/old, state: directory, mode: "0644"}, {dest: DIR/old/sub/conf, content: x, notify: [h]}`,
		} {
			m.push(t, t.Context(), `{files: [`+files+`], handlers: {h: {run: exit 1}}}`, nil).want(t, what, runner.Error, "", "only root can push a folder with mode 0")
		}
		m.push(t, t.Context(), `files: [{dest: DIR/old, state: directory, mode: "0555"}]`, nil).want(t, "nothing in it", runner.Changed, "", "")
		m.clean(t)
	})
}

// TestPushClosedFolder: who may not write to a folder, nor look into it, is told that, and not that what was never there
// can't be removed.
func TestPushClosedFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for a folder of somebody else")
	}
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		if err := os.Mkdir(filepath.Join(m.dir, "closed"), 0o700); err != nil {
			t.Fatal(err)
		}
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/closed/conf}]`, nil)
		p.want(t, "closed", runner.Error, "", "the new files can't be put beside the old ones: Permission denied; nothing was changed")
		if strings.Contains(p.log, "rm: ") || strings.Count(p.log, "mkdir: ") == 0 {
			t.Errorf("the log is %q", p.log)
		}
		m.clean(t)
	})
}

// TestPushUnreadableAsUser: without root, a file that its owner could not read is refused: no push could look at it again.
func TestPushUnreadableAsUser(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		m.push(t, t.Context(), `files: [{content: old, dest: DIR/old}]`, nil).want(t, "first", runner.Changed, "", "")
		for what, file := range map[string]string{"new": `content: new, dest: DIR/new`, "another content": `content: new, dest: DIR/old`, "the same content": `content: old, dest: DIR/old`} {
			m.push(t, t.Context(), `files: [{`+file+`, mode: "0200"}]`, nil).want(t, what, runner.Error, "", "only root can push a file with mode 0200: use --sudo")
		}
		m.clean(t)
	})
}

// TestPushOverOthers: without root, who replaces the file of somebody else is told whose it is from then on.
func TestPushOverOthers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for a file of somebody else")
	}
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o644)
		m.asUser(t)
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf, owner: root}]`, nil).want(t, "owner", runner.Error, "", "only root may give it to root: use --sudo")
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, nil)
		if p.want(t, "no owner", runner.Changed, "", ""); !strings.HasPrefix(p.log, m.dir+"/conf belongs to user 0: what replaces it belongs to user 65534\n") {
			t.Errorf("the log is %q", p.log)
		}
		m.write(t, "grouped", "old", 0o644)
		p = m.push(t, t.Context(), `files: [{content: new, dest: DIR/grouped, group: "65534"}]`, nil)
		if p.want(t, "a group", runner.Changed, "", ""); !strings.HasPrefix(p.out, "content "+m.dir+"/grouped 0644 0:0 → 0644 65534:65534\n") {
			t.Errorf("it says %q", p.out)
		}
	})
}

// TestPushDeletesAsUser: a folder that is deleted goes altogether, also with a folder in it that its owner can't write to.
func TestPushDeletesAsUser(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		m.write(t, "dir/locked/x", "old", 0o600)
		for _, name := range []string{"dir/locked/x", "dir/locked", "dir"} {
			if err := os.Chown(filepath.Join(m.dir, name), m.uid, -1); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Join(m.dir, "dir/locked"), 0o555); err != nil {
			t.Fatal(err)
		}
		m.push(t, t.Context(), `files: [{dest: DIR/dir, state: absent}]`, nil).want(t, "a push", runner.Changed, "", "")
		if m.read(t, "dir/locked/x") != "(absent)" {
			t.Error("the folder is still there")
		}
		m.clean(t)
	})
}
