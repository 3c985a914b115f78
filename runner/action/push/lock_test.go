package push_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"hail/runner"
	"hail/runner/action/push"
	"hail/runner/hosttest"
)

// state returns the folder of the state of pushes, once there was one.
func (m *machine) state(t *testing.T) string {
	t.Helper()
	states, err := filepath.Glob(m.home + "/.local/state/hail/on/*")
	if err != nil || len(states) != 1 {
		t.Fatal(states, err)
	}
	return states[0]
}

// TestPushLock: the lock of a push that works is heeded, whoever works; one that is over is not, whatever has its
// number by now.
func TestPushLock(t *testing.T) {
	began := func(pid int) string {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')'):]))[20]
	}
	start := func() int {
		cmd := exec.Command("cat")
		if os.Getuid() == 0 { // the user who pushes
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); cmd.Wait() })
		return cmd.Process.Pid
	}
	here := os.Getpid()
	waits := start()
	alive := start()
	dead := start()
	if err := exec.Command("kill", "-9", fmt.Sprint(dead)).Run(); err != nil { // nobody waits for it yet
		t.Fatal(err)
	}
	for _, sh := range []string{"gnu", "busybox", "bash", "zsh", "mksh", "ksh93"} {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, sh)
			m.asUser(t)
			m.push(t, t.Context(), `files: [{content: "", dest: DIR/conf}]`, nil).want(t, "first", runner.Changed, "", "")
			lock := func(what, file string) (path string) {
				path = filepath.Join(m.state(t), file)
				if err := os.WriteFile(path, []byte(what+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(what, "somebody else") {
					os.Chown(path, m.uid, -1)
				}
				return path
			}
			push := func() pushed {
				return m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, func(p *push.Push) { p.Patience = 0 })
			}
			for what, file := range map[string]string{
				"another process has its number":           fmt.Sprintf("lock:%d:1", alive),
				"a process of another user has its number": fmt.Sprintf("lock:%d:1", here),
				"the same, of somebody else":               fmt.Sprintf("lock:%d:2", here),
				"no process":                               "lock:99999999:1",
				"killed, and its parent takes no notice":   fmt.Sprintf("lock:%d:%s", dead, began(dead)),
			} {
				lock(what, file) // and it stays beside those that work
			}
			waiting := lock("waits", fmt.Sprintf("lock:%d:%s", waits, began(waits)))
			if err := os.Truncate(waiting, 0); err != nil {
				t.Fatal(err)
			}
			for what, file := range map[string]string{
				"works":                    fmt.Sprintf("lock:%d:%s", alive, began(alive)),
				"works for somebody else":  fmt.Sprintf("lock:%d:%s", here, began(here)),
				"can't tell when it began": fmt.Sprintf("lock:%d:", alive),
			} {
				path := lock(what, file)
				push().want(t, what, runner.Failed, runner.Locked, "another push is running on the host: run "+what+"; nothing was changed")
				os.Remove(path)
			}
			os.Remove(waiting)
			push().want(t, "none works", runner.Changed, "", "")
			m.clean(t)
		})
	}
}

// TestPushLooksWhileAnotherRenames: a push that has looked while another one was renaming looks again, also when it has just
// settled one that was killed.
func TestPushLooksWhileAnotherRenames(t *testing.T) {
	m := newMachine(t, "gnu")
	other := withTool(t, "mv", `PATH=/bin:/usr/bin; touch ~/at; n=0; while [ ! -e ~/go ] && [ $n -lt 300 ]; do sleep 0.1; n=$((n + 1)); done; exec mv "$@"`)
	other.dir, other.home = m.dir, m.home
	m.push(t, t.Context(), `files: [{content: old, dest: DIR/conf}]`, nil).want(t, "first", runner.Changed, "", "")
	if err := os.Mkdir(filepath.Join(m.state(t), "push"), 0o700); err != nil { // left by one that was killed
		t.Fatal(err)
	}
	touch := func(name string) error { return os.WriteFile(filepath.Join(m.home, name), nil, 0o600) }
	var wg sync.WaitGroup
	then := func(next func()) { m.execs.Store(1); m.meanwhile = next } // before the next command
	m.meanwhile = func() {                                             // this one settles
		then(func() { // this one looks once more
			wg.Go(func() {
				other.push(t, t.Context(), `files: [{content: other, dest: DIR/conf}]`, nil).want(t, "the other", runner.Changed, "", "")
			})
			await(t, m.home+"/at")
			then(func() { touch("go"); m.meanwhile = nil }) // this one changes
		})
	}
	p := m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, func(p *push.Push) { p.Patience = 20 })
	touch("go")
	wg.Wait()
	if p.want(t, "this one", runner.Changed, "", ""); m.read(t, "conf") != "new" {
		t.Errorf("the file has %q, want new", m.read(t, "conf"))
	}
	m.clean(t)
}

