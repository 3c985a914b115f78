package check_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/hosttest"
	"hail/runner/local"
)

// TestOneRoundTrip: all checks from inside a host go into one command. Those that are tried again go into another.
func TestOneRoundTrip(t *testing.T) {
	var b strings.Builder
	b.WriteString("checks:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {id: c%d, file: {path: /etc/passwd, owner: root}}\n", i)
	}
	m := newMachine(t, "gnu")
	verdicts, finish := m.run(t, read(t, b.String()))
	if m.execs != 1 || len(verdicts) != 50 || finish.Status != runner.OK {
		t.Errorf("%d commands for %d checks, %s %s", m.execs, len(verdicts), finish.Status, finish.Error)
	}

	flag := filepath.Join(t.TempDir(), "flag")
	count := filepath.Join(t.TempDir(), "count")
	verdicts, finish = m.run(t, read(t, `checks:
  - {id: once, command: "echo x >> `+count+`"}
  - {id: again, command: "test -e `+flag+` || { touch `+flag+`; exit 1; }", retry: {timeout: 30s, interval: 10ms}}
  - {id: never, command: "exit 1", retry: {timeout: 50ms, interval: 10ms}}
`))
	said, _ := os.ReadFile(count)
	if verdicts["again"].Outcome != runner.Pass || verdicts["never"].Outcome != runner.Fail || string(said) != "x\n" || m.execs < 2 {
		t.Errorf("%v after %d commands, want again to pass, never to fail, and once to run once: it wrote %q", verdicts, m.execs, said)
	}
	if finish.Status != runner.Failed || finish.Reason != runner.CheckFailed || finish.Error != "never" {
		t.Errorf("the host ends as %s(%s): %s, want failed(check): never", finish.Status, finish.Reason, finish.Error)
	}
}

// TestLookAfterOthers: a check may be retried although another one has taken all the time for that.
func TestLookAfterOthers(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	verdicts, _ := newMachine(t, "gnu").run(t, read(t, `checks:
  - {id: again, command: "test -e `+flag+` || { touch `+flag+`; exit 1; }", retry: {timeout: 10ms, interval: 10ms}}
  - {id: slow, command: {run: sleep 60, timeout: 1s}}
`))
	if v := verdicts["again"]; v.Outcome != runner.Pass {
		t.Errorf("%s %s", v.Outcome, v.Text)
	}
}

// TestLastLook: a check that would pass within its retry time passes, however long the interval is.
func TestLastLook(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	m := newMachine(t, "gnu")
	verdicts, _ := m.run(t, read(t, `checks:
  - {id: late, command: "test -e `+flag+` || { touch `+flag+`; exit 1; }", retry: {timeout: 3s, interval: 1h}}
`))
	if verdicts["late"].Outcome != runner.Pass {
		t.Errorf("the check does not pass: %v", verdicts)
	}
}

// TestIntervals: each check that fails is looked at again after its own interval, whatever those of the others are.
func TestIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		suite := read(t, `checks:
  - {tcp: "often:1", from: target, retry: {timeout: 10s, interval: 1s}}
  - {tcp: "rarely:1", from: target, retry: {timeout: 10s, interval: 4s}}
  - {tcp: "once:1", from: target}
`)
		must(t, suite.Compile())
		host := &unreachable{tries: map[string]int{}}
		suite.Do(t.Context(), &runner.Target{Conn: host, Out: io.Discard})
		if want := map[string]int{"often:1": 11, "rarely:1": 4, "once:1": 1}; !maps.Equal(host.tries, want) {
			t.Errorf("the looks are %v, want %v", host.tries, want)
		}
	})
}

// unreachable is a host through which nothing can be reached, and which never answers about the address mute:1. It counts
// the tries, by address.
type unreachable struct {
	runner.Conn
	mu    sync.Mutex
	tries map[string]int
}

func (u *unreachable) Dial(context.Context, inventory.Host) (runner.Conn, error) { return u, nil }
func (u *unreachable) Close() error                                              { return nil }

func (u *unreachable) Tunnel(ctx context.Context, _, addr string) (net.Conn, error) {
	if addr == "mute:1" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tries[addr]++
	return nil, errors.New("refused")
}

