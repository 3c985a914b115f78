package hosttest

import (
	"path/filepath"
	"testing"
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
	play := func(name, script string) { Program(t, filepath.Join(path, name), script) }
	for _, name := range []string{"awk", "chmod", "chown", "cmp", "cut", "date", "dd", "df", "dirname", "env", "find", "getent", "grep", "head", "id", "kill", "ln", "ls", "mkdir", "mv",
		"od", "printf", "ps", "readlink", "rm", "sed", "seq", "sh", "sleep", "tail", "test", "timeout", "touch", "tr", "true", "false", "uname", "wc", "xargs"} {
		link(t, filepath.Join(path, name), name)
	}
	link(t, filepath.Join(path, "tar"), "bsdtar")
	link(t, filepath.Join(path, "cp"), "busybox")
	if sum == "shasum" {
		link(t, filepath.Join(path, sum), sum)
	} else {
		play(sum, bsdSHA256)
	}
	play("stat", bsdStat)
	play("mount", bsdMount)
	play("cat", noProc)
	play("sync", onlySync)
	return path
}
