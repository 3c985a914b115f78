package action_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/action"
)

// TestTorturePushMachine pushes to file systems that refuse. The old content stays, the error names the reason, and
// nothing is left behind.
func TestTorturePushMachine(t *testing.T) {
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture mounts file systems for it")
	}
	if os.Getuid() != 0 {
		t.Fatal("make torture has to run as root: this mounts file systems")
	}
	machines(t, func(t *testing.T, m *machine) {
		in := func(name string) string { return filepath.Join(m.dir, name) }
		do := func(name string, args ...string) {
			t.Helper()
			if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
			}
		}
		later := func(name string, args ...string) { t.Cleanup(func() { exec.Command(name, args...).Run() }) }
		gnu := strings.HasSuffix(t.Name(), "gnu")
		refused := func(what, name, words string, status runner.Status) {
			t.Helper()
			old := m.read(t, name)
			p := m.push(t, t.Context(), `files: [{content: "`+strings.Repeat("n", 60_000)+`", dest: DIR/`+name+`}]`, nil)
			p.want(t, what, status, "", words)
			if m.read(t, name) != old {
				t.Errorf("%s: the old content did not stay", what)
			}
			m.clean(t)
		}

		// Full: the probe finds enough room, and then it is gone.
		do("mkdir", in("full"))
		do("mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", in("full"))
		later("umount", in("full"))
		m.write(t, "full/conf", strings.Repeat("o", 50_000), 0o644)
		refused("no room", "full/conf", "room", runner.Error)
		p := m.push(t, t.Context(), `files: [{dest: DIR/full/new, state: directory}, {content: "`+strings.Repeat("n", 60_000)+`", dest: DIR/full/new/conf}]`, nil)
		p.want(t, "no room below a new folder", runner.Error, "", "full: there is room for")
		m.clean(t)
		if err := os.Truncate(in("full/conf"), 30_000); err != nil {
			t.Fatal(err)
		}
		m.meanwhile = func() { os.WriteFile(in("full/other"), make([]byte, 40_000), 0o600) }
		full, over := "No space left on device", "Disk quota exceeded"
		if gnu {
			full, over = "the disk is full, or a quota", "the disk is full, or a quota"
		}
		refused("full while it is sent", "full/conf", "the new files can't be put beside the old ones: "+full, runner.Error)
		m.meanwhile = nil

		// The state is full: that is not taken for another push.
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, nil).want(t, "room for the state", runner.Changed, "", "")
		states, err := filepath.Glob(m.home + "/.local/state/hail/on/*")
		if err != nil || len(states) != 1 {
			t.Fatal(states, err)
		}
		do("mount", "-t", "tmpfs", "-o", "nr_inodes=1", "tmpfs", states[0])
		refused("full state", "conf", "the folder for the state of pushes is not writable; nothing was changed", runner.Error)
		do("umount", states[0])

		// A quota, which df does not show.
		if _, err := exec.LookPath("mkfs.btrfs"); err != nil {
			t.Fatalf("%v (Debian's package btrfs-progs)", err)
		}
		image := filepath.Join(t.TempDir(), "image")
		do("truncate", "-s", "128M", image)
		do("mkfs.btrfs", "-q", "--mixed", image)
		do("mkdir", in("quota"))
		do("mount", "-o", "loop", image, in("quota"))
		later("umount", in("quota"))
		do("btrfs", "quota", "enable", in("quota"))
		do("btrfs", "subvolume", "create", in("quota/home"))
		do("btrfs", "qgroup", "limit", "64k", in("quota/home"))
		m.write(t, "quota/home/conf", "old", 0o644)
		refused("quota", "quota/home/conf", "the new files can't be put beside the old ones: "+over, runner.Error)

		// Read-only.
		do("mkdir", in("ro"))
		do("mount", "-t", "tmpfs", "tmpfs", in("ro"))
		later("umount", in("ro"))
		m.write(t, "ro/conf", "old", 0o644)
		do("mount", "-o", "remount,ro", in("ro"))
		refused("read-only", "ro/conf", "ead-only", runner.Error) // with busybox, it shows only after the probe

		// A device.
		do("mknod", in("device"), "c", "1", "3")
		p = m.push(t, t.Context(), `files: [{content: new, dest: DIR/device}]`, nil)
		p.want(t, "device", runner.Error, "", "a device, a pipe or a socket")

		// A mount point.
		m.write(t, "from", "mounted", 0o644)
		m.write(t, "point", "below", 0o644)
		do("mount", "--bind", in("from"), in("point"))
		later("umount", in("point"))
		refused("mount point", "point", "something is mounted there", runner.Error)

		// Immutable, where the file system knows that.
		m.write(t, "fixed", "old", 0o644)
		if exec.Command("chattr", "+i", in("fixed")).Run() == nil {
			later("chattr", "-i", in("fixed"))
			words := "immutable"
			if !gnu {
				words = "can't be renamed: Operation not permitted" // without lsattr, it is not seen before
			}
			refused("immutable", "fixed", words, runner.Error)
			do("chattr", "-i", in("fixed"))
		}

		// Changed between the two commands.
		m.write(t, "race", "old", 0o644)
		m.meanwhile = func() { os.WriteFile(in("race"), []byte("somebody else's"), 0o644) }
		p = m.push(t, t.Context(), `files: [{content: new, dest: DIR/race}]`, nil)
		m.meanwhile = nil
		p.want(t, "changed underneath", runner.Error, "", "changed")
		if m.read(t, "race") != "somebody else's" {
			t.Errorf("changed underneath: the file has %q, want the content of the other", m.read(t, "race"))
		}

		// A hard link is reported, and the other name keeps the old content.
		m.write(t, "linked", "old", 0o644)
		if err := errors.Join(os.Link(in("linked"), in("twin"))); err != nil {
			t.Fatal(err)
		}
		p = m.push(t, t.Context(), `files: [{content: new, dest: DIR/linked}]`, nil)
		p.want(t, "hard link", runner.Changed, "", "")
		if !strings.Contains(p.log, "link") || m.read(t, "twin") != "old" || m.read(t, "linked") != "new" {
			t.Errorf("hard link: want a note on the link, old in twin and new in linked: %q, %q, %q", p.log, m.read(t, "twin"), m.read(t, "linked"))
		}
		m.clean(t)
	})
}