// TestPushStateOfAnother: what somebody else has left in the state, who shares the home, is not passed over in silence.
func TestPushStateOfAnother(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for a folder of somebody else")
	}
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		m.push(t, t.Context(), `files: [{content: old, dest: DIR/conf}]`, nil).want(t, "first", runner.Changed, "", "")
		if err := os.MkdirAll(filepath.Join(m.state(t), "push", "managed"), 0o700); err != nil {
			t.Fatal(err)
		}
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, nil).want(t, "second", runner.Error, "", "the folder for the state of pushes is not writable; nothing was changed")

		for name, text := range map[string]string{"staged": ".hail-x\n", "renamed": "", "table": ""} {
			if err := os.WriteFile(filepath.Join(m.state(t), "push", name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Join(m.state(t), "push"), 0o755); err != nil {
			t.Fatal(err)
		}
		m.push(t, t.Context(), `files: [{content: new, dest: DIR/conf}]`, nil).want(t, "third", runner.Error, "",
			"an earlier push was killed, and can't be settled: the folder for the state of pushes is not writable; nothing was changed")
	})
}

// TestTorturePushAfterOneKilledAlone: when only the shell of a push is killed, the next push waits for the programs that it had
// started. Without that, the one here would rename a file when the next push has looked, and is about to tidy.
func TestTorturePushAfterOneKilledAlone(t *testing.T) {
	programs := map[string]string{
		"mv":    `[ ! -e kill ] || { mv kill killed; kill -9 "$(ls .local/state/hail/on/* | grep lock: | cut -d : -f 2)"; await tidies; }`,
		"xargs": `[ "$3" != rm ] || [ ! -e killed ] || { rm killed; touch tidies; await over; }`,
	}
	for _, sh := range []string{"dash", "ksh93", "bash", "zsh", "mksh"}[:rounds(2, 5)] {
		t.Run(sh, func(t *testing.T) {
			t.Parallel()
			m, bin := newMachine(t, sh), t.TempDir()
			for name, program := range programs {
				text := fmt.Sprintf(`#!/bin/sh
PATH=%s
await() { n=0; while [ ! -e $1 ] && [ $n -lt 10 ]; do sleep 0.1; n=$((n + 1)); done; }
(cd; %s)
%s "$@"
status=$?
[ ! -e ~/tidies ] || touch ~/over
exit $status
`, runner.Quote(m.path), program, name)
				hosttest.Program(t, filepath.Join(bin, name), text)
			}
			m.path = bin + ":" + m.path
			for _, name := range []string{"a/one", "b/two"} {
				m.write(t, name, "old", 0o644)
			}
			if err := os.WriteFile(m.home+"/kill", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			var first sync.WaitGroup
			first.Go(func() {
				m.push(t, t.Context(), `files: [{content: new, dest: DIR/a/one}, {content: new, dest: DIR/b/two}]`, nil).want(t, "killed", runner.Failed, runner.ExitStatus, "the next push settles it")
			})
			await(t, m.home+"/killed")
			p := m.push(t, t.Context(), `files: [{content: other, dest: DIR/other}]`, func(p *push.Push) { p.Patience = 20 })
			p.want(t, "the next", runner.Changed, "", "")
			first.Wait()
			if one, two := m.read(t, "a/one"), m.read(t, "b/two"); one != "old" || two != "old" || p.notes["settled"] != "first settled an earlier push that was killed: it was rolled back" {
				t.Errorf("one has %q, two %q, want the old content, and %q", one, two, p.notes["settled"])
			}
			m.clean(t)
		})
	}
}
