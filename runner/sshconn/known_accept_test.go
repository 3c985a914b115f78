package sshconn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"

	"hail/runner/sshtest"
)

// TestLockedKnownHosts: a known_hosts that another process has locked is waited for as long as there is time.
func TestLockedKnownHosts(t *testing.T) {
	key := newKey(t)
	file := filepath.Join(t.TempDir(), "known_hosts")
	lock := flock.New(file)
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(30*time.Second, func() { lock.Unlock() }).Stop() // in case the wait is not limited
	k, err := new(knownFiles).load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errConnect)
	defer cancel()
	if added, err := k.accept(ctx, "web1", key); added || !errors.Is(err, errConnect) {
		t.Errorf("added %v, error %v, want the connect timeout", added, err)
	}
	lock.Unlock()
	if added, err := k.accept(t.Context(), "web1", key); !added || err != nil {
		t.Errorf("added %v, error %v, want the key recorded", added, err)
	}
}

// TestKnownHostsIsPrivate: a known_hosts that did not exist is made for its owner alone, whatever the umask.
func TestKnownHostsIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := filepath.Join(t.TempDir(), ".ssh")
	k, err := new(knownFiles).load([]string{filepath.Join(dir, "known_hosts")})
	if err != nil {
		t.Fatal(err)
	}
	if added, err := k.accept(t.Context(), "web1", newKey(t)); !added || err != nil {
		t.Fatalf("added %v, error %v", added, err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, k.growing.path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %o", path, info.Mode(), err, want)
		}
	}
}

// TestKnownHostsOnAFullDisk: a line that could be written only in part is taken back, since it may look like another
// key.
func TestKnownHostsOnAFullDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known_hosts")
	var known knownFiles
	k, err := known.load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var all syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &all); err != nil {
		t.Fatal(err)
	}
	little := all
	little.Cur = 61 // of 86 bytes
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &little); err != nil {
		t.Fatal(err)
	}
	added, err := k.accept(t.Context(), "web1", newKey(t))
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &all); e != nil {
		t.Fatal(e)
	}
	if added || err == nil {
		t.Errorf("added %v, error %v, want that there was no room", added, err)
	}
	if text, err := os.ReadFile(file); err != nil || len(text) > 0 {
		t.Errorf("%q is left in the file, %v", text, err)
	}
	if added, err := k.accept(t.Context(), "web1", newKey(t)); !added || err != nil {
		t.Errorf("added %v, error %v, want the key recorded", added, err)
	}
}

// TestKnownHostsThatWereNotRead: after an error, the files are read again, because its cause may be gone.
func TestKnownHostsThatWereNotRead(t *testing.T) {
	var f knownFiles
	file := t.TempDir()
	if _, err := f.load([]string{file}); err == nil {
		t.Fatal("reading a folder is no error")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := f.load([]string{file}); err != nil {
		t.Error(err)
	}
}

// TestKnownHostsAppended: a key that another process has appended is reported with its line number.
func TestKnownHostsAppended(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte("# ours\n\n# more"), 0o600); err != nil {
		t.Fatal(err)
	}
	var f knownFiles
	known, err := f.load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a", "b"} {
		var other knownFiles
		theirs, err := other.load([]string{file})
		if err != nil {
			t.Fatal(err)
		}
		if added, err := theirs.accept(t.Context(), name, newKey(t)); !added || err != nil {
			t.Fatal(added, err)
		}
		want := fmt.Sprintf("%s:%d", file, 4+i)
		if place := theirs.keys(name, 22)[0].place; place != want {
			t.Errorf("the appended key is at %s, want %s", place, want)
		}
		if _, err := known.accept(t.Context(), name, newKey(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %s in it", err, want)
		}
	}
}

// TestKnownHostsReplaced: a file that was replaced since it was read, or rewritten in place, is read from its beginning.
func TestKnownHostsReplaced(t *testing.T) {
	line := func(name string, key ssh.PublicKey) string { return name + " " + string(ssh.MarshalAuthorizedKey(key)) }
	padding := "# " + strings.Repeat("x", 2*longestEnd) + "\n"
	old, theirs := newKey(t), newKey(t)
	before := padding + line("old", old)
	for name, after := range map[string]string{
		"another end":         line("new", theirs) + before,
		"the same up to that": padding + line("new", theirs) + strings.Repeat("#\n", 100),
		"shorter":             line("new", theirs),
	} {
		for _, inPlace := range []bool{false, true} {
			file := filepath.Join(t.TempDir(), "known_hosts")
			write := func(path, text string) {
				t.Helper()
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write(file, before)
			known, err := new(knownFiles).load([]string{file})
			if err != nil {
				t.Fatal(err)
			}
			if inPlace {
				write(file, after)
			} else {
				write(file+".new", after)
				if err := os.Rename(file+".new", file); err != nil {
					t.Fatal(err)
				}
			}
			want := fmt.Sprintf("another key was recorded for new just now (%s:%d)", file, strings.Count(after[:strings.Index(after, "new ")], "\n")+1)
			if added, err := known.accept(t.Context(), "new", newKey(t)); added || err == nil || err.Error() != want {
				t.Errorf("%s, in place %v: added %v, %v, want %s", name, inPlace, added, err, want)
			}
			if added, err := known.accept(t.Context(), "new", theirs); added || err != nil {
				t.Errorf("%s, in place %v: added %v, %v, want that it is there", name, inPlace, added, err)
			}
			if added, err := known.accept(t.Context(), "more", newKey(t)); !added || err != nil {
				t.Errorf("%s, in place %v: added %v, %v", name, inPlace, added, err)
			}
			if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), after+"more ssh-ed25519 ") {
				t.Errorf("%s, in place %v: the file is not what it was and a line more: %v", name, inPlace, err)
			}
		}
	}
}

func newKey(t *testing.T) ssh.PublicKey {
	key, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key.PublicKey()
}