// TestHang: a check that hangs is an error, even if it ignores signals, and the next check is still made. Nothing that the
// check has started is left.
func TestHang(t *testing.T) {
	t.Parallel()
	machines := userlands(t)
	machines["old busybox"] = newMachine(t, "old busybox")
	for userland, m := range machines {
		child := filepath.Join(t.TempDir(), "child")
		verdicts, _ := m.run(t, read(t, `checks:
  - {id: hangs, command: {run: "trap '' TERM; sleep 300 & echo $! >`+child+`; wait; wait", timeout: 1s}}
  - {id: next, command: "true"}
`))
		if verdicts["hangs"].Outcome != runner.CheckError || verdicts["next"].Outcome != runner.Pass {
			t.Errorf("%s: want an error and a pass, got %v", userland, verdicts)
		}
		pid, err := os.ReadFile(child)
		must(t, err)
		state := func() string { // empty or a zombie's when it has ended
			stat, _ := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
			return string(stat)
		}
		for end := time.Now().Add(30 * time.Second); state() != "" && !strings.Contains(state(), ") Z ") && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		if is := state(); is != "" && !strings.Contains(is, ") Z ") {
			t.Errorf("%s: a process that the check has started is still there: %s", userland, is)
		}
	}
}

// TestLong: both outputs of a command may have 1 MiB, and so may a file, whatever the host's sh is.
func TestLong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "long")
	must(t, os.WriteFile(file, make([]byte, 1<<20), 0o600))
	for _, sh := range []string{"dash", "mksh", "ksh93", "busybox"} {
		verdicts, _ := newMachine(t, sh).run(t, read(t, `checks:
  - {command: {run: "head -c 1048576 /dev/zero | tee /dev/stderr", stdout: {len: 1048576}, stderr: {len: 1048576}}}
  - {file: {path: `+file+`, content: {len: 1048576}}}
`))
		for id, v := range verdicts {
			if v.Outcome != runner.Pass {
				t.Errorf("%s: %s: %s %s", sh, id, v.Outcome, v.Text)
			}
		}
	}
}

// TestUnkillable: something that a check has started and that can't be killed, like a stat that waits for a dead server,
// does not hold up the next check.
func TestUnkillable(t *testing.T) {
	t.Parallel()
	for userland, m := range userlands(t) {
		dir := t.TempDir()
		// In a session of its own it is not killed with the check, and it has the output of the check open, amid a line.
		hosttest.Program(t, filepath.Join(dir, "stat"), "#!/bin/sh\nprintf mode; setsid sleep 300 & echo $! >"+dir+"/pid; wait\n")
		m.path, m.limit = dir+":"+m.path, runner.Duration(20*time.Second)
		verdicts, finish := m.run(t, read(t, "checks:\n  - {id: stuck, file: {path: /etc/passwd, mode: \"0644\"}, timeout: 1s}\n  - {id: next, command: \"true\"}\n"))
		if verdicts["stuck"].Outcome != runner.CheckError || verdicts["next"].Outcome != runner.Pass {
			t.Errorf("%s: want an error and a pass, got %v, %s", userland, verdicts, finish.Status)
		}
		pid, err := os.ReadFile(filepath.Join(dir, "pid"))
		must(t, err)
		must(t, exec.Command("kill", "-9", strings.TrimSpace(string(pid))).Run())
	}
}

// TestOutOfTime: when the time of a host is up, checks that were made count, and the others are not evaluated.
func TestOutOfTime(t *testing.T) {
	t.Parallel()
	suite := read(t, "checks:\n  - {id: first, command: \"true\"}\n  - {id: hangs, command: {run: sleep 300, timeout: 200s}}\n")
	for _, sh := range []string{"dash", "bash", "ksh93"} {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, sh)
			m.limit = runner.Duration(5 * time.Second) // first has to be made by then
			verdicts, finish := m.run(t, suite)
			if verdicts["first"].Outcome != runner.Pass || verdicts["hangs"].Outcome != runner.NotEvaluated || finish.Status != runner.Timeout {
				t.Errorf("%v, %s, want first to pass, hangs not evaluated, and a timeout", verdicts, finish.Status)
			}
			if m.stderr > 0 {
				t.Error("the shell says something of the processes that were ended")
			}
		})
	}
}

