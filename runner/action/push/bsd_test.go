package push_test

import (
	"os"
	"os/user"
	"path/filepath"
	"testing"

	"hail/runner"
)

// TestPushBSD: what a push needs of a host is found with the tools of a BSD, too.
func TestPushBSD(t *testing.T) {
	m := newMachine(t, "bsd")
	m.write(t, "conf", "old", 0o640)
	m.write(t, "new\nline", "old", 0o600)
	if err := os.Symlink("conf", filepath.Join(m.dir, "link")); err != nil {
		t.Fatal(err)
	}
	const spec = `files: [{content: new, dest: DIR/link, symlink: follow}, {content: new, dest: "DIR/new\nline", mode: "4755"}, {content: new, dest: DIR/dir/x}, {dest: DIR/dir, state: directory, mode: "2775"}]`
	m.push(t, t.Context(), spec, nil).want(t, "a push", runner.Changed, "", "")
	for name, want := range map[string]os.FileMode{"conf": 0o640, "new\nline": 0o755 | os.ModeSetuid, "dir": 0o775 | os.ModeDir | os.ModeSetgid, "dir/x": 0o644} {
		if info, err := os.Lstat(filepath.Join(m.dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info, err, want)
		}
	}
	m.push(t, t.Context(), spec, nil).want(t, "again", runner.OK, "", "")
	health := `{files: [{content: "new", dest: DIR/conf, mode: "0600"}], health: [{file: {path: DIR/conf, mode: "0600", size: 3, owner: ` + me(t) + `, mtime_age: {le: 1h},
		sha256: 11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437}, retry: {timeout: 1s}}]}`
	m.push(t, t.Context(), health, nil).want(t, "a check of a file", runner.Changed, "", "")
	m.dir = m.home
	m.write(t, "mounted here/x", "old", 0o600)
	m.push(t, t.Context(), `files: [{dest: DIR/mounted here, state: absent}]`, nil).want(t, "a mount point", runner.Error, "", "something is mounted there")
}

func me(t testing.TB) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}
