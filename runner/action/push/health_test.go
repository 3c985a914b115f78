package push_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
)

// runUnder keeps a process of this name running until the test ends.
func runUnder(t *testing.T, name string) {
	path, err := exec.LookPath("sleep")
	here := filepath.Join(t.TempDir(), name)
	if err == nil {
		err = os.Symlink(path, here)
	}
	sleep := exec.Command(here, "600")
	if err == nil {
		err = sleep.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sleep.Process.Kill()
		sleep.Wait()
	})
}

// TestHealth: a push whose health check passes stays. One whose check fails is rolled back, with the same words as in
// hail test.
func TestHealth(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.host.Vars = map[string]any{"word": "it's $HOME", "most": 5}
		runUnder(t, "hail-here")
		m.write(t, "conf", "old", 0o640)
		var passing []string
		for i, check := range []string{
			`command: {run: cat DIR/conf, stdout: new}`,
			`command: {run: "exit 3", exit: {in: [2, 3]}}`,
			`command: {run: "printf '%s' {{.vars.word}}", stdout: "{{.vars.word}}"}`,
			`command: {run: "echo 7", stdout: {len: {lt: "{{.vars.most}}"}}}`,
			`command: {run: "echo nginx/1.18.0", stdout: {all: [{semver: ">=1.18, <2"}, {regex: "(?m)^nginx/[\\d.]+$"}]}}`,
			`file: {path: DIR/conf, mode: "0640", size: {le: 1KiB}, content: {regex: ^n.w$}}`,
			`file: {path: DIR/none, exists: false}`,
			`process: {name: hail-here, count: {ge: 1}}`,
			`port: {port: 1, listening: false}`,
			`kernel_param: {name: kernel.ostype, value: Linux}`,
			`user: {name: root, uid: 0, groups: {contains: root}}`,
			`mount: {path: /proc, fstype: proc, options: {contains: rw}}`,
			`interface: {name: lo, mtu: {gt: 1000}}`,
			`service: {name: hail-none, installed: false}`,
			`command: "false", skip: true`,
			`command: "false", when: elsewhere`,
		} {
			passing = append(passing, fmt.Sprintf("{id: %d, %s, retry: {timeout: 20s}}", i, check))
		}
		m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf}], health: [`+strings.Join(passing, ", ")+`]}`, nil).want(t, "all pass", runner.Changed, "", "")

		for check, want := range map[string]string{
			`command: {run: "echo oops >&2; exit 3"}`: `exit: expected 0, is 3 (stderr: "oops")`,
			`command: {run: sleep 100, timeout: 1s}`:  "exit: it took longer than 1s",
			`file: {path: DIR/conf, mode: "0600"}`:    "mode: expected 0600, is 0640",
		} {
			p := m.push(t, t.Context(), `{files: [{content: newer, dest: DIR/conf}], health: [{id: it, `+check+`, retry: {timeout: 3s, interval: 10s}}]}`, nil)
			p.want(t, check, runner.Failed, runner.Unhealthy, "the health check it did not pass within 3s: "+want+"; rolled back")
			if m.read(t, "conf") != "new" {
				t.Errorf("%s: the file has %q, want the old content", check, m.read(t, "conf"))
			}
			if strings.Contains(check, "oops") && !strings.Contains(p.log, "oops\n") {
				t.Errorf("the log does not have the output of the command: %q", p.log)
			}
		}
		m.clean(t)

		// A check may fail at first, the last of several is reported, with what its command printed in the log, and files
		// made by handlers have the usual umask of the login.
		p := m.push(t, t.Context(), `{files: [{content: newest, dest: DIR/conf, notify: [start]}], handlers: {start: {run: "{ sleep 1; echo x >DIR/up; } >/dev/null 2>&1 &"}},
			health: [{file: DIR/up, retry: {timeout: 20s}}, {id: second, command: "echo oops >&2; exit 3", retry: {timeout: 3s, interval: 10s}}]}`, nil)
		p.want(t, "second", runner.Failed, runner.Unhealthy, `the health check second did not pass within 3s: exit: expected 0, is 3 (stderr: "oops"); rolled back`)
		if !strings.Contains(p.log, "oops\n") {
			t.Errorf("the log does not have the output of the command: %q", p.log)
		}
		if info, err := os.Stat(filepath.Join(m.dir, "up")); err != nil || info.Mode()&0o044 == 0 {
			t.Errorf("a file made by a handler is %v, %v, want it readable for all", info, err)
		}
	})
}

// TestHealthIsAimed: a health check that is wrong for any host is reported before a host is reached.
func TestHealthIsAimed(t *testing.T) {
	for check, want := range map[string]string{
		`{command: "test {{.vars.none}}"}`:                          "spec.yaml:1:44: command:test {{.vars.none}}: the command for web2: {{.vars.none}} is not defined",
		`{command: "docker inspect -f '{{json .State}}' x"}`:        `function "json" is not defined`,
		`{command: "test {{.vars.token}}"}`:                         "secret",
		`{command: {run: x, stdout: {regex: "{{.vars.pattern}}"}}}`: "web2: a host can't judge this regex by itself",
		`{command: x, when: "("}`:                                   "when: invalid argument",
	} {
		spec, err := push.ReadSpec("spec.yaml", []byte("{files: [{content: x, dest: /x}], health: ["+check+"]}"))
		if err != nil {
			t.Fatal(err)
		}
		hosts := []inventory.Host{{Name: "web1", Vars: map[string]any{"none": 1, "token": "x", "pattern": "x"}}, {Name: "web2", Vars: map[string]any{"token": "x", "pattern": `\bx`}}}
		_, _, err = push.Render([]*push.Spec{spec}, hosts, func(string) (map[string]bool, error) { return nil, os.ErrInvalid }, inventory.SecretVars)
		if wrong, ok := errors.AsType[*inventory.Error](err); ok && (wrong.Hint != "") != strings.Contains(check, "{{json") {
			t.Errorf("%s: the hint is %q", check, wrong.Hint)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", check, err, want)
		}
	}
}

// TestHealthOfTheKilled: a push that is killed during its health check is settled by the next push, which says so and
// succeeds.
func TestHealthOfTheKilled(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		for _, passes := range []bool{true, false} {
			m.write(t, "conf", "old", 0o644)
			m.write(t, "count", "", 0o644)
			script := "echo x >>DIR/count; test $(wc -l <DIR/count) -gt 1 || kill -9 " + pushProcess
			if !passes {
				script += "; false"
			}
			p := m.push(t, t.Context(), `{files: [{content: new, dest: DIR/conf}], health: [{id: deadly, command: "`+script+`", retry: {timeout: 1s}}]}`, nil)
			if p.status == runner.Changed || m.read(t, "conf") != "new" {
				t.Fatalf("the push was not killed: %s %s", p.status, p.err)
			}
			p = m.push(t, t.Context(), `files: [{content: mine, dest: DIR/conf}, {content: mine, dest: DIR/other}]`, nil)
			p.want(t, "the next", runner.Changed, "", "")
			want := "first settled an earlier push that was killed: it was finished"
			if !passes {
				want = "first settled an earlier push that was killed: it was rolled back: the health check deadly did not pass"
			}
			if p.notes["settled"] != want || m.read(t, "conf") != "mine" || m.execs.Load() != 4 {
				t.Errorf("settled: %q, want %q; %d commands, want 4; the file has %q, want \"mine\"", p.notes["settled"], want, m.execs.Load(), m.read(t, "conf"))
			}
			m.clean(t)
		}
	})
}
