package action_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/connsuite"
	"hail/runner/local"
	"hail/runner/wrap"
)

// TestScriptStaged: a script with input runs once, whatever happens to the commands before and after it, and the files
// staged for it are removed.
func TestScriptStaged(t *testing.T) {
	refused := &runner.Failure{Status: runner.Unreachable, Reason: runner.ChannelRefused, Err: errors.New("no more sessions")}
	exit1 := &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1, Err: errors.New("exit 1")}
	refusedSudo := &runner.Failure{Status: runner.Failed, Reason: runner.Escalation, Err: errors.New("not in sudoers")}
	for _, tt := range []struct {
		name               string
		put, run, clean    error
		want               runner.Status
		puts, runs, clears int
	}{
		{"good", nil, nil, nil, runner.OK, 1, 1, 1},
		{"it stays", nil, nil, refused, runner.Error, 1, 1, 1},
		{"it stays after an accepted end", nil, exit1, refused, runner.Error, 1, 1, 1},
		{"no room", exit1, nil, nil, runner.Error, 1, 0, 1},
		{"no sudo", refusedSudo, nil, nil, runner.Failed, 1, 0, 1},
		{"out of time", runner.ErrTimeout, nil, nil, runner.Timeout, 1, 0, 1},
		{"not begun", refused, nil, nil, runner.Unreachable, 3, 0, 0},
		{"put and not run", nil, refused, nil, runner.Unreachable, 3, 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			puts, runs, clears := 0, 0, 0
			d := &connsuite.Fake{Exec: func(_ context.Context, _ inventory.Host, cmd string, _ runner.Stdio) error {
				switch {
				case strings.HasPrefix(cmd, "rm -rf /tmp/hail-"):
					clears++
					return tt.clean
				case strings.Contains(cmd, "mkdir /tmp/hail-"):
					puts++
					return tt.put
				}
				runs++
				return tt.run
			}}
			script, text, err := action.NewScript("s", []byte("cat"), "", nil)
			if err != nil {
				t.Fatal(err)
			}
			script.InputDigest, script.OKExit = "in", []int{0, 1}
			a, err := action.New(script.Spec(), only(text))
			if err != nil {
				t.Fatal(err)
			}
			plan := runner.Plan{Run: "r", Hosts: []inventory.Host{{Name: "h"}}, Retry: runner.Retry{Unreachable: 2}}
			var got runner.Event
			for batch := range runner.Run(t.Context(), plan, a, d, nil) {
				for _, e := range batch {
					if e.Kind == runner.KindFinish {
						got = e
					}
				}
			}
			if got.Status != tt.want || puts != tt.puts || runs != tt.runs || clears != tt.clears {
				t.Errorf("%s (%s): staged %d times, run %d times, removed %d times; want %s, %d, %d, %d",
					got.Status, got.Error, puts, runs, clears, tt.want, tt.puts, tt.runs, tt.clears)
			}
		})
	}
}

// TestScriptIsReadWhole: no command of a script gets a part of it as input, whatever runs it.
func TestScriptIsReadWhole(t *testing.T) {
	const shell = "cat\necho end\n"
	for interpreter, text := range map[string]string{"sh": shell, "bash": shell, "dash": shell, "mksh": shell, "ksh93": shell, "zsh": shell, "sh -": shell, "bash -e --": shell,
		"busybox awk -f": "{ print }\nEND { print \"end\" }\n",
		"perl":           "system(\"cat\"); print \"end\\n\";\n__END__\nmore\n",
		"python3":        "import os\nos.system(\"cat\")\nprint(\"end\")\n",
	} {
		a, conn := here(t, text, "/usr/bin/env "+interpreter, "")
		var out strings.Builder
		if err := a.Do(t.Context(), &runner.Target{Conn: conn, Out: &out, Err: io.Discard}); err != nil || out.String() != "end\n" {
			t.Errorf("%s: %v, %q, want \"end\\n\"", interpreter, err, out.String())
		}
	}
}

// only has one text, for every digest.
func only(text []byte) action.Sources {
	return action.Sources{Blob: func(string) (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
	}}
}

