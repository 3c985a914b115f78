package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
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

const bound = 30 * time.Second

// TestMain lets more parallel tests run at once than there are processors: they mostly wait.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

// shells are login shells that start the wrapper. The command itself runs in the shell of the host.
var shells = [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}, {"mksh"}, {"zsh"}, {"fish"}, {"tcsh"}}

// login connects to this machine through a login shell.
func login(t *testing.T, shell []string) runner.Conn {
	t.Helper()
	path, err := exec.LookPath(shell[0])
	if err != nil {
		t.Fatalf("%v: make tools installs the shells that the tests need", err)
	}
	if len(shell) > 1 { // a shell for local is one word
		link := filepath.Join(t.TempDir(), shell[1])
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		path = link
	}
	c, err := wrap.Dialer{Inner: loginShell{path}}.Dial(t.Context(), inventory.Host{Name: "here", Connection: inventory.Connection{Shell: "/bin/sh"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// loginShell dials this machine with another login shell. The host keeps the shell that its commands run in.
type loginShell struct{ path string }

func (l loginShell) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	h.Connection.Shell = l.path
	return local.Dialer{}.Dial(ctx, h)
}

// TestProgramNeedsNoShell: a single program with arguments is started without the shell of the host.
func TestProgramNeedsNoShell(t *testing.T) {
	c, err := wrap.Dialer{Inner: loginShell{"/bin/sh"}}.Dial(t.Context(), inventory.Host{Name: "here", Connection: inventory.Connection{Shell: "/nonexistent/shell"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const word = "it's $HOME\n\\!"
	var out bytes.Buffer
	line := runner.QuoteWords([]string{"sh", "-c", `cat; printf "%s %s" "$1" "$X"`, "name", word})
	s := runner.Stdio{In: strings.NewReader("in "), Size: 3, Out: &out, Env: []string{"X=" + word}, Program: true}
	if err := c.Exec(t.Context(), line, s); err != nil || out.String() != "in "+word+" "+word {
		t.Errorf("the error is %v, and the output %q", err, out.String())
	}
	if err := c.Exec(t.Context(), "true", runner.Stdio{}); err == nil {
		t.Error("a command ran although its shell does not exist")
	}
}

// otherSh dials this machine with another program as its sh.
type otherSh struct{ program string }

func (o otherSh) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	bin, err := os.MkdirTemp("", "sh-is-"+o.program)
	if err != nil {
		return nil, err
	}
	path, err := exec.LookPath(o.program)
	if err == nil {
		err = os.Symlink(path, bin+"/sh")
	}
	h.Connection.Shell = bin + "/sh"
	c, _ := local.Dialer{}.Dial(ctx, h)
	return otherShConn{c, bin}, err
}

type otherShConn struct {
	runner.Conn
	bin string
}

func (c otherShConn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	s.Env = append(s.Env, "PATH="+c.bin+":"+os.Getenv("PATH"))
	return c.Conn.Exec(ctx, cmd, s)
}

func (c otherShConn) Close() error { return errors.Join(c.Conn.Close(), os.RemoveAll(c.bin)) }

func eachShell(t *testing.T, test func(t *testing.T, c runner.Conn)) {
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			test(t, login(t, shell))
		})
	}
	eachSh(t, test)
}

// eachSh tests the shells that the wrapper itself may run in.
func eachSh(t *testing.T, test func(t *testing.T, c runner.Conn)) {
	for _, program := range []string{"bash", "mksh", "ksh93"} { // mksh stands for OpenBSD's ksh, too: children inherit no descriptors above 2
		t.Run("sh is "+program, func(t *testing.T) {
			t.Parallel()
			c, err := wrap.Dialer{Inner: otherSh{program}}.Dial(t.Context(), inventory.Host{Name: "here", Connection: inventory.Connection{Shell: "/bin/sh"}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			test(t, c)
		})
	}
}

func TestExec(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		for _, tt := range []struct {
			line, out, err string
			exit           int
		}{
			{"true", "", "", 0},
			{"echo out; echo err >&2; exit 7", "out\n", "err\n", 7},
			{"exit 255", "", "", 255},
			{`printf '%s|' "it's" 'a\b' '$HOME' "!x" '` + "`" + `' 'new
line' 'ü'`, "it's|a\\b|$HOME|!x|`|new\nline|ü|", "", 0},
			{`echo "$HAIL_HOST:$X"`, "web01:a'b c\n\n", "", 0},
			{"cat; echo end", "end\n", "", 0},                                 // no input is an empty input, not that of the wrapper
			{`ls /proc/self/fd 2>/dev/null | grep -c '^[34]$'`, "1\n", "", 0}, // 3 belongs to ls, and the descriptors of the wrapper are closed
			{"kill -9 $$", "", "", 137},
			{"sleep 0.5; echo late", "late\n", "", 0}, // the watchdog waits for the end of the input
		} {
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			var out, errs bytes.Buffer
			err := c.Exec(ctx, tt.line, runner.Stdio{Out: &out, Err: &errs, Env: []string{"HAIL_HOST=web01", "X=a'b c\n"}, Grace: inventory.Duration(time.Second)})
			exit := 0
			if f := (*runner.Failure)(nil); errors.As(err, &f) && f.Reason == runner.ExitStatus {
				exit = f.Exit
			} else if err != nil {
				t.Errorf("%s: %v", tt.line, err)
			}
			if out.String() != tt.out || errs.String() != tt.err || exit != tt.exit {
				t.Errorf("%s: %q, %q, exit %d; want %q, %q, %d", tt.line, out.String(), errs.String(), exit, tt.out, tt.err, tt.exit)
			}
		}
	})
}

// TestFlow: with Flow, the input arrives completely. Its end, or that of the context, ends the command.
func TestFlow(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		in := strings.Repeat("0123456789abcde\n", 64<<10)
		var out bytes.Buffer
		err := c.Exec(ctx, `printf %s: "$X"; cat; exit 3`,
			runner.Stdio{In: strings.NewReader(in), Size: int64(len(in)), Out: &out, Env: []string{"X=a b"}, Flow: true})
		if f := (*runner.Failure)(nil); !errors.As(err, &f) || f.Exit != 3 || out.String() != "a b:"+in {
			t.Errorf("%d bytes of output, %v, want the whole input and exit 3", out.Len(), err)
		}
		stopped, stop := context.WithCancel(ctx)
		defer stop()
		said := &firstByte{then: stop}
		r, w := io.Pipe()
		defer w.Close()
		go io.WriteString(w, "begin\n")
		err = c.Exec(stopped, "cat; echo end", runner.Stdio{In: r, Size: 100, Out: said, Flow: true, Grace: inventory.Duration(bound)})
		if !errors.Is(err, context.Canceled) || said.String() != "begin\nend\n" {
			t.Errorf("the output is %q, %v, want all of it and the end of the context", said.String(), err)
		}
	})
}

