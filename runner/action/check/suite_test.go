package check_test

import (
	"cmp"
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
)

// TestOneRoundTrip: all checks from inside a host go into one command. Those that are tried again go into another.
func TestOneRoundTrip(t *testing.T) {
	var b strings.Builder
	b.WriteString("checks:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {id: c%d, file: {path: /etc/passwd, owner: root}}\n", i)
	}
	m := &machine{}
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

// TestLastLook: a check that would pass within its retry time passes, however long the interval is.
func TestLastLook(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	m := &machine{}
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
	for userland, m := range userlands(t) {
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
		for end := time.Now().Add(10 * time.Second); state() != "" && !strings.Contains(state(), ") Z ") && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		if is := state(); is != "" && !strings.Contains(is, ") Z ") {
			t.Errorf("%s: a process that the check has started is still there: %s", userland, is)
		}
	}
}

// TestLongOutput: both outputs of a command may have 1 MiB, whatever the host's sh is.
func TestLongOutput(t *testing.T) {
	for _, sh := range []string{"dash", "mksh", "ksh93"} {
		verdicts, _ := withShell(t, sh).run(t, read(t, "checks: [{id: long, command: {run: \"head -c 1048576 /dev/zero | tee /dev/stderr\", stdout: {len: 1048576}, stderr: {len: 1048576}}}]\n"))
		if v := verdicts["long"]; v.Outcome != runner.Pass {
			t.Errorf("%s: %s %s", sh, v.Outcome, v.Text)
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
		must(t, os.WriteFile(filepath.Join(dir, "stat"), []byte("#!/bin/sh\nprintf mode; setsid sleep 300 & echo $! >"+dir+"/pid; wait\n"), 0o700))
		m.path, m.limit = dir+":"+cmp.Or(m.path, os.Getenv("PATH")), runner.Duration(20*time.Second)
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
		m := withShell(t, sh)
		m.limit = runner.Duration(time.Second)
		verdicts, finish := m.run(t, suite)
		if verdicts["first"].Outcome != runner.Pass || verdicts["hangs"].Outcome != runner.NotEvaluated || finish.Status != runner.Timeout {
			t.Errorf("%s: %v, %s, want first to pass, hangs not evaluated, and a timeout", sh, verdicts, finish.Status)
		}
		if m.stderr > 0 {
			t.Errorf("%s says something of the processes that were ended", sh)
		}
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

// TestStoppedOutside: a look from outside that is stopped with its host tells nothing of what it looked at.
func TestStoppedOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		suite := read(t, "checks:\n  - {id: mute, tcp: \"mute:1\", from: target, timeout: 1h}\n  - {id: closed, tcp: \"closed:1\", from: target}\n")
		must(t, suite.Compile())
		why := errors.New("time is up")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
		defer cancel()
		var log strings.Builder
		err := suite.Do(ctx, &runner.Target{Conn: &unreachable{tries: map[string]int{}}, Out: &log})
		if want := "not-evaluated mute\nfail          closed  reachable: expected true, is false (refused)\n"; !errors.Is(err, why) || log.String() != want {
			t.Errorf("%v, and the log\n%swant %v, and\n%s", err, log.String(), why, want)
		}
	})
}

// TestPanicOutside: a panic in a check from outside the host is an error of only this check.
func TestPanicOutside(t *testing.T) {
	action, err := check.New(read(t, `checks:
  - {id: tcp, tcp: {address: "web:80", reachable: false}, from: target}
  - {id: http, http: {url: "http://web/", reachable: false}, from: target}
  - {id: tls, tls: {address: "late:443", reachable: false}, from: target}
`).Spec())
	must(t, err)
	outcomes := map[string]runner.Outcome{}
	for batch := range runner.Run(t.Context(), runner.Plan{Run: "test", Hosts: []inventory.Host{{Name: "here"}}, Fanout: 1}, action, panicking{}, nil) {
		for _, e := range batch {
			for _, v := range e.Verdicts {
				if outcomes[v.Check] = v.Outcome; v.Outcome != runner.CheckError || !strings.HasPrefix(string(v.Text), "reachable: panic: ") {
					t.Errorf("%s: %s %s", v.Check, v.Outcome, v.Text)
				}
			}
		}
	}
	if len(outcomes) != 3 {
		t.Errorf("want three verdicts, got %v", outcomes)
	}
}