// here returns a script as an action, and a wrapped connection to this machine. Where an input is named, its own text is
// that, too.
func here(t *testing.T, content, interpreter, input string) (runner.Action, runner.Conn) {
	t.Helper()
	script, text, err := action.NewScript("s", []byte(content), interpreter, nil)
	if err != nil {
		t.Fatal(err)
	}
	script.InputDigest = input
	a, err := action.New(script.Spec(), only(text))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := wrap.Dialer{Inner: local.Dialer{}}.Dial(t.Context(), inventory.Host{Name: "h"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return a, conn
}

// TestScriptLeavesNothing: the host removes what was staged for a script also when hail is no longer there to do it.
func TestScriptLeavesNothing(t *testing.T) {
	a, conn := here(t, "echo $0\nsleep 1000\n", "", "in")
	ctx, die := context.WithCancel(t.Context())
	defer die()
	begun := &heard{then: die}
	var noise strings.Builder
	err := a.Do(ctx, &runner.Target{Conn: mortal{conn, ctx}, Out: begun, Err: &noise})
	file := strings.TrimSuffix(begun.text.String(), "\n")
	if f, _ := errors.AsType[*runner.Failure](err); f == nil || f.Remains != runner.Gone || path.Base(file) != "script" {
		t.Fatalf("%v, %q, want a script that began and was ended", err, file)
	}
	if _, err := os.Stat(path.Dir(file)); !errors.Is(err, fs.ErrNotExist) {
		os.RemoveAll(path.Dir(file))
		t.Errorf("%s is still there: %v", path.Dir(file), err)
	}
	if noise.Len() > 0 {
		t.Errorf("stderr is %q, want nothing but what the script prints there", noise.String())
	}
}

// TestScriptRemovesOld: what hail has left on the host, because it was killed when it had put a script there and not run
// it yet, goes with the next script that is put there a day later. Before, it may be about to run.
func TestScriptRemovesOld(t *testing.T) {
	a, conn := here(t, "exit 3\n", "", "in")
	run := func(c runner.Conn) error {
		return a.Do(t.Context(), &runner.Target{Conn: c, Out: io.Discard, Err: io.Discard})
	}
	var left [2]string
	for i := range left {
		once := &dies{Conn: conn}
		if run(once); once.left == "" {
			t.Fatal("the script was not put into a folder")
		}
		left[i] = once.left
		defer os.RemoveAll(left[i])
		if _, err := os.Stat(left[i] + "/script"); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(left[0], old, old); err != nil {
		t.Fatal(err)
	}
	if f, _ := errors.AsType[*runner.Failure](run(conn)); f == nil || f.Exit != 3 {
		t.Errorf("the next script: %v, want exit 3", f)
	}
	if _, err := os.Stat(left[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the one of a day ago: %v, want that it is gone", err)
	}
	if _, err := os.Stat(left[1]); err != nil {
		t.Errorf("the one of now: %v", err)
	}
}

// dies is a Conn over which only one command is started.
type dies struct {
	runner.Conn
	left string // the folder that the command makes
}

func (d *dies) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if d.left != "" {
		return &runner.Failure{Status: runner.Lost, Err: errors.New("hail has died")}
	}
	d.left = regexp.MustCompile(`/tmp/hail-[.0-9A-Za-z]+ `).FindString(cmd)
	d.left = strings.TrimSpace(d.left)
	return d.Conn.Exec(ctx, cmd, s)
}

// TestScriptInForeignFolder: somebody who sees the name of the folder on the host, and makes it before the script gets
// there, can't have their own script run.
func TestScriptInForeignFolder(t *testing.T) {
	a, conn := here(t, "exit 3\n", "", "in")
	ran := path.Join(t.TempDir(), "ran")
	stranger := &precedes{Conn: conn, script: "touch " + ran + "\n"}
	err := a.Do(t.Context(), &runner.Target{Conn: stranger, Out: io.Discard, Err: io.Discard})
	if stranger.dir == "" {
		t.Fatal("the script was not put into a folder")
	}
	os.RemoveAll(stranger.dir)
	if status, _ := runner.StatusOf(err); status != runner.Failed {
		t.Errorf("the script: %v, want that it failed", err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the script of the stranger ran")
	}
}

// precedes is a Conn to a host on which, after the first command, somebody makes the folder that the script is about to
// get, with another script in it.
type precedes struct {
	runner.Conn
	script string
	dir    string // of the stranger
}

func (p *precedes) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	err := p.Conn.Exec(ctx, cmd, s)
	if p.dir == "" {
		p.dir = regexp.MustCompile(`/tmp/hail-[0-9A-Z]+`).FindString(cmd)
		if os.Mkdir(p.dir, 0o777) == nil {
			os.WriteFile(p.dir+"/script", []byte(p.script), 0o777)
		}
	}
	return err
}

// heard keeps what is written to it, and calls then when that is something.
type heard struct {
	text strings.Builder
	then func()
}

func (h *heard) Write(p []byte) (int, error) {
	defer h.then()
	return h.text.Write(p)
}

// mortal is a Conn over which nothing is started any more once alive has ended.
type mortal struct {
	runner.Conn
	alive context.Context
}

func (m mortal) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	if m.alive.Err() != nil {
		return &runner.Failure{Status: runner.Lost, Err: errors.New("hail has died")}
	}
	s.Grace = inventory.Duration(30 * time.Second) // for the host to remove what it has
	return m.Conn.Exec(ctx, cmd, s)
}