// TestArguments: any bytes but NUL reach the command unchanged, many words at a time.
func TestArguments(t *testing.T) {
	const special = "'\"\\$`!~*?[]{}#&|;<>() \t\n\r=%^-"
	for _, shell := range [][]string{{"dash"}, {"fish"}, {"tcsh"}} {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			c := login(t, shell)
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			for range 5 {
				words := make([]string, 40)
				for i := range words {
					for range rand.IntN(40) {
						char := byte(1 + rand.IntN(255))
						if rand.IntN(2) == 0 {
							char = special[rand.IntN(len(special))]
						}
						words[i] += string([]byte{char})
					}
				}
				var out bytes.Buffer
				err := c.Exec(ctx, `printf '%s\0' `+runner.QuoteWords(words), runner.Stdio{Out: &out})
				got := strings.Split(out.String(), "\x00")
				if err != nil || len(got) != len(words)+1 {
					t.Fatalf("%d words came back as %d, %v: %q", len(words), len(got)-1, err, words)
				}
				for i, w := range words {
					if got[i] != w {
						t.Errorf("%q came back as %q", w, got[i])
					}
				}
			}
		})
	}
}

// stopped runs line and cancels the context at its first output. It returns what the command printed, and how it ended.
func stopped(t *testing.T, c runner.Conn, line string, grace time.Duration) (string, *runner.Failure) {
	t.Helper()
	outer, cancelOuter := context.WithTimeout(t.Context(), bound)
	defer cancelOuter()
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	out := &firstByte{then: cancel}
	err := c.Exec(ctx, line, runner.Stdio{Out: out, Grace: inventory.Duration(grace)})
	var f *runner.Failure
	if !errors.As(err, &f) || !errors.Is(err, context.Canceled) || outer.Err() != nil {
		t.Fatalf("the error is %v, want a failure that was caused by the cancelled context", err)
	}
	return out.String(), f
}