// TestTorturePushAttributes: a file keeps its ACLs and extended attributes when its content changes. busybox has no
// tools for them.
func TestTorturePushAttributes(t *testing.T) {
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture has the tools for it")
	}
	machines(t, func(t *testing.T, m *machine) {
		if strings.HasSuffix(t.Name(), "busybox") {
			return
		}
		m.write(t, "conf", "old", 0o640)
		path := filepath.Join(m.dir, "conf")
		for _, c := range [][]string{{"setfacl", "-m", "u:nobody:r", path}, {"setfacl", "-m", "default:u:nobody:rwx", m.dir}, {"setfattr", "-n", "user.note", "-v", "kept", path}} {
			if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %v %s (Debian's packages acl and attr)", c, err, out)
			}
		}
		// The hidden folder is private even where new folders are not.
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf, validate: 'test "$(stat -c %a "$(dirname {{staged}})")" = 700'}]`, nil).want(t, "push", runner.Changed, "", "")
		acl, err1 := exec.Command("getfacl", "-c", path).Output()
		note, err2 := exec.Command("getfattr", "--only-values", "-n", "user.note", path).Output()
		if err := errors.Join(err1, err2); err != nil || !strings.Contains(string(acl), "user:nobody:r--") || string(note) != "kept" || m.read(t, "conf") != "new" {
			t.Errorf("the ACL or attribute did not stay: %v: %s, %s", err, acl, note)
		}
	})
}

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
				results[i] = m.push(t, t.Context(), spec(letter), func(p *action.Push) { p.Patience = i * 20 })
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
		p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}, {content: new, dest: DIR/made}]`, func(p *action.Push) { p.Patience = 20 })
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
		p := m.push(t, t.Context(), `files: [{content: "new\n", dest: DIR/made}]`, func(p *action.Push) { p.Diff = true })
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
				m.push(t, t.Context(), spec, func(p *action.Push) { p.Patience = 120 }).want(t, fmt.Sprint(i), runner.Changed, "", "")
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
					m.push(t, ctx, spec, func(p *action.Push) { p.Patience = 60 })
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
