package push_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/action/push"
)

// TestTwoPushes: of two pushes at once, each is done completely or locked out, and they never mix.
func TestTwoPushes(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		spec := func(letter string) string {
			return `{files: [{content: ` + letter + `, dest: DIR/one, notify: [h]}, {content: ` + letter + `, dest: DIR/two}], handlers: {h: {run: "sleep 0.2; cat DIR/one DIR/two >>DIR/seen"}}}`
		}
		m.write(t, "one", "0", 0o644)
		m.write(t, "two", "0", 0o644)
		var wg sync.WaitGroup
		results := make([]pushed, 2)
		for i, letter := range []string{"a", "b"} {
			wg.Go(func() {
				results[i] = m.push(t, t.Context(), spec(letter), func(p *push.Push) { p.Patience = i * 20 })
			})
		}
		wg.Wait()
		seen := m.read(t, "seen")
		for _, r := range results {
			ok := r.status == runner.Changed || r.status == runner.Failed && r.reason == runner.Locked || r.status == runner.Error && strings.Contains(r.err, "changed")
			if !ok {
				t.Errorf("want changed, failed(locked) or a file that was changed, got %s(%s) %s", r.status, r.reason, r.err)
			}
		}
		if m.read(t, "one") != m.read(t, "two") || strings.Trim(strings.ReplaceAll(strings.ReplaceAll(seen, "aa", ""), "bb", ""), "\n") != "" {
			t.Errorf("a mixture of two pushes: one has %q, two has %q, the handlers saw %q", m.read(t, "one"), m.read(t, "two"), seen)
		}
		m.clean(t)
	})
}

// TestPushBehind: a push that had to wait for another one looks again at what is there.
func TestPushBehind(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "busybox")
	for other, want := range map[string]runner.Status{"new": runner.OK, "other": runner.Changed} {
		m.write(t, "conf", "old", 0o644)
		for _, name := range []string{"at", "made"} {
			os.Remove(filepath.Join(m.dir, name))
		}
		var wg sync.WaitGroup
		m.meanwhile = func() {
			m.meanwhile = nil
			wg.Go(func() {
				m.push(t, t.Context(), `{files: [{content: `+other+`, dest: DIR/conf, notify: [h]}, {content: `+other+`, dest: DIR/made}],
					handlers: {h: {run: "touch DIR/at; sleep 0.3"}}}`, nil).want(t, "the other", runner.Changed, "", "")
			})
			await(t, m.dir+"/at")
		}
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}, {content: new, dest: DIR/made}]`, func(p *push.Push) { p.Patience = 20 })
		wg.Wait()
		p.want(t, other, want, "", "")
		if m.read(t, "conf") != "new" || m.read(t, "made") != "new" || p.log != "" {
			t.Errorf("%s: the files have %q and %q, want new; the log is %q", other, m.read(t, "conf"), m.read(t, "made"), p.log)
		}
		m.clean(t)
	}
}

// TestPushBehindTellsOnce: with differences, a push that looks again shows only those that it makes.
func TestPushBehindTellsOnce(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.meanwhile = func() {
			m.meanwhile = nil
			m.push(t, t.Context(), `files: [{content: "other\n", dest: DIR/made}]`, nil).want(t, "the other", runner.Changed, "", "")
		}
		p := m.push(t, t.Context(), `files: [{content: "new\n", dest: DIR/made}]`, func(p *push.Push) { p.Diff = true })
		p.want(t, "this one", runner.Changed, "", "")
		if want := "content " + m.dir + "/made\n@@ -1 +1 @@\n-other\n+new\n"; p.out != want {
			t.Errorf("it shows %q, want %q", p.out, want)
		}
		m.clean(t)
	})
}

// TestTortureManyPushes: of many pushes at once that change the same file, one works at a time, and each gets its turn.
func TestTortureManyPushes(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		var wg sync.WaitGroup
		for i := range rounds(6, 20) {
			wg.Go(func() {
				spec := fmt.Sprintf(`{files: [{content: new, dest: DIR/%[1]d, notify: [h]}, {content: %[1]d, dest: DIR/each}],
					handlers: {h: {run: "mkdir DIR/turn && rmdir DIR/turn || echo %[1]d >>DIR/mixed"}}}`, i)
				m.push(t, t.Context(), spec, func(p *push.Push) { p.Patience = 120 }).want(t, fmt.Sprint(i), runner.Changed, "", "")
			})
		}
		wg.Wait()
		if m.read(t, "mixed") != "(absent)" {
			t.Errorf("pushes worked at the same time: %q", m.read(t, "mixed"))
		}
		m.clean(t)
	})
}

// TestTortureKilledPushes: where many push at once, and half of them are killed, two files are always of one push, and
// the next push leaves nothing behind.
func TestTortureKilledPushes(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.grace = -1 // what is stopped is killed at once
		m.write(t, "one", "0", 0o644)
		m.write(t, "two", "0", 0o644)
		for round := range rounds(1, 60) {
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					ctx := t.Context()
					if i%2 == 1 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, time.Duration(20+(round*71+i*53)%400)*time.Millisecond)
						defer cancel()
					}
					spec := fmt.Sprintf(`{files: [{content: %d, dest: DIR/one, notify: [h]}, {content: %[1]d, dest: DIR/two}, {content: x, dest: DIR/new.%[1]d}, {dest: DIR/new.%d, state: absent}],
						handlers: {h: {run: "sleep 0.01; cmp DIR/one DIR/two || echo %[1]d >>DIR/mixed"}}}`, round*8+i, round*8+i-8)
					m.push(t, ctx, spec, func(p *push.Push) { p.Patience = 60 })
				})
			}
			wg.Wait()
			m.push(t, t.Context(), fmt.Sprintf(`files: [{content: %d, dest: DIR/other}]`, round), nil).want(t, "the next", runner.Changed, "", "")
			if m.read(t, "one") != m.read(t, "two") || m.read(t, "mixed") != "(absent)" {
				t.Fatalf("round %d: a mixture of pushes: one has %q, two has %q; seen by %q", round, m.read(t, "one"), m.read(t, "two"), m.read(t, "mixed"))
			}
			m.clean(t)
		}
	})
}
