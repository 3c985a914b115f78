package push_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hail/runner"
)

// TestPushThroughLinks: a folder that has a second name, by way of a link, is one place. What is pushed there stays,
// with the links that lead to it, or else nothing changes.
func TestPushThroughLinks(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		for _, row := range []struct {
			what, spec string
			status     runner.Status
			words      string
			want       map[string]string
		}{
			{"both names", `{dest: DIR/link/new, state: directory}, {content: new, dest: DIR/real/new/a}, {content: new, dest: DIR/link/b}, {content: new, dest: DIR/real/c}`, runner.Changed, "",
				map[string]string{"real/new/a": "new", "real/b": "new", "real/c": "new"}},
			{"one file by both names", `{content: new, dest: DIR/link/x}, {content: newer, dest: DIR/real/x}`, runner.Error, "DIR/link/x and DIR/real/x lead to the same place", nil},
			{"what a link leads to is deleted", `{src: DIR/src/, dest: DIR, delete: all, max_delete: 50}, {content: new, dest: DIR/link/x}`, runner.Changed, "",
				map[string]string{"real/x": "new", "link/x": "new", "real/y": "(absent)"}},
			{"a link that is followed is deleted", `{src: DIR/src/, dest: DIR, delete: all, max_delete: 50}, {content: new, dest: DIR/file, symlink: follow}`, runner.Changed, "",
				map[string]string{"real/x": "new", "file": "new", "real/y": "(absent)", "link": "(absent)"}},
			{"deleted by one name, pushed by the other", `{dest: DIR/real, state: absent}, {content: new, dest: DIR/link/x}`, runner.Error, "DIR/real: something is pushed below it", nil},
			{"a link on the way changes", `{link: other, dest: DIR/link}, {content: new, dest: DIR/link/x}`, runner.Error, "DIR/link: something is pushed below it", nil},
			{"a link to a name with a line break", `{content: new, dest: DIR/odd, symlink: follow}`, runner.Changed, "", map[string]string{"real/new\nline": "new"}},
			{"a link is pushed, whatever is there", `{link: y, dest: DIR/file, symlink: follow}`, runner.Changed, "", map[string]string{"real/x": "old"}},
		} {
			for _, name := range []string{"real", "other", "link", "file", "odd", "src"} {
				if err := os.RemoveAll(filepath.Join(m.dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			m.write(t, "real/x", "old", 0o644)
			m.write(t, "real/y", "old", 0o644)
			m.write(t, "real/new\nline", "old", 0o644)
			if err := errors.Join(os.Mkdir(m.dir+"/other", 0o755), os.Symlink("real", m.dir+"/link"), os.Symlink("real/x", m.dir+"/file"), os.Symlink("real/new\nline", m.dir+"/odd")); err != nil {
				t.Fatal(err)
			}
			src := t.TempDir()
			spec := "files: [" + strings.ReplaceAll(row.spec, "DIR/src", src) + "]"
			m.push(t, t.Context(), spec, nil).want(t, row.what, row.status, "", strings.ReplaceAll(row.words, "DIR", m.dir))
			if row.want == nil {
				row.want = map[string]string{"real/x": "old", "real/y": "old", "link/y": "old", "real/c": "(absent)"}
			} else if p := m.push(t, t.Context(), spec, nil); p.status != runner.OK {
				t.Errorf("%s, again: %s %s %q", row.what, p.status, p.err, p.notes)
			}
			for name, want := range row.want {
				if got := m.read(t, name); got != want {
					t.Errorf("%s: %s has %q, want %q", row.what, name, got, want)
				}
			}
			m.clean(t)
		}
	})
}
