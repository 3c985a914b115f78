package push_test

import (
	"os"
	"path/filepath"
	"testing"

	"hail/runner"
)

// TestPushManagedAtOnce: what another push puts below a managed folder, after this one has looked, is not forgotten.
func TestPushManagedAtOnce(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		tree := func(name string) string {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
				t.Fatal(err)
			}
			return `files: [{src: ` + dir + `/, dest: DIR/tree, delete: managed}]`
		}
		m.push(t, t.Context(), `files: [{dest: DIR/tree, state: directory}]`, nil).want(t, "first", runner.Changed, "", "")
		m.meanwhile = func() {
			m.meanwhile = nil
			m.push(t, t.Context(), tree("a"), nil).want(t, "a", runner.Changed, "", "")
		}
		m.push(t, t.Context(), tree("b"), nil).want(t, "b", runner.Changed, "", "")
		if a, b := m.read(t, "tree/a"), m.read(t, "tree/b"); a != "(absent)" || b != "b" {
			t.Errorf("a has %q, and b %q, want b alone", a, b)
		}
		m.clean(t)
	})
}
