// Package hosttest makes of this machine what a test needs: a host with other tools, a program that can be run at once, a
// port on which nothing listens, few descriptors.
package hosttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Userlands are those that nearly every Linux has one of.
var Userlands = []string{"gnu", "busybox"}

// Tools returns a PATH with the tools of "gnu", with those of "busybox" alone, or of an "old busybox", whose timeout has no
// -k, with some like those of "bsd" or of "macos", or with those of GNU and another program, such as "ksh93", as sh; and the
// path of that sh. A test must not change what is in the folders of the PATH: others may share them.
func Tools(t testing.TB, name string) (path, sh string) {
	t.Helper()
	switch name {
	case "gnu":
		return os.Getenv("PATH"), "/bin/sh"
	case "busybox":
		path, err := busybox()
		if err != nil {
			t.Fatal(err)
		}
		return path, filepath.Join(path, "sh")
	case "old busybox":
		path, sh := Tools(t, "busybox")
		old := t.TempDir()
		Program(t, filepath.Join(old, "timeout"), "#!/bin/sh\n[ \"$1\" != -k ] || exit 1\nexec "+path+"/timeout \"$@\"\n")
		return old + ":" + path, sh
	case "bsd":
		return bsd(t, "sha256"), "/bin/sh"
	case "macos":
		return bsd(t, "shasum"), "/bin/sh"
	}
	bin := t.TempDir()
	link(t, filepath.Join(bin, "sh"), name)
	return bin + ":" + os.Getenv("PATH"), filepath.Join(bin, "sh")
}

// busybox makes the folder of its applets once, as many tests share it.
var busybox = sync.OnceValues(func() (string, error) {
	program, err := exec.LookPath("busybox")
	if err != nil {
		return "", fmt.Errorf("%w: make tools installs what the tests need", err)
	}
	path, err := os.MkdirTemp("", "busybox")
	if err != nil {
		return "", err
	}
	return path, errors.Join(os.Chmod(path, 0o755), exec.Command(program, "--install", "-s", path).Run())
})

// Main is the TestMain of a package that uses Tools, which it cleans up after. Its tests have a home folder of their own,
// so that what they do to this machine leaves nothing behind.
func Main(m *testing.M) {
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		panic(err)
	}
	os.Setenv("HOME", home)
	code := m.Run()
	os.RemoveAll(home)
	if path, _ := busybox(); path != "" {
		os.RemoveAll(path)
	}
	os.Exit(code)
}

// link makes a link to a program that the system has.
func link(t testing.TB, at, program string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		err = os.Symlink(path, at)
	}
	if err != nil {
		t.Fatalf("%v: make tools installs what the tests need", err)
	}
}
