package push_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hail/runner"
	"hail/runner/action/fetch"
)

// TestPushBesideFetch: a fetch leaves out the hidden folders of a push at work, unless they are what it is to bring.
func TestPushBesideFetch(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o644)
		m.write(t, ".hail-backup/conf.1", "older", 0o644)
		var wg sync.WaitGroup
		wg.Go(func() {
			m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf, notify: [h]}],
				handlers: {h: {run: "touch DIR/at; n=0; while [ ! -e DIR/go ] && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done"}}}`, nil).want(t, "push", runner.Changed, "", "")
		})
		defer wg.Wait()
		defer m.write(t, "go", "", 0o644)
		await(t, m.dir+"/at")

		conn, err := m.dialer.Dial(t.Context(), m.host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		dir := t.TempDir()
		fetched := func(name string) (string, error) {
			var out strings.Builder
			err := fetch.Fetch{Dir: dir, Paths: []runner.Text{runner.Text(m.dir + name)}}.Do(t.Context(), &runner.Target{Host: m.host, Conn: conn, Out: &out, Err: os.Stderr})
			return out.String(), err
		}
		if out, err := fetched(""); err != nil || strings.Count(out, "\n") != 3 {
			t.Errorf("%v\n%s, want three files", err, out)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "here", m.dir, ".hail-*")); len(left) != 1 {
			t.Errorf("there are %q, want the backups alone", left)
		}
		if out, err := fetched("/.hail-*.old"); err != nil || !strings.HasSuffix(out, ".old/conf\n") {
			t.Errorf("%v\n%s, want the old file", err, out)
		}
	})
}