// TestCutOff: a host whose answer ends early, though its command did well, says why its checks are not evaluated.
func TestCutOff(t *testing.T) {
	suite := read(t, "checks:\n  - {id: first, command: \"true\"}\n")
	must(t, suite.Compile())
	err := suite.Do(t.Context(), &runner.Target{Conn: silent{}, Out: io.Discard, Err: io.Discard})
	if f, ok := errors.AsType[*runner.Failure](err); !ok || f.Status != runner.Error || f.Err.Error() != "the host's answer is cut off" {
		t.Errorf("%v, want an error that says that the answer is cut off", err)
	}
}

// silent is a connection to a host whose commands do well, and whose output does not arrive.
type silent struct{ runner.Conn }

func (silent) Exec(context.Context, string, runner.Stdio) error { return nil }

// TestMissingTools: an attribute that needs a tool the host does not have cannot be seen, rather than being empty.
func TestMissingTools(t *testing.T) {
	m := newMachine(t, "busybox")
	applets, err := os.ReadDir(m.path)
	must(t, err)
	few := t.TempDir()
	for _, a := range applets {
		if !slices.Contains([]string{"od", "stat", "sha256sum", "readlink", "id"}, a.Name()) {
			must(t, os.Symlink(filepath.Join(m.path, a.Name()), filepath.Join(few, a.Name())))
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink("x", link))
	m.path = few
	verdicts, _ := m.run(t, read(t, `checks:
  - {id: exit, command: echo x}
  - {id: stdout, command: {run: echo x, stdout: {not: x}}}
  - {id: content, file: {path: /etc/passwd, content: {not: x}}}
  - {id: sha256, file: {path: /etc/passwd, sha256: {not: x}}}
  - {id: link, file: {path: `+link+`, link: {not: x}}}
  - {id: groups, user: {name: root, groups: {not: {contains: root}}}}
  - {id: process, process: {name: sh, count: {ge: 1}, args: {len: {ge: 1}}}}
  - {id: user, process: {name: sh, user: {not: {contains: root}}}}
`))
	for id, want := range map[string]string{"exit": "", "stdout": "there is no od", "content": "there is no od", "sha256": "sha256sum failed", "link": "readlink failed", "groups": "id does not report them",
		"process": "", "user": "there is no stat"} {
		v := verdicts[id]
		if outcome := map[bool]runner.Outcome{true: runner.Pass, false: runner.CheckError}[want == ""]; v.Outcome != outcome || !strings.HasSuffix(string(v.Text), want) {
			t.Errorf("%s: %s %q, want %s %q", id, v.Outcome, v.Text, outcome, want)
		}
	}
}

// TestChecksMadeInGo: what is wrong with checks that no file has is found by Compile, and, without it, ends the host.
func TestChecksMadeInGo(t *testing.T) {
	file := func(m check.Matcher) check.Suite {
		return check.Suite{Checks: []check.Check{{Check: runner.Check{ID: "x", Type: "file"}, Params: map[string]string{"path": "/"}, Wants: []check.Want{{"mode", m}}}}}
	}
	unknown := file(check.Matcher{Op: "equals", Want: "755"})
	unknown.Checks[0].Type = "fridge"
	other := file(check.Matcher{Op: "equals", Want: "755"})
	other.Checks[0].Wants[0].Attribute = "smell"
	for _, tt := range []struct {
		s    check.Suite
		text string
	}{
		{file(check.Matcher{}), `x: mode: there is no matcher "": there are equals, contains`},
		{file(check.Matcher{Op: "is"}), `there is no matcher "is"`},
		{file(check.Matcher{Op: "lt", Want: 7}), "lt takes a number (float64), not 7"},
		{file(check.Matcher{Op: "in", Want: "755"}), "in takes a list, not 755"},
		{file(check.Matcher{Op: "not"}), "not takes other matchers, and has none"},
		{unknown, `x: "fridge" is no type of check`},
		{other, `x: file has no attribute "smell"`},
	} {
		if err := tt.s.Do(t.Context(), &runner.Target{Out: io.Discard, Err: io.Discard}); err == nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("Do: %v, want %s", err, tt.text)
		}
		if err := tt.s.Compile(); err == nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("Compile: %v, want %s", err, tt.text)
		}
	}
	s := file(check.Matcher{Op: "not", Of: []check.Matcher{{Op: "equals", Want: "777"}}})
	conn, err := local.Dialer{}.Dial(t.Context(), inventory.Host{})
	must(t, err)
	defer conn.Close()
	must(t, s.Do(t.Context(), &runner.Target{Conn: conn, Out: io.Discard, Err: io.Discard})) // which nobody has compiled
}
