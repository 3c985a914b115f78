package push_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hail/runner"
)

// TestPushWhereShIs: the programs for the host work in other shells than Debian's. Names are as odd as possible, the
// changes are in many folders, and all of them are rolled back once.
func TestPushWhereShIs(t *testing.T) {
	const odd = " -é'\"\\!$(x)`~*\n\x81\xff"
	for _, sh := range []string{"gnu", "busybox", "bash", "zsh", "mksh", "ksh93", "bsd", "macos"} {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, sh)
			tree := func(content string) string {
				dir := t.TempDir()
				for i := range 3 {
					folder := fmt.Sprintf("%s/%d%s", dir, i, odd)
					if err := os.Mkdir(folder, 0o755); err != nil {
						t.Fatal(err)
					}
					for _, name := range []string{odd, "plain", content} {
						if err := os.WriteFile(folder+"/"+name, []byte(content), 0o640); err != nil {
							t.Fatal(err)
						}
					}
				}
				return dir
			}
			spec := func(dir, handler string) string {
				return fmt.Sprintf(`{files: [{src: %s/, dest: DIR/tree, delete: managed, max_delete: 50, notify: [h]}], handlers: {h: {run: %s}}}`, dir, handler)
			}
			is := func(after, content string) {
				t.Helper()
				for i := range 3 {
					in := fmt.Sprintf("tree/%d%s/", i, odd)
					if m.read(t, in+odd) != content || m.read(t, in+"plain") != content || m.read(t, in+content) != content {
						t.Errorf("%s: the files in folder %d have %q, %q, %q, want %q", after, i, m.read(t, in+odd), m.read(t, in+"plain"), m.read(t, in+content), content)
					}
				}
				m.clean(t)
			}
			old, young := tree("old"), tree("new")
			m.push(t, t.Context(), spec(old, "true"), nil).want(t, "first", runner.Changed, "", "")
			is("first", "old")
			m.push(t, t.Context(), spec(young, "exit 3"), nil).want(t, "handler", runner.Failed, runner.HandlerFailed, "; rolled back")
			is("handler", "old")
			p := m.push(t, t.Context(), spec(young, `'test "$(echo "$FILES" | grep -c plain)" = 3'`), nil)
			p.want(t, "second", runner.Changed, "", "")
			is("second", "new")
			if strings.Contains(m.read(t, "tree/0"+odd+"/old"), "old") {
				t.Error("a managed file that is not pushed any more was not deleted")
			}
			m.push(t, t.Context(), spec(young, "true"), nil).want(t, "again", runner.OK, "", "")
		})
	}
}
