package wrap_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/wrap"
)

// binOf returns a folder in which sh is another shell.
func binOf(t *testing.T, sh string) string {
	t.Helper()
	bin := t.TempDir()
	path, err := exec.LookPath(sh)
	if err == nil {
		err = os.Symlink(path, bin+"/sh")
	}
	if err != nil {
		t.Fatalf("%v: make tools installs the shells that the tests need", err)
	}
	return bin
}

// groupOf is a host that runs a command by a script of bash, in a process group of their own. It stops the command when the
// numbers of all processes have been printed, and then calls stopped with what has been said on stderr, before what is left
// of the group is ended.
func groupOf(t *testing.T, sh, script string, stopped func(said string), processes ...any) execFunc {
	bin := binOf(t, sh)
	return func(cmd string, s runner.Stdio) error {
		group := exec.Command("bash", "-c", script, "server", cmd)
		group.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		group.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		var said strings.Builder
		group.Stderr = io.MultiWriter(s.Err, &said)
		in, err := group.StdinPipe()
		if err != nil {
			return err
		}
		out, err := group.StdoutPipe()
		if err == nil {
			err = group.Start()
		}
		if err != nil {
			return err
		}
		defer syscall.Kill(-group.Process.Pid, syscall.SIGKILL)
		_, err = fmt.Fscan(out, processes...)
		in.Close()
		io.Copy(io.Discard, out)
		group.Wait()
		stopped(said.String())
		return err
	}
}

// TestTheGroupOfTheServer: on a server that runs its commands in its own process group, only the command that is stopped
// is ended. What another has left may just as well be its own, so it is unknown whether anything of it is left.
func TestTheGroupOfTheServer(t *testing.T) {
	const server = `exec 3<&0 </dev/null; sh -c 'sleep 1000; :' >/dev/null 2>&1 & echo $!; (sleep 1000 >/dev/null 2>&1 & echo $!); sh -c "$1" <&3; exit`
	for _, sh := range []string{"dash", "bash", "busybox", "mksh", "ksh93", "zsh"} {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			var other, orphan, child int
			host := groupOf(t, sh, server, func(said string) {
				if !alive(other) || !alive(orphan) || !strings.Contains(said, ":unknown") {
					t.Errorf("another command is alive: %v, what another has left: %v; the wrapper said %q, want unknown", alive(other), alive(orphan), said)
				}
			}, &other, &orphan, &child)
			c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
			if err := c.Exec(t.Context(), "sleep 1000 & echo $!; wait", runner.Stdio{Grace: inventory.Duration(time.Second)}); err != nil || alive(child) {
				t.Errorf("%v; process %d is alive: %v", err, child, alive(child))
			}
		})
	}
}

// TestForcedCommand: below a forced command that does not become the command it is given, what that has left behind is
// ended, and what the forced command itself has started is not.
func TestForcedCommand(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("elsewhere, the wrapper can't tell it from a server")
	}
	for _, sh := range []string{"dash", "bash", "busybox", "mksh", "ksh93", "zsh"} {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			var other, orphan int
			host := groupOf(t, sh, `sleep 1000 >/dev/null 2>&1 & echo $!; sh -c "$1"; exit`, func(said string) {
				if !alive(other) || alive(orphan) || !strings.Contains(said, ":gone") {
					t.Errorf("what the forced command has started is alive: %v, what the command has left: %v; the wrapper said %q, want gone", alive(other), alive(orphan), said)
				}
			}, &other, &orphan)
			c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
			if err := c.Exec(t.Context(), "(sleep 1000 >/dev/null 2>&1 & echo $!); sleep 1000", runner.Stdio{Grace: inventory.Duration(time.Second)}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTheInputIsLetGo: once a command with a time limit has ended, nothing of ours holds its input: some servers, such as
// Twisted Conch, tell of the end of a command only then.
func TestTheInputIsLetGo(t *testing.T) {
	for _, sh := range []string{"dash", "bash", "busybox", "mksh", "ksh93", "zsh"} {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			bin := binOf(t, sh)
			host := execFunc(func(cmd string, _ runner.Stdio) error {
				r, w, err := os.Pipe()
				if err != nil {
					return err
				}
				defer w.Close()
				run := exec.Command(bin+"/sh", "-c", cmd)
				run.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
				run.Stdin = r
				err = run.Run()
				r.Close()
				for begin := time.Now(); err == nil; time.Sleep(10 * time.Millisecond) { // it has been killed, and may not be gone yet
					if _, gone := w.WriteString("x"); gone != nil {
						return nil
					} else if time.Since(begin) > bound {
						return errors.New("something still reads the input")
					}
				}
				return err
			})
			c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
			for _, line := range []string{"true", "sleep 0.1"} { // the first may end before the watchdog has begun
				if err := c.Exec(t.Context(), line, runner.Stdio{Limit: inventory.Duration(time.Hour)}); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		})
	}
}

// TestServerWithoutInput: where the server gives commands no input, the wrapper ends them, and the error says why.
func TestServerWithoutInput(t *testing.T) {
	host := execFunc(func(cmd string, s runner.Stdio) error {
		run := exec.Command("sh", "-c", cmd)
		run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // in that of the tests, others may have left something
		run.Stderr = s.Err
		run.Run()
		return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: run.ProcessState.ExitCode(), Err: errors.New(run.ProcessState.String())}
	})
	c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
	for _, in := range []string{"", "data"} {
		err := c.Exec(t.Context(), "exec sleep 1000", runner.Stdio{In: strings.NewReader(in), Size: int64(len(in))})
		if f, _ := errors.AsType[*runner.Failure](err); f == nil || f.Status != runner.Failed || f.Exit == 0 || !strings.Contains(f.Err.Error(), "closed the input") {
			t.Errorf("input %q: %v, want that the host closed the input", in, err)
		}
	}
}
