package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/wrap"
)

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

// alive reports whether the process exists and is not a zombie.
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
			bin := binOf(t, sh)
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

// TestTheHostKeepsTheLimit: the host ends a command at its time limit by itself.
func TestTheHostKeepsTheLimit(t *testing.T) {
	wrap.SetLimitMargin(0)
	t.Cleanup(func() { wrap.SetLimitMargin(runner.Duration(10 * time.Second)) })
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

// TestEndedByItself: a command that had ended before the stop reached its host ended as it did. If the wrapper says that it
// ended the command, or may have been killed, the command was stopped.
func TestEndedByItself(t *testing.T) {
	failed := func(exit int) *runner.Failure {
		return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: exit}
	}
	for name, test := range map[string]struct {
		late    *runner.Failure
		says    string
		notSent bool
		status  runner.Status
		left    runner.Remains
	}{
		"exit 0":           {late: &runner.Failure{Status: runner.OK}, status: runner.OK},
		"exit 3":           {late: failed(3), status: runner.Failed},
		"exit 0, stopped":  {late: &runner.Failure{Status: runner.OK}, says: "gone", status: runner.Cancelled, left: runner.Gone},
		"exit 137":         {late: failed(137), status: runner.Cancelled, left: runner.Unknown},
		"a signal":         {late: &runner.Failure{Status: runner.Failed, Reason: runner.Signalled}, status: runner.Cancelled, left: runner.Unknown},
		"no word from it":  {status: runner.Cancelled, left: runner.Unknown},
		"no word, stopped": {says: "alive", status: runner.Cancelled, left: runner.Alive},
		"it was not sent":  {notSent: true, status: runner.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c, _ := wrap.Dialer{Inner: execFunc(func(cmd string, s runner.Stdio) error {
				cancel()
				if test.says != "" {
					fmt.Fprintf(s.Err, "\x1ehail:%s:%s\x1e", nonceOf(cmd), test.says)
				}
				f := &runner.Failure{Err: fmt.Errorf("stopped: %w", context.Cause(ctx)), Late: test.late}
				if !test.notSent {
					f.Remains = runner.Unknown
				}
				return f
			})}.Dial(ctx, inventory.Host{})
			err := c.Exec(ctx, "true", runner.Stdio{})
			status, _ := runner.StatusOf(err)
			f, _ := errors.AsType[*runner.Failure](err)
			if status != test.status || f != nil && f.Remains != test.left {
				t.Errorf("%s, %+v; want %s and %q", status, f, test.status, test.left)
			}
		})
	}
}
