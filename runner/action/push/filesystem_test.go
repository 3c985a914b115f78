package push_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hail/runner"
)

// TestTorturePushFileSystems pushes to file systems that refuse. The old content stays, the error names the reason, and
// nothing is left behind.
func TestTorturePushFileSystems(t *testing.T) {
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
		do("mount", "-t", "tmpfs", "-o", "nr_inodes=1", "tmpfs", m.state(t))
		refused("full state", "conf", "the folder for the state of pushes is not writable; nothing was changed", runner.Error)
		do("umount", m.state(t))

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
		if err := os.Link(in("linked"), in("twin")); err != nil {
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
