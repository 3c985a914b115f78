package action_test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"

	"hail/runner"
	"hail/runner/connsuite"
)

// What stands in, by its manual page, for tools of FreeBSD and macOS that differ from GNU's.
const (
	bsdStat = `#!/bin/sh
follow=
[ "$1" != -L ] || { follow=-L; shift; }
[ "$1" = -f ] || exit 1
format=$(echo "$2" | sed 's/%Mp%Lp/%04a/; s/%l/%h/; s/%z/%s/; s/%Su/%U/; s/%Sg/%G/; s/%m/%Y/; s/%c/%Z/; s/%n/\
/g')
shift 2
exec /usr/bin/stat $follow -c "$format" "$@"
`
	bsdSHA256 = `#!/bin/sh
[ "$1" = -q ] || exit 1
shift
/usr/bin/sha256sum "$@" | sed 's/^\\//; s/ .*//'
`
	bsdMount = `#!/bin/sh
echo '/dev/ada0p2 on / (ufs, local, journaled soft-updates)'
echo 'tank/a (b) on /mnt/a (b) (zfs, local, nfsv4acls)'
echo "/dev/sd0a on $HOME/mounted here type ffs (local)"
`
	noProc = `#!/bin/sh
case $1 in /proc/*) exit 1 ;; esac
exec /bin/cat "$@"
`
	onlySync = "#!/bin/sh\nexec /bin/sync\n"
)

// bsd makes a folder with tools like those of FreeBSD or, with shasum in place of sha256, of macOS: tar is their own, cp
// is that of busybox, which knows as few options, and what differs otherwise is played.
func bsd(t testing.TB, sum string) (path string) {
	t.Helper()
	path = t.TempDir()
	link := func(name, program string) {
		t.Helper()
		at, err := exec.LookPath(program)
		if err == nil {
			err = os.Symlink(at, filepath.Join(path, name))
		}
		if err != nil {
			t.Fatalf("%v: make tools installs what the tests need", err)
		}
	}
	play := func(name, script string) { connsuite.Program(t, filepath.Join(path, name), script) }
	for _, name := range []string{"awk", "chmod", "chown", "cmp", "cut", "date", "dd", "df", "dirname", "env", "find", "getent", "grep", "head", "id", "kill", "ln", "ls", "mkdir", "mv",
		"od", "printf", "ps", "readlink", "rm", "sed", "seq", "sh", "sleep", "tail", "test", "timeout", "touch", "tr", "true", "false", "uname", "wc", "xargs"} {
		link(name, name)
	}
	link("tar", "bsdtar")
	link("cp", "busybox")
	if sum == "shasum" {
		link(sum, sum)
	} else {
		play(sum, bsdSHA256)
	}
	play("stat", bsdStat)
	play("mount", bsdMount)
	play("cat", noProc)
	play("sync", onlySync)
	return path
}

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