// panicking is a host whose tunnels panic: the one to "late" when it is written to, every other one when it is opened.
type panicking struct{ runner.Conn }

func (p panicking) Dial(context.Context, inventory.Host) (runner.Conn, error) { return p, nil }
func (panicking) Close() error                                                { return nil }

func (panicking) Tunnel(_ context.Context, _, addr string) (net.Conn, error) {
	if addr != "late:443" {
		panic("no tunnel")
	}
	here, there := net.Pipe()
	there.Close()
	return unwritable{here}, nil
}

type unwritable struct{ net.Conn }

func (unwritable) Write([]byte) (int, error) { panic("no writing") }

func TestTemplates(t *testing.T) {
	m := &machine{host: inventory.Host{Vars: map[string]any{"text": "it's $HOME", "port": 4242, "limit": "10s"}}}
	verdicts, _ := m.run(t, read(t, `checks:
  - {id: quoted, command: {run: "printf %s {{.vars.text}}", stdout: "{{.vars.text}}"}}
  - {id: typed, command: {run: "exit 42", exit: {not: "{{.vars.port}}"}, duration: {lt: "{{.vars.limit}}"}}}
  - {id: listed, command: {run: "echo '[{{.vars.port}}]'", stdout: {jq: ., contains: "{{.vars.port}}"}}}
  - {id: host, command: {run: "echo {{.host}}", stdout: {regex: "^{{.host}}$"}}}
`))
	for id, v := range verdicts {
		if v.Outcome != runner.Pass {
			t.Errorf("%s: %s %s", id, v.Outcome, v.Text)
		}
	}
	suite := read(t, "checks:\n  - {file: \"/etc/{{.vars.none}}\"}\n")
	err := suite.Aim([]inventory.Host{{Name: "web1"}}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "checks.yaml:2:5: ") {
		t.Errorf("an undefined variable: %v", err)
	}
	for text, want := range map[string]string{
		`{id: a, port: "{{.vars.word}}"}`:                                   `a: for web1: "(" is not a port`,
		`{id: a, file: {path: /a, size: "{{.vars.word}}"}}`:                 `a: size: for web1: "(" is not a number of bytes`,
		`{id: a, file: {path: /a, content: {regex: "{{.vars.word}}"}}}`:     "a: content: for web1: the regular expression is wrong: missing closing ): `(`",
		`{id: a, command: {run: x, stdout: {not: {jq: "{{.vars.word}}"}}}}`: `a: stdout: for web1: "(" is not a jq expression: unexpected EOF`,
	} {
		err := read(t, "checks: ["+text+"]").Aim([]inventory.Host{{Name: "web1", Vars: map[string]any{"word": "("}}}, nil)
		if want := "checks.yaml:1:10: " + want; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestWhenAndWaivers(t *testing.T) {
	suite := read(t, `checks:
  - {id: cert-a, command: "exit 1"}
  - {id: cert-b, command: "exit 1"}
  - {id: elsewhere, command: "exit 1", when: other}
  - {id: off, command: "exit 1", skip: true}
  - {id: good, command: "true"}
`)
	choose := func(expr string) (map[string]bool, error) { return map[string]bool{expr: true}, nil }
	hosts := []inventory.Host{{Name: "here"}}
	must(t, suite.Aim(hosts, choose))
	waivers, err := check.ReadWaivers("w.yaml", []byte(`waivers:
  - {id: cert-a, hosts: here, reason: known, owner: ops, until: 2026-12-31}
  - {id: cert-b, reason: forgotten, until: 2026-01-01}
  - {id: good, reason: none}
`))
	must(t, err, suite.Waive(waivers, hosts, choose, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)))
	verdicts, finish := (&machine{}).run(t, suite)
	for id, want := range map[string]runner.Verdict{
		"cert-a":    {Outcome: runner.Waived, Text: "exit: expected 0, is 1 (waived: known, ops, until 2026-12-31)"},
		"cert-b":    {Outcome: runner.Fail, Text: "exit: expected 0, is 1 (waived no more since 2026-01-01: forgotten)"},
		"elsewhere": {Outcome: runner.Skip}, "off": {Outcome: runner.Skip}, "good": {Outcome: runner.Pass}} {
		if v := verdicts[id]; v.Outcome != want.Outcome || v.Text != want.Text {
			t.Errorf("%s: %s %q, want %s %q", id, v.Outcome, v.Text, want.Outcome, want.Text)
		}
	}
	if finish.Error != "cert-b" {
		t.Errorf("the host ends with the error %q, want cert-b", finish.Error)
	}
	if err := suite.Waive([]check.Waiver{{ID: "none"}}, hosts, choose, time.Time{}); err == nil {
		t.Error("a waiver whose id matches no check is not refused")
	}
}

// TestFleet: checks over the fleet are judged by the values of all hosts, before the run ends.
func TestFleet(t *testing.T) {
	suite := read(t, `checks:
  - {id: kernel, command: {run: uname -r}}
  - {id: load, command: {run: uptime}, capture: load}
  - {id: same, fleet: {value_of: kernel, all_equal: true}}
  - {id: few, fleet: {value_of: kernel, distinct: {le: 2}}}
  - {id: close, fleet: {value_of: load, spread: {lt: 5}}}
  - {id: most, fleet: {value_of: load, at_least: 50%, that: {lt: 5}}}
  - {id: many, fleet: {value_of: load, at_least: 90%}}
  - {id: text, fleet: {value_of: load, at_least: 1, that: {equals: "00"}}}
  - {id: newer, fleet: {value_of: kernel, at_least: 3, that: {semver: ">=5.9"}}}
  - {id: exact, fleet: {value_of: kernel, at_least: 2, that: {in: ["6.1", "6.2"]}}}
  - {id: other, fleet: {value_of: kernel, at_least: 1, that: {not: {any: [{equals: "6.1"}, {regex: "^5.10$"}]}}}}
`)
	action, err := check.New(suite.Spec())
	must(t, err)
	plan := &runner.Plan{Hosts: make([]inventory.Host, 4)}
	value := func(s string) *runner.Text { v := runner.Text(s); return &v }
	events := []runner.Event{{Seq: 1, Kind: runner.KindPlan, Plan: plan}}
	for i, kernel := range []string{"6.1", "6.1", "5.10"} {
		events = append(events, runner.Event{Seq: int64(i + 2), Kind: runner.KindCheck, Host: fmt.Sprint("web", i+1),
			Verdicts: []runner.Verdict{{Check: "kernel", Value: value(kernel)}, {Check: "load", Value: value(fmt.Sprintf("%02d", i*4))}}})
	}
	events = append(events, runner.Event{Seq: 5, Kind: runner.KindEnd})
	var last []runner.Event
	for batch := range action.Judge(func(yield func([]runner.Event) bool) { yield(events) }) {
		last = batch[len(batch)-2:]
	}
	if last[0].Seq != 5 || last[1].Seq != 6 || last[1].Kind != runner.KindEnd {
		t.Errorf("want the verdicts (seq 5) before the end (seq 6), got %v", last)
	}
	want := map[string]string{"same": `expected one value, found 2: "6.1" on web[1-2], "5.10" on web3`, "few": "", "close": "spread: expected < 5, is 8", "most": "", "text": "",
		"many": "expected at least 4 of 4 hosts, found 3", "newer": "", "exact": "", "other": "expected at least 1 of 4 hosts, found 0"}
	for _, v := range last[0].Verdicts {
		if v.Text != want[v.Check] || (v.Outcome == runner.Pass) != (want[v.Check] == "") {
			t.Errorf("%s: %s %q, want %q", v.Check, v.Outcome, v.Text, want[v.Check])
		}
	}

	// A part of the run is repeated: web3 has another value now, and web4 still has none.
	again := []runner.Event{{Kind: runner.KindPlan, Plan: &runner.Plan{Hosts: make([]inventory.Host, 2)}}, {Kind: runner.KindAttempt, Host: "web3"}, {Kind: runner.KindAttempt, Host: "web4"},
		{Kind: runner.KindCheck, Host: "web3", Verdicts: []runner.Verdict{{Check: "kernel", Value: value("6.1")}, {Check: "load"}}}, {Kind: runner.KindEnd}}
	first := slices.Concat(events[:len(events)-1], last)
	for batch := range action.Judge(func(yield func([]runner.Event) bool) { yield(again) }, func(yield func([]runner.Event) bool) { yield(first) }) {
		last = batch[len(batch)-2:]
	}
	want = map[string]string{"same": "", "few": "", "close": "", "most": "", "text": "", "many": "expected at least 4 of 4 hosts, found 2", "newer": "", "exact": "", "other": "expected at least 1 of 4 hosts, found 0"}
	for _, v := range last[0].Verdicts {
		if v.Text != want[v.Check] {
			t.Errorf("again: %s: %s %q, want %q", v.Check, v.Outcome, v.Text, want[v.Check])
		}
	}
}

// TestFleetOfSome: a check over the fleet is about the hosts that the other check is meant for, and skipped if there are
// none.
func TestFleetOfSome(t *testing.T) {
	suite := read(t, `checks:
  - {id: kernel, command: uname -r, when: web*}
  - {id: off, command: "true", skip: true}
  - {id: other, command: "true", when: none}
  - {id: all, fleet: {value_of: kernel, at_least: 100%}}
  - {id: more, fleet: {value_of: kernel, at_least: 3}}
  - {id: of off, fleet: {value_of: off, at_least: 1}}
  - {id: of other, fleet: {value_of: other, all_equal: true}}
`)
	hosts := []inventory.Host{{Name: "db1"}, {Name: "web1"}, {Name: "web2"}}
	must(t, suite.Aim(hosts, func(expr string) (map[string]bool, error) {
		return map[string]map[string]bool{"web*": {"web1": true, "web2": true}}[expr], nil
	}))
	kernel := runner.Text("6.1")
	events := []runner.Event{{Kind: runner.KindPlan, Plan: &runner.Plan{Hosts: hosts}}}
	for i, value := range []*runner.Text{nil, &kernel, &kernel} {
		events = append(events, runner.Event{Kind: runner.KindCheck, Host: hosts[i].Name, Verdicts: []runner.Verdict{{Check: "kernel", Value: value}, {Check: "off"}, {Check: "other"}}})
	}
	events = append(events, runner.Event{Kind: runner.KindEnd})
	var got []string
	for batch := range suite.Judge(func(yield func([]runner.Event) bool) { yield(events) }) {
		for _, v := range batch[len(batch)-2].Verdicts {
			got = append(got, strings.TrimSpace(fmt.Sprintln(v.Check, v.Outcome, v.Text)))
		}
	}
	if want := []string{"all pass", "more fail expected at least 3 of 2 hosts, found 2", "of off skip", "of other skip"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestIncludedOnce: a file is included once, however its path is written.
func TestIncludedOnce(t *testing.T) {
	files := map[string]string{"a.yaml": "checks: [{file: /etc/passwd}]", "b.yaml": "include: [a.yaml, ./a.yaml, x/../a.yaml, /x/../c.yaml, /c.yaml]\nchecks: [{file: /etc/group}]", "c.yaml": "checks: [{file: /etc/hosts}]"}
	suite, err := check.Read([]string{"./a.yaml", "./b.yaml"}, func(file string) ([]byte, error) { return []byte(files[filepath.Base(file)]), nil })
	if err != nil || len(suite.Checks) != 3 {
		t.Errorf("want three checks, got %v, %v", suite, err)
	}
}

// TestPatternsOfIDs: in patterns for waivers and --only, * also matches the / of a path, and all other characters of an
// id match only themselves.
func TestPatternsOfIDs(t *testing.T) {
	const text = "checks:\n  - {file: /etc/a}\n  - {command: \"[ -e /etc/b ]\"}\n"
	for pattern, want := range map[string][]int{"*": {0, 1}, "file:*": {0}, "*/?": {0}, "command:[ -e *": {1}} {
		suite := read(t, text)
		must(t, suite.Waive([]check.Waiver{{ID: pattern, Reason: "known"}}, []inventory.Host{{Name: "here"}}, nil, time.Time{}))
		if got := slices.Sorted(maps.Keys(suite.Waivers["here"])); !slices.Equal(got, want) {
			t.Errorf("%s waives %v, want %v", pattern, got, want)
		}
		if err := suite.Take(check.Choice{IDs: []string{pattern}}); err != nil || len(suite.Checks) != len(want) {
			t.Errorf("%s leaves %d checks, %v, want %d", pattern, len(suite.Checks), err, len(want))
		}
	}
}

// TestMissingTools: an attribute that needs a tool the host does not have cannot be seen, rather than being empty.
func TestMissingTools(t *testing.T) {
	m := busybox(t)
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
  - {id: process, process: {name: check.test, count: {ge: 1}, args: {len: {ge: 1}}}}
  - {id: user, process: {name: check.test, user: {not: {contains: root}}}}
`))
	for id, want := range map[string]string{"exit": "", "stdout": "there is no od", "content": "there is no od", "sha256": "sha256sum failed", "link": "readlink failed", "groups": "id does not report them",
		"process": "", "user": "there is no stat"} {
		v := verdicts[id]
		if outcome := map[bool]runner.Outcome{true: runner.Pass, false: runner.CheckError}[want == ""]; v.Outcome != outcome || !strings.HasSuffix(string(v.Text), want) {
			t.Errorf("%s: %s %q, want %s %q", id, v.Outcome, v.Text, outcome, want)
		}
	}
}

// TestIDOfFleet: a check over the fleet can be neither waived nor selected by its id, and the error says that it is one.
func TestIDOfFleet(t *testing.T) {
	suite := read(t, "checks:\n  - {id: name, command: hostname}\n  - {id: same, fleet: {value_of: name, all_equal: true}}\n")
	want := `"sam*" is a check over the fleet, and only checks on hosts can be named here`
	for _, err := range []error{suite.Waive([]check.Waiver{{ID: "sam*", Reason: "known"}}, nil, nil, time.Time{}), suite.Take(check.Choice{IDs: []string{"sam*"}})} {
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestEndlessBaseline: a host that describes ever more things is an error. One that repeats itself is not.
func TestEndlessBaseline(t *testing.T) {
	for _, row := range []struct {
		different int
		want      string
	}{{100, ""}, {20_000, "the host has more than 10000 things to describe"}} {
		var answer strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&answer, "hail:NONCE:file /%d\n", i%row.different)
		}
		for i := range min(row.different, 10_000) {
			fmt.Fprintf(&answer, "hail:NONCE:begin %d 1\nhail:NONCE:end 0 1\n", i)
		}
		err := check.Baseline{}.Do(t.Context(), &runner.Target{Conn: canned{answer.String()}, Out: io.Discard, Err: io.Discard})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%d things: error %v, want %q", row.different, err, row.want)
		}
	}
}

// TestBadFiles: a mistake in a file is reported with its place, and with a hint where there is one.
func TestBadFiles(t *testing.T) {
	for _, row := range []struct{ text, want, hint string }{
		{"checks:\n  - {id: a, fil: /etc/passwd}\n", `c.yaml:2:13: unknown key "fil" in a check`, `did you mean "file"?`},
		{"checks:\n  - {file: {path: /a, mod: x}}\n", `c.yaml:2:23: unknown key "mod" in a file`, `did you mean "mode"?`},
		{"checks:\n  - {file: {path: /a, size: {lessthan: 3}}}\n", `c.yaml:2:30: there is no matcher "lessthan"`, ""},
		{"checks:\n  - {file: {path: /a, content: {contain: x}}}\n", `c.yaml:2:33: there is no matcher "contain"`, `did you mean "contains"?`},
		{"checks:\n  - {file: {path: /a, content: {}}}\n", "c.yaml:2:32: this matcher is empty", ""},
		{"checks:\n  - {file: {path: /a, content: }}\n", "c.yaml:2:32: content has no value", ""},
		{"checks:\n  - {service: {name: x, running: \"yes\"}}\n", `c.yaml:2:34: running has to be true or false, and "yes" is not`, "write true or false, without quotes"},
		{"checks:\n  - {file: {path: /a, size: {lt: big}}}\n", `c.yaml:2:34: size has to be a number of bytes, and "big" is not`, "write it with its unit: 64MiB, 20MB"},
		{"checks:\n  - {file: {path: /a, size: {lt: Inf}}}\n", `c.yaml:2:34: size has to be a number of bytes, and "Inf" is not`, ""},
		{"checks:\n  - {file: {path: /a, size: {lt: -1}}}\n", `c.yaml:2:34: size has to be a number of bytes, and "-1" is not`, ""},
		{"checks:\n  - {file: {path: /a, mode: rw}}\n", `c.yaml:2:29: mode has to be an octal mode, and "rw" is not`, `write four octal digits: "0644"`},
		{"checks:\n  - {file: {path: /a, mtime_age: {lt: 5}}}\n", `c.yaml:2:39: mtime_age has to be a time, and "5" is not`, "write it with its unit: 30d, 10s, 500ms"},
		{"checks:\n  - {port: {port: 22, addresses: {not: 0.0.0.0}}}\n", `c.yaml:2:40: addresses has to be a list of texts, and "0.0.0.0" is not`, "write {contains: TEXT}, or [TEXT] if there is no other"},
		{"checks:\n  - {user: {name: x, groups: {in: [\"{{.host}}\"]}}}\n", `c.yaml:2:36: groups has to be a list of texts, and "{{.host}}" is not`, ""},
		{"checks:\n  - {user: {name: x, groups: []}}\n", "c.yaml:2:30: this list is empty", "write {len: 0} for an empty list"},
		{"checks:\n  - {file: {path: /a, size: {regex: x}}}\n", "c.yaml:2:30: regex does not go with size, which is a number of bytes", ""},
		{"checks:\n  - {file: {path: /a, content: {regex: \"(\"}}}\n", "c.yaml:2:40: the regular expression is wrong: missing closing ): `(`", ""},
		{"checks:\n  - {command: {run: x, stdout: {jq: \".[\"}}}\n", `c.yaml:2:37: ".[" is not a jq expression: unexpected EOF`, ""},
		{"checks:\n  - {package: {name: x, version: {semver: newest}}}\n", `c.yaml:2:43: "newest" is not a version range like >=1.2, <3`, ""},
		{"checks:\n  - {id: a, file: /a}\n  - {id: a, file: /b}\n", `c.yaml:3:5: the id "a" is already used at c.yaml:2:5`, "give one of them another id, or leave it out"},
		{"checks:\n  - {clock: {offset: {lt: 1s}}}\n  - {clock: {offset: {lt: 2s}}}\n", `c.yaml:3:5: the id "clock" is already used at c.yaml:2:5`, "give one of them another id, or leave it out"},
		{"checks:\n  - {id: a}\n", "c.yaml:2:5: this check has no type", ""},
		{"checks:\n  - {id: a, file: /a, tcp: \"a:1\"}\n", "c.yaml:2:28: this check is already a file", "make it two checks"},
		{"checks:\n  - {file: {mode: \"0644\"}}\n", "c.yaml:2:12: this file has no path", ""},
		{"checks:\n  - {file: etc/passwd}\n", `c.yaml:2:12: "etc/passwd" is not an absolute path`, ""},
		{"checks:\n  - {user: -a}\n", `c.yaml:2:12: "-a" can't be the name of a user`, ""},
		{"checks:\n  - {tcp: localhost}\n", `c.yaml:2:11: "localhost" is not an address like 127.0.0.1:443`, ""},
		{"checks:\n  - {port: 022}\n", `c.yaml:2:12: "022" is not a port`, ""},
		{"checks:\n  - {port: {port: 22, proto: [udp]}}\n", "c.yaml:2:30: this has to be a text", ""},
		{"checks:\n  - {dns: {name: x, server: 192.0.2.1}, from: target}\n", "c.yaml:2:11: server is only for checks from this machine", ""},
		{"checks:\n  - {dns: {name: 192.0.2.7, server: 192.0.2.1}}\n", `c.yaml:2:11: "192.0.2.7" is an address, and dns looks up names`, ""},
		{"checks:\n  - {dns: \"2001:db8::7\", from: target}\n", `c.yaml:2:11: "2001:db8::7" is an address, and dns looks up names`, ""},
		{"checks:\n  - {http: {url: \"http://x/\", method: {a: b}}}\n", "c.yaml:2:39: this has to be a text", ""},
		{"checks:\n  - {clock: {}}\n", "c.yaml:2:13: this clock expects nothing", "add one of offset"},
		{"checks:\n  - {file: /a, from: target}\n", "c.yaml:2:5: a file is always checked on the host: from is for tcp, http, tls and dns", ""},
		{"checks:\n  - {file: /a, severity: bad}\n", `c.yaml:2:26: "bad" is not allowed here`, "use one of minor, major, critical"},
		{"checks:\n  - {file: /a, retry: {interval: 3s}}\n", "c.yaml:2:23: retry needs a timeout", ""},
		{"checks:\n  - {file: /a, retry: {timeout: 3s, interval: 0s}}\n", "c.yaml:2:23: the interval of a retry has to be above 0", ""},
		{"checks:\n  - {file: /a, timeout: 5}\n", `c.yaml:2:25: "5" is not a time`, ""},
		{"checks:\n  - {fleet: {value_of: none, all_equal: true}}\n", `c.yaml:2:5: value_of: there is no check "none"`, ""},
		{"checks:\n  - {id: a, file: /a, capture: {x: mode}}\n  - {id: b, file: /b, capture: {x: mode}}\n  - {fleet: {value_of: x, all_equal: true}}\n", `c.yaml:4:5: value_of: x may be the check at c.yaml:2:5 or the one at c.yaml:3:5`, "give one of them another name"},
		{"checks:\n  - {id: a, file: /a, capture: {b: mode}}\n  - {id: b, file: /b}\n  - {fleet: {value_of: b, all_equal: true}}\n", `c.yaml:4:5: value_of: b may be the check at c.yaml:2:5 or the one at c.yaml:3:5`, ""},
		{"checks:\n  - {fleet: {value_of: x, all_equal: true}, skip: true}\n", "c.yaml:2:45: skip is not for a check over the fleet", "it takes fleet, id, title, severity, tags"},
		{"checks:\n  - {file: /a, fleet: {value_of: x, all_equal: true}}\n", "c.yaml:2:6: file is not for a check over the fleet", ""},
		{"checks:\n  - {fleet: {value_of: x}}\n", "c.yaml:2:13: this check expects nothing of the values of x", ""},
		{"checks: {}\n", "c.yaml:1:9: checks have to be a list", ""},
		{"include: c.yaml\n", "c.yaml: the file includes itself: c.yaml → c.yaml", ""},
		{"include: none.yaml\n", "c.yaml:1:10: no none.yaml", ""},
		{"", "c.yaml:1:1: a file of checks has to be a mapping", ""},
		{"file:\n  /etc/passwd: {md5: x}\n", `c.yaml:2:17: unknown key "md5" in file "/etc/passwd" of goss`, ""},
		{"file:\n  /etc/x: {filetype: folder}\n", `c.yaml:2:22: goss: "folder" is not a filetype`, ""},
		{"file:\n  /etc/x: {filetype: {or: [link, directory]}}\n", `c.yaml:2:28: goss: "link" is not a filetype`, ""},
		{"command:\n  x: {exec: {a: b}}\n", "c.yaml:2:13: this has to be a text", ""},
		{"http:\n  http://x/: {method: [POST]}\n", "c.yaml:2:23: this has to be a text", ""},
		{"http:\n  http://x/: {allow-insecure: [true]}\n", "c.yaml:2:31: this has to be true or false", ""},
		{"http:\n  http://x/: {no-follow-redirects: 1}\n", "c.yaml:2:36: this has to be true or false", ""},
		{"dns:\n  MX:example.org: {resolvable: true}\n", `c.yaml:2:3: "MX:example.org" is not a name: dns looks up addresses only`, ""},
		{"file:\n  {{- range list}}\n  {{.}}: {exists: true}\n  {{- end}}\n", "c.yaml:2:3: goss: templates are not supported", "write the check in hail's own format"},
		{"file:\n  /a: {exists: true}\n{{ if .Vars.b }}\n  /b: {exists: true}\n{{ end }}\n", "c.yaml:3:1: goss: templates are not supported", ""},
		{"checks: [\n{file: /a}\n", "c.yaml:1:9: this [ is not closed, or a comma is missing in it", ""},
		{"matching:\n  x: {content: 1}\n", `c.yaml:1:1: "matching" of goss is not supported`, ""},
		{"command:\n  x: {stdout: {have-key: 1}}\n", `c.yaml:2:16: the matcher "have-key" of goss is not supported`, ""},
		{"command:\n  x: {stdout: [{have-prefix: a}]}\n", "c.yaml:2:16: goss: stdout takes a list of texts", ""},
		{"command:\n  x: {stdout: {have-prefix: [a]}}\n", "c.yaml:2:29: this has to be a text", ""},
		{"command:\n  x: {exit-status: [0, 2]}\n", "c.yaml:2:20: goss: exit is a number, not a list", ""},
	} {
		_, err := check.Read([]string{"c.yaml"}, func(file string) ([]byte, error) {
			if file != "c.yaml" {
				return nil, fmt.Errorf("no %s", file)
			}
			return []byte(row.text), nil
		})
		hint := ""
		var one *inventory.Error
		var many inventory.Errors
		if errors.As(err, &many) {
			hint = many[0].Hint
		} else if errors.As(err, &one) {
			hint = one.Hint
		}
		if err == nil || !strings.HasPrefix(err.Error(), row.want) || row.hint != "" && hint != row.hint {
			t.Errorf("%q: %v (%s), want %s (%s)", row.text, err, hint, row.want, row.hint)
		}
	}
	for _, row := range []struct{ text, want string }{
		{"waivers:\n  - {id: a}\n", "w.yaml:2:5: this waiver has no reason"},
		{"waivers:\n  - {reason: a}\n", "w.yaml:2:5: this waiver has no id"},
		{"waivers:\n  - {id: a, reason: b, until: soon}\n", `w.yaml:2:31: "soon" is not a date`},
	} {
		if _, err := check.ReadWaivers("w.yaml", []byte(row.text)); err == nil || err.Error() != row.want {
			t.Errorf("%q: %v, want %s", row.text, err, row.want)
		}
	}
}
