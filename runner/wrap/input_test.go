package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/local"
	"hail/runner/wrap"
)

// TestInputIsCut: when a command is stopped before its input has arrived, the error does not say that the input did not
// fit. When there is no room for it, it does.
func TestInputIsCut(t *testing.T) {
	for _, fits := range []bool{true, false} {
		if !fits {
			full := t.TempDir()
			if err := os.WriteFile(filepath.Join(full, "head"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", full+":"+os.Getenv("PATH"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		r, w := io.Pipe()
		go func() {
			w.Write(make([]byte, 5000))
			if fits {
				cancel() // the rest does not come
			}
			<-ctx.Done()
			w.Close()
		}()
		err := login(t, []string{"dash"}).Exec(ctx, "cat", runner.Stdio{In: r, Size: 10_000, Out: io.Discard, Grace: inventory.Duration(time.Second)})
		if status, _ := runner.StatusOf(err); err == nil || strings.Contains(err.Error(), "the input did not fit into /") == fits || (status == runner.Error) == fits {
			t.Errorf("there is room: %v: %s, %v", fits, status, err)
		}
		cancel()
	}
}

// TestInputFindsRoom: a folder without enough room is skipped.
func TestInputFindsRoom(t *testing.T) {
	full, bin := t.TempDir(), t.TempDir()
	df := "#!/bin/sh\n[ \"$2\" = " + full + " ] && set 90 10 || set 10 9999999999\n" +
		"echo Filesystem 1024-blocks Used Available Capacity Mounted on\necho //nas/a b 100 $1 $2 $1% /some where\n"
	if err := os.WriteFile(filepath.Join(bin, "df"), []byte(df), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", full)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	eachShell(t, func(t *testing.T, c runner.Conn) {
		for size, want := range map[int]string{10 << 10: full + "/hail-", 100 << 10: "/tmp/hail-"} {
			var out bytes.Buffer
			err := c.Exec(t.Context(), "readlink /proc/self/fd/0", runner.Stdio{In: bytes.NewReader(make([]byte, size)), Size: int64(size), Out: &out})
			if err != nil || !strings.HasPrefix(out.String(), want) {
				t.Errorf("an input of %d bytes is in %q, %v, want %s…", size, out.String(), err, want)
			}
		}
	})
}

// TestInputIsNotGivenAway: another user of the host can read the nonce in the list of processes, and put a pipe where the
// input is about to go. Nothing is written to it, and the command gets its input all the same.
func TestInputIsNotGivenAway(t *testing.T) {
	for _, program := range []string{"dash", "bash", "busybox", "mksh", "ksh93"} {
		t.Run(program, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			here, err := otherSh{program}.Dial(t.Context(), inventory.Host{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { here.Close() })
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			var pipe *os.File
			host := execFunc(func(cmd string, s runner.Stdio) error {
				path := filepath.Join(dir, "hail-"+nonceOf(cmd))
				err := syscall.Mkfifo(path, 0o666)
				if err == nil {
					pipe, err = os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
				}
				return errors.Join(err, here.Exec(ctx, cmd, s))
			})
			c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
			var out bytes.Buffer
			err = c.Exec(ctx, "cat", runner.Stdio{In: strings.NewReader("input"), Size: 5, Out: &out})
			if err != nil || out.String() != "input" {
				t.Errorf("the command got %q, %v", &out, err)
			}
			defer pipe.Close()
			pipe.SetReadDeadline(time.Now())
			if n, err := pipe.Read(make([]byte, 1000)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%d bytes went into the pipe, %v", n, err)
			}
		})
	}
}

// TestInputOnNFS: where the file of the input stays under another name as long as it is open, as with NFS, and with it its
// folder, that is removed when the command is over.
func TestInputOnNFS(t *testing.T) {
	tools := t.TempDir()
	for name, script := range map[string]string{
		"rm": "mv $2/input $2/.nfs",
		"rmdir": `ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q "$1/.nfs" || /bin/rm -f $1/.nfs
exec /bin/rmdir "$1"`,
	} {
		if err := os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", tools+":"+os.Getenv("PATH"))
	for _, program := range []string{"dash", "bash", "busybox", "mksh", "ksh93", "zsh"} {
		t.Run(program, func(t *testing.T) {
			c := dialled(t, otherSh{program}, "/bin/sh")
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			var out bytes.Buffer
			err := c.Exec(ctx, "cat; ls -A "+dir+"; exit 7", runner.Stdio{In: strings.NewReader("input\n"), Size: 6, Out: &out})
			if f, _ := errors.AsType[*runner.Failure](err); f == nil || f.Exit != 7 || !strings.HasPrefix(out.String(), "input\nhail-") {
				t.Errorf("%q, %v, want the input, the folder, and exit 7", &out, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

// TestInputHasNoRoom: when no folder has room for the input, the command does not run.
func TestInputHasNoRoom(t *testing.T) {
	host := execFunc(func(cmd string, s runner.Stdio) error {
		c, _ := local.Dialer{}.Dial(t.Context(), inventory.Host{})
		return c.Exec(t.Context(), "ulimit -f 1; "+cmd, s)
	})
	c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
	var out bytes.Buffer
	err := c.Exec(t.Context(), "echo ran", runner.Stdio{In: strings.NewReader(strings.Repeat("x", 2000)), Size: 2000, Out: &out})
	if status, _ := runner.StatusOf(err); status != runner.Error || out.Len() > 0 || !strings.Contains(err.Error(), "no folder with room") {
		t.Errorf("the error is %v, want that no folder has room; the output is %q, want none", err, &out)
	}
}

// TestInput: all bytes of an input arrive unchanged, with and without secret variables, and nothing is left behind.
func TestInput(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	binary := make([]byte, 300_000)
	for i := range binary {
		binary[i] = byte(i * 7)
	}
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			c := login(t, shell)
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			for name, s := range map[string]runner.Stdio{
				"input":                  {In: bytes.NewReader(binary), Size: int64(len(binary))},
				"more than it is to be":  {In: io.MultiReader(bytes.NewReader(binary), strings.NewReader("more")), Size: int64(len(binary))},
				"input behind a secret":  {In: bytes.NewReader(binary), Size: int64(len(binary)), Secrets: []string{"TOKEN=it's $ec`ret\\n!\n\n", "OTHER= ü=\x01 \t "}},
				"with a limit":           {In: bytes.NewReader(binary), Size: int64(len(binary)), Limit: inventory.Duration(time.Minute)},
				"no input":               {},
				"no input, and a secret": {Secrets: []string{"TOKEN=x", "OTHER="}},
			} {
				var out, errs bytes.Buffer
				s.Out, s.Err, s.Env = &out, &errs, []string{"hail=1", "line=2", "dir=3", "limit=4"}
				if err := c.Exec(ctx, `printf '%s|' "$TOKEN" "$OTHER" "$hail$line$dir$limit"; cat`, s); err != nil || errs.Len() > 0 {
					t.Errorf("%s: %v, %s", name, err, &errs)
				}
				want := "||1234|"
				if s.Secrets != nil {
					want = s.Secrets[0][6:] + "|" + s.Secrets[1][6:] + "|1234|"
				}
				if s.In != nil {
					want += string(binary)
				}
				if out.String() != want {
					t.Errorf("%s: %d bytes arrived, want %d: %.60q", name, out.Len(), len(want), out.String())
				}
			}
		})
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestInputNobodyReads: a command that never reads its input is stopped like any other.
func TestInputNobodyReads(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		out := &firstByte{then: cancel}
		err := c.Exec(ctx, "echo $$; exec sleep 1000", runner.Stdio{In: strings.NewReader(strings.Repeat("x", 1<<20)), Size: 1 << 20, Out: out, Grace: inventory.Duration(time.Second)})
		var pid int
		fmt.Sscan(out.String(), &pid)
		if f := (*runner.Failure)(nil); !errors.As(err, &f) || f.Remains != runner.Gone || alive(pid) {
			t.Errorf("%v, want nothing left; the process is alive: %v", err, alive(pid))
		}
	})
}

// TestInputThatEndsEarly: an input that is shorter than announced is an error, and the command does not run.
func TestInputThatEndsEarly(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		var out bytes.Buffer
		err := c.Exec(t.Context(), "echo ran", runner.Stdio{In: strings.NewReader("half"), Size: 8, Out: &out})
		if s, _ := runner.StatusOf(err); s != runner.Error || out.Len() > 0 || !strings.Contains(err.Error(), "the input of the command: unexpected EOF") {
			t.Errorf("the error is %v, want an unexpected EOF; the output is %q, want none", err, out.String())
		}
	})
}

// TestInputWaits: until the wrapper takes the input, only its beginning is sent. After a while without a word from the
// wrapper, the rest is sent, too.
func TestInputWaits(t *testing.T) {
	for said, wait := range map[string]time.Duration{"takes\x1e": 0, "": 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			const size = 1 << 20
			var before, after int64
			host := execFunc(func(cmd string, s runner.Stdio) error {
				var read atomic.Int64
				var wg sync.WaitGroup
				wg.Go(func() {
					for b := make([]byte, 32<<10); ; {
						n, err := s.In.Read(b)
						if read.Add(int64(n)); err != nil {
							return
						}
					}
				})
				synctest.Wait()
				before = read.Load()
				for _, part := range []string{"noise\x1ehail:", nonceOf(cmd) + ":", said + "more noise"} {
					io.WriteString(s.Err, part)
				}
				wg.Wait()
				after = read.Load()
				return nil
			})
			c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
			var errs bytes.Buffer
			begun := time.Now()
			if err := c.Exec(t.Context(), "cat", runner.Stdio{In: bytes.NewReader(make([]byte, size)), Size: size, Err: &errs}); (err != nil) != (said == "") {
				t.Error(err)
			}
			if before != 128<<10 || after != size || time.Since(begun) != wait {
				t.Errorf("after %q: %d bytes were sent before, want %d; %d in all, want %d; it took %v, want %v", said, before, 128<<10, after, size, time.Since(begun), wait)
			}
			if said != "" && errs.String() != "noisemore noise" {
				t.Errorf("stderr is %q, want only what is not of the wrapper", errs.String())
			}
		})
	}
}