type firstByte struct {
	bytes.Buffer
	then func()
}

func (f *firstByte) Write(p []byte) (int, error) {
	defer f.then()
	return f.Buffer.Write(p)
}

// alive says whether the process exists and is not a zombie.
func alive(pid int) bool {
	stat, err := exec.Command("ps", "-o", "stat=", "-p", fmt.Sprint(pid)).Output()
	return err == nil && !bytes.HasPrefix(bytes.TrimSpace(stat), []byte("Z")) && syscall.Kill(pid, 0) == nil
}

// TestTortureStopEndsTheWholeTree: nothing is left of a command that is stopped. The short form takes all login shells
// for one tree of processes, and for the others only the shells that end them.
func TestTortureStopEndsTheWholeTree(t *testing.T) {
	for name, line := range map[string]string{
		"a command":             `echo $$; exec sleep 1000`,
		"a child":               `sleep 1000 & echo $!; wait`,
		"a pipeline":            `(sleep 1000; :) | cat & echo $!; wait`,
		"one that ignores TERM": `trap '' TERM; echo $$; while :; do sleep 1; done`,
		"its own session":       `setsid sh -c 'echo $$; exec sleep 1000'`,
		"nohup":                 `nohup sh -c 'echo $$; exec sleep 1000' 2>/dev/null & wait`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each := eachSh
			if name == "one that ignores TERM" || os.Getenv("HAIL_TORTURE") != "" {
				each = eachShell
			}
			each(t, func(t *testing.T, c runner.Conn) {
				out, f := stopped(t, c, line, time.Second)
				var pid int
				if _, err := fmt.Sscan(strings.TrimSpace(out), &pid); err != nil {
					t.Fatalf("no pid in %q", out)
				}
				if f.Remains != runner.Gone || alive(pid) {
					t.Errorf("remains: %q, want gone; the process is alive: %v", f.Remains, alive(pid))
				}
			})
		})
	}
}

// TestNothingOfOursIsLeft: the process that waits for the grace period ends with the command.
func TestNothingOfOursIsLeft(t *testing.T) {
	var grace atomic.Int64
	grace.Store(9000) // seconds, different for each shell
	eachShell(t, func(t *testing.T, c runner.Conn) {
		seconds := grace.Add(1)
		stopped(t, c, "echo begin; exec sleep 1000", time.Duration(seconds)*time.Second)
		for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) { // it has been killed, and may not be gone yet
			out, err := exec.Command("pgrep", "-xf", fmt.Sprintf("sleep %d", seconds)).Output()
			if err != nil {
				return
			}
			if time.Since(begin) > bound {
				t.Fatalf("process %s still waits for the grace period", bytes.TrimSpace(out))
			}
		}
	})
}

func TestLastWordsAreHeard(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		out, f := stopped(t, c, `trap 'echo bye; exit 0' TERM; echo begin; while :; do sleep 0.1; done`, 5*time.Second)
		if out != "begin\nbye\n" || f.Remains != runner.Gone {
			t.Errorf("the output is %q, want \"begin\" and \"bye\"; remains: %q, want gone", out, f.Remains)
		}
	})
}

