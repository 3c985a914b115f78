package push_test

import (
	"fmt"
	"os"
	"testing"

	"hail/runner"
)

// hasBackups checks what the backups of a file have, the newest first.
func (m *machine) hasBackups(t *testing.T, what, name string, texts ...string) {
	t.Helper()
	for i, text := range append(texts, "(absent)") {
		if got := m.read(t, fmt.Sprintf(".hail-backup/%s.%d", name, i+1)); got != text {
			t.Errorf("%s: backup %d has %q, want %q", what, i+1, got, text)
		}
	}
}

// TestPushBackups: the earlier contents stay beside the file, as many as the spec says.
func TestPushBackups(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		for _, text := range []string{"four", "five", "six", "seven"} {
			m.push(t, t.Context(), `{backup: 2, files: [{content: `+text+`, dest: DIR/conf}]}`, nil).want(t, text, runner.Changed, "", "")
		}
		m.hasBackups(t, "pushes", "conf", "six", "five")
		m.clean(t)
	})
}

// TestPushBackupsOfTheKilled: a push that is killed before or after it makes its backup, and is finished by the next one,
// has one backup.
func TestPushBackupsOfTheKilled(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o644)
		m.push(t, t.Context(), `{backup: 2, files: [{content: new, dest: DIR/conf, notify: [h]}],
			handlers: {h: {run: "mkdir -p DIR/.hail-backup && cd DIR/.hail-backup && ln ../.hail-*.old/conf conf.1"}}}`, nil).want(t, "after it", runner.Changed, "", "")
		m.hasBackups(t, "after it", "conf", "old")

		m.write(t, "killed", "old", 0o644)
		m.push(t, t.Context(), `{backup: 1, files: [{content: new, dest: DIR/killed, notify: [h]}],
			handlers: {h: {run: "test -e DIR/once || { touch DIR/once; kill -9 `+pushProcess+`; }"}}}`, nil)
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/killed}]`, nil).want(t, "before it", runner.OK, "", "") // one that keeps none
		m.hasBackups(t, "before it", "killed", "old")
		m.clean(t)
	})
}

// TestPushBackupOfALink: a link to a folder has a backup, too. Later ones do not go into that folder.
func TestPushBackupOfALink(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "folder/x", "of somebody", 0o644)
		if err := os.Symlink(m.dir+"/folder", m.dir+"/x"); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"one", "two", "three"} {
			m.push(t, t.Context(), `{backup: 2, files: [{content: `+text+`, dest: DIR/x, symlink: replace}]}`, nil).want(t, "over a link", runner.Changed, "", "")
		}
		m.hasBackups(t, "over a link", "x", "two", "one")
		if is, left := m.read(t, "folder/x"), m.read(t, "folder/x.1"); is != "of somebody" || left != "(absent)" {
			t.Errorf("the file in the folder is %q, and beside it there is %q", is, left)
		}
		m.clean(t)
	})
}