// TestSignalsOfTheCommand: a command that signals its process group or its parent ends as it would without the wrapper.
func TestSignalsOfTheCommand(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		for line, want := range map[string]int{"kill 0; sleep 1000": 143, "kill -HUP $PPID; kill -TERM $PPID; exit 3": 3, "kill -USR1 $PPID; exit 3": 3, "trap 'trap - EXIT; kill 0' EXIT; exit 0": 143, "kill -USR1 0; sleep 1000": 138} {
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			err := c.Exec(ctx, "exec sh -c "+runner.Quote(line), runner.Stdio{Out: io.Discard, Grace: inventory.Duration(time.Second)})
			cancel()
			if strings.HasSuffix(t.Name(), "ksh93") { // ksh93 takes a signal to its group for its own, too, so only that it ends is tested
				continue
			}
			if f := (*runner.Failure)(nil); !errors.As(err, &f) || f.Status != runner.Failed || f.Exit != want {
				t.Errorf("%s: %v, want exit %d", line, err, want)
			}
		}
	})
}

// TestKilledWrapper: the orphans of the host outlive a command that kills its wrapper. The only process that ps shows is
// one of them.
func TestKilledWrapper(t *testing.T) {
	orphan := exec.Command("sleep", "1000")
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ps := fmt.Sprintf("#!/bin/sh\necho %d 1 1 S\necho >%s/looks\n", orphan.Process.Pid, dir)
	if err := errors.Join(syscall.Mkfifo(dir+"/looks", 0o600), os.WriteFile(dir+"/ps", []byte(ps), 0o700)); err != nil {
		t.Fatal(err)
	}
	looks, err := os.OpenFile(dir+"/looks", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer looks.Close()
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	login(t, []string{"dash"}).Exec(t.Context(), "kill -9 $PPID", runner.Stdio{Out: io.Discard})
	looks.SetReadDeadline(time.Now().Add(bound))
	if _, err := io.ReadFull(looks, make([]byte, 2)); err != nil { // what the first look finds is ended before the second
		t.Error(err)
	}
	orphan.Process.Kill()
	if err := orphan.Wait(); err.Error() != "signal: killed" {
		t.Errorf("the orphan was ended before the test did it: %v", err)
	}
}

// TestNumberOfAKilledWrapper: once the wrapper has been killed, another process may have its number. That one is told
// nothing, and what it has started lives.
func TestNumberOfAKilledWrapper(t *testing.T) {
	for _, sh := range []string{"dash", "bash", "busybox", "mksh", "zsh"} {
		t.Run(sh, func(t *testing.T) {
			bin := t.TempDir()
			path, err := exec.LookPath(sh)
			if err == nil {
				err = os.Symlink(path, bin+"/sh")
			}
			if err != nil {
				t.Fatalf("%v: make tools installs the shells that the tests need", err)
			}
			other := exec.Command("bash", "-c", "cat && exit 7") // cat is its child
			in, err := other.StdinPipe()
			if err == nil {
				err = other.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			hunt := exec.Command(bin+"/sh", "-c", wrap.Hunter, "hail", "1", fmt.Sprint(other.Process.Pid))
			hunt.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its group is that of the command
			if out, err := hunt.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			in.Close()
			if err := other.Wait(); other.ProcessState.ExitCode() != 7 {
				t.Errorf("the other process was disturbed: %v", err)
			}
		})
	}
}

func TestBackgroundChildrenOfANormalEndLive(t *testing.T) {
	c := login(t, []string{"dash"})
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	var out bytes.Buffer
	if err := c.Exec(ctx, `sleep 1000 >/dev/null 2>&1 & echo $!`, runner.Stdio{Out: &out}); err != nil {
		t.Fatal(err)
	}
	var pid int
	fmt.Sscan(out.String(), &pid)
	if !alive(pid) {
		t.Error("a background process was ended although the command ended by itself")
	}
	syscall.Kill(pid, syscall.SIGKILL)
}

func TestNamesOfVariables(t *testing.T) {
	for _, s := range []runner.Stdio{{Env: []string{"A;touch /tmp/x;B=1"}}, {Secrets: []string{"A B=1"}}, {Env: []string{"=1"}}} {
		err := login(t, []string{"dash"}).Exec(t.Context(), "exit 1", s)
		if s, _ := runner.StatusOf(err); s != runner.Error || !strings.Contains(err.Error(), "not the name of a variable") {
			t.Errorf("the error is %v, want that it is not the name of a variable", err)
		}
	}
}

func TestTheLengthHasALimit(t *testing.T) {
	c := login(t, []string{"dash"})
	err := c.Exec(t.Context(), strings.Repeat("x", wrap.MaxCommand), runner.Stdio{})
	if s, _ := runner.StatusOf(err); s != runner.Error || !strings.Contains(err.Error(), "too long") {
		t.Errorf("the error is %v, want that the command is too long", err)
	}
}

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
			c, err := wrap.Dialer{Inner: otherSh{program}}.Dial(t.Context(), inventory.Host{Name: "here", Connection: inventory.Connection{Shell: "/bin/sh"}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			dir := t.TempDir()
			t.Setenv("TMPDIR", dir)
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			var out bytes.Buffer
			err = c.Exec(ctx, "cat; ls -A "+dir+"; exit 7", runner.Stdio{In: strings.NewReader("input\n"), Size: 6, Out: &out})
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

// TestTheHostKeepsTheLimit: the host ends a command at its time limit by itself.
func TestTheHostKeepsTheLimit(t *testing.T) {
	wrap.SetLimitMargin(0)
	t.Cleanup(func() { wrap.SetLimitMargin(10 * time.Second) })
	eachShell(t, func(t *testing.T, c runner.Conn) {
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		var out bytes.Buffer
		c.Exec(ctx, "echo $$; exec sleep 1000", runner.Stdio{Out: &out, Limit: inventory.Duration(time.Second), Grace: inventory.Duration(time.Second)})
		var pid int
		fmt.Sscan(out.String(), &pid)
		if pid == 0 || alive(pid) || ctx.Err() != nil {
			t.Errorf("process %d was not ended in time; it is alive: %v", pid, alive(pid))
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

// TestNoWrapper: a host that ends by itself before the wrapper takes the input has not run the command, and the error
// tells a wrapper that was killed from one that never began. Without input that is not known, and a lost connection or a
// refusal keeps its own error.
func TestNoWrapper(t *testing.T) {
	refused := &runner.Failure{Status: runner.Failed, Reason: runner.Escalation, Err: errors.New("wrong password")}
	lost := &runner.Failure{Status: runner.Lost, Err: errors.New("the connection ended")}
	killed := &runner.Failure{Status: runner.Failed, Reason: runner.Signalled, Err: errors.New("killed by signal KILL")}
	exit := func(status int) error {
		return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: status, Err: fmt.Errorf("exit %d", status)}
	}
	one := exit(1)
	const never = "the host did not run hail's wrapper, and ended with exit "
	const before = "the command did not run: on the host, hail's wrapper was killed before it took the input "
	for _, tt := range []struct {
		in      string
		ended   error
		instead string // empty: what it ended with
	}{
		{"data", nil, never + "0"}, {"data", one, never + "1"}, {"data", exit(128), never + "128"}, {"data", exit(254), never + "254"},
		{"data", exit(137), before + "(exit 137)"}, {"data", exit(143), before + "(exit 143)"}, {"data", killed, before + "(killed by signal KILL)"},
		{"data", refused, ""}, {"data", lost, ""}, {"", nil, ""}, {"", one, ""}, {"", killed, ""},
	} {
		host := execFunc(func(_ string, s runner.Stdio) error {
			io.WriteString(s.Err, "This account is not available.\n")
			return tt.ended
		})
		c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
		err := c.Exec(t.Context(), "cat", runner.Stdio{In: strings.NewReader(tt.in), Size: int64(len(tt.in))})
		if tt.instead == "" {
			if err != tt.ended {
				t.Errorf("input %q, ended with %v: %v, want the same", tt.in, tt.ended, err)
			}
			continue
		}
		if status, _ := runner.StatusOf(err); status != runner.Error || !strings.HasPrefix(err.Error(), tt.instead) {
			t.Errorf("input %q, ended with %v: %s, %v, want an error of our own: %s", tt.in, tt.ended, status, err, tt.instead)
		}
	}
}

// TestEndedBeforeTheStop: when a command has ended by itself, nothing had to be stopped, even if the context ends before
// Exec returns.
func TestEndedBeforeTheStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	exit := &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Err: errors.New("exit 3")}
	c, _ := wrap.Dialer{Inner: execFunc(func(string, runner.Stdio) error { cancel(); return exit })}.Dial(ctx, inventory.Host{})
	if err := c.Exec(ctx, "true", runner.Stdio{}); err != exit {
		t.Errorf("%#v, want what the command ended with", err)
	}
}

// TestWordsOfTheWrapper: the words of the wrapper are recognised wherever they are and however the stream is split, and
// all other bytes pass.
func TestWordsOfTheWrapper(t *testing.T) {
	const text = "one MARKtakes\x1etwo MARKno word of its\x1e\x1eMARKno\x1eMARK\x1ehail:MARKgone\x1eTerminated\x1eha"
	const want = "one two MARKno word of its\x1e\x1eMARKno\x1eMARK\x1ehail:Terminated\x1eha"
	for _, parts := range []int{1, 2, 3, 100} {
		for cut := range 250 { // until it is all of it
			ctx, cancel := context.WithCancel(t.Context())
			expected := want
			host := execFunc(func(cmd string, s runner.Stdio) error {
				mark := "\x1ehail:" + nonceOf(cmd) + ":"
				said := strings.ReplaceAll(text, "MARK", mark)
				expected = strings.ReplaceAll(want, "MARK", mark)
				for n := range parts {
					at := min(cut+n, len(said))
					if n == parts-1 {
						at = len(said)
					}
					io.WriteString(s.Err, said[:at])
					said = said[at:]
				}
				cancel()
				return ctx.Err()
			})
			c, _ := wrap.Dialer{Inner: host}.Dial(ctx, inventory.Host{})
			var errs bytes.Buffer
			err := c.Exec(ctx, "true", runner.Stdio{Err: &errs})
			if f := (*runner.Failure)(nil); errs.String() != expected || !errors.As(err, &f) || f.Remains != runner.Gone {
				t.Fatalf("%d parts, the first of %d bytes: %q, want %q; %v", parts, cut, errs.String(), expected, err)
			}
		}
	}
}

// execFunc is a host that runs a command by calling a function.
type execFunc func(cmd string, s runner.Stdio) error

func (f execFunc) Dial(context.Context, inventory.Host) (runner.Conn, error) { return f, nil }
func (f execFunc) Exec(_ context.Context, cmd string, s runner.Stdio) error  { return f(cmd, s) }
func (f execFunc) Close() error                                              { return nil }

// nonceOf returns the nonce in a wrapped command.
func nonceOf(cmd string) string {
	_, nonce, _ := strings.Cut(cmd, "hail_nonce=")
	nonce, _, _ = strings.Cut(nonce, " ")
	return nonce
}

// TestStderrPasses: text that only looks like a word of the wrapper passes unchanged.
func TestStderrPasses(t *testing.T) {
	c := login(t, []string{"dash"})
	want := "\x1ehail:0123456789abcdef:gone\x1e\x1e\x1ehail:"
	var errs bytes.Buffer
	if err := c.Exec(t.Context(), "printf %s "+runner.Quote(want)+" >&2", runner.Stdio{Err: &errs}); err != nil || errs.String() != want {
		t.Errorf("stderr is %q, %v, want %q", errs.String(), err, want)
	}
}
