package action_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/action/push"
	"hail/runner/connsuite"
	"hail/runner/local"
	"hail/runner/wrap"
)

// TestSpecs: an action is the same after its Spec was written and read back.
func TestSpecs(t *testing.T) {
	for _, a := range []interface {
		runner.Action
		Spec() runner.Spec
	}{action.Ping{}, action.Exec{Line: "echo 'a b' | tr a b\n"}, action.Exec{Line: "x", Surroundings: action.Surroundings{Env: []runner.Text{"A=1"}, OKExit: []int{0, 1}}},
		action.Script{Name: "s", TextDigest: "00", Interpreter: []string{"sh"}}} {
		text, err := json.Marshal(a.Spec())
		if err != nil {
			t.Fatal(err)
		}
		var s runner.Spec
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		if back, err := action.New(s, action.Sources{}); err != nil || !reflect.DeepEqual(back, runner.Action(a)) {
			t.Errorf("%s was read back as %#v, %v", text, back, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		spec runner.Spec
		text string
	}{
		{runner.Spec{Kind: "reboot"}, `"reboot" is not a kind of action`},
		{runner.Spec{Kind: runner.ActionExec, Args: json.RawMessage(`{"line": 7}`)}, "arguments of exec"},
		{runner.Spec{Kind: runner.ActionExec, Args: json.RawMessage(`{"lines": "x"}`)}, `unknown field "lines"`},
		{runner.Spec{Kind: runner.ActionExec}, "arguments of exec"},
	} {
		if a, err := action.New(tt.spec, action.Sources{}); err == nil || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%v: %v, %v, want %q", tt.spec, a, err, tt.text)
		}
	}
}

func TestExec(t *testing.T) {
	conn, err := (&connsuite.Fake{}).Dial(t.Context(), inventory.Host{Name: "h"})
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	err = action.Exec{Line: connsuite.Both}.Do(t.Context(), &runner.Target{Conn: conn, Out: &out, Err: &errs})
	if err != nil || out.String() != "out\n" || errs.String() != "err\n" {
		t.Errorf("%q, %q, %v", out.String(), errs.String(), err)
	}
	err = action.Exec{Line: connsuite.Exit7}.Do(t.Context(), &runner.Target{Conn: conn, Out: &out, Err: &errs})
	if s, r := runner.StatusOf(err); s != runner.Failed || r != runner.ExitStatus {
		t.Errorf("the error is %v, want failed(exit)", err)
	}
}

// TestEmptyContents: an empty input is an input, and an empty script is a script, also for a Conn that has to know sizes.
func TestEmptyContents(t *testing.T) {
	conn, err := wrap.Dialer{Inner: local.Dialer{}}.Dial(t.Context(), inventory.Host{Name: "h"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	nothing := func(string) (io.ReadCloser, int64, error) { return io.NopCloser(strings.NewReader("")), 0, nil }
	for _, spec := range []runner.Spec{
		action.Exec{Line: "cat; echo end", Surroundings: action.Surroundings{InputDigest: "00"}}.Spec(),
		action.Script{TextDigest: "00", Interpreter: []string{"sh"}}.Spec(),
	} {
		a, err := action.New(spec, action.Sources{Blob: nothing})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := a.Do(t.Context(), &runner.Target{Conn: conn, Out: &out, Err: &out}); err != nil || spec.Kind == runner.ActionExec && out.String() != "end\n" {
			t.Errorf("%s: %q, %v", spec.Kind, out.String(), err)
		}
	}
}

// TestWithoutSources: an action that was not made by New says what it lacks.
func TestWithoutSources(t *testing.T) {
	file := push.Item{Path: runner.Text(filepath.Join(t.TempDir(), "f")), Kind: push.File, Digest: "00", Size: 1}
	const unmade = "the action has no contents to send: action.New makes one that has"
	for _, tt := range []struct {
		a    runner.Action
		want string
	}{
		{action.Exec{Line: "cat", Surroundings: action.Surroundings{InputDigest: "00"}}, unmade},
		{action.Exec{Line: "true", Surroundings: action.Surroundings{Secrets: []string{"TOKEN"}}}, "there is no value for the secret variable TOKEN"},
		{action.Script{TextDigest: "00", Interpreter: []string{"sh"}}, unmade},
		{push.Push{Manifests: []push.Manifest{{Items: []push.Item{file}}}, ManifestIndex: map[string]int{"h": 0}}, "the push has no contents to send: push.New makes one that has"},
	} {
		plan := runner.Plan{Hosts: []inventory.Host{{Name: "h"}}}
		for batch := range runner.Run(t.Context(), plan, tt.a, wrap.Dialer{Inner: local.Dialer{}}, nil) {
			for _, e := range batch {
				if e.Kind == runner.KindFinish && (e.Status != runner.Error || !strings.Contains(e.Error, tt.want)) {
					t.Errorf("%T: %s, %s; want %s", tt.a, e.Status, e.Error, tt.want)
				}
			}
		}
	}
}

// TestExecChdir: a command whose folder does not exist has failed, whatever exit statuses are accepted. A folder is not
// looked for in CDPATH.
func TestExecChdir(t *testing.T) {
	t.Chdir(t.TempDir())
	elsewhere := t.TempDir()
	t.Setenv("CDPATH", elsewhere)
	for _, dir := range []string{"-sub", "sub", elsewhere + "/sub"} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		line, chdir string
		okExit      []int
		want        runner.Status
	}{
		{"exit 1", "/", []int{0, 1}, runner.OK},
		{"exit 126", "", []int{126}, runner.OK},
		{"rmdir ../sub", "sub", nil, runner.OK},
		{"rmdir ../-sub", "-sub", nil, runner.OK},
		{"echo ran", "/none", nil, runner.Failed},
		{"echo ran", "/none", []int{0, 1}, runner.Failed},
		{"echo ran", "/none", []int{0, 126}, runner.Failed},
	} {
		conn, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "h"})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		e := action.Exec{Line: runner.Text(tt.line), Surroundings: action.Surroundings{Chdir: runner.Text(tt.chdir), OKExit: tt.okExit}}
		err = e.Do(t.Context(), &runner.Target{Conn: conn, Out: &out, Err: io.Discard})
		if status, _ := runner.StatusOf(err); status != tt.want || out.Len() > 0 {
			t.Errorf("%s in %q, %v accepted: %v, %q; want %s", tt.line, tt.chdir, tt.okExit, err, out.String(), tt.want)
		}
		conn.Close()
	}
}

// TestNoFolder: where the folder does not exist, nothing runs, whatever shell reads the line.
func TestNoFolder(t *testing.T) {
	for _, shell := range []string{"dash", "bash", "rbash", "zsh", "mksh", "fish", "tcsh"} {
		conn, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "h", Connection: inventory.Connection{Shell: shell}})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		e := action.Exec{Line: "echo ran; echo again\necho more", Surroundings: action.Surroundings{Chdir: "/none"}}
		err = e.Do(t.Context(), &runner.Target{Conn: conn, Out: &out, Err: io.Discard})
		if f, ok := errors.AsType[*runner.Failure](err); !ok || f.Exit != 126 || out.Len() > 0 {
			t.Errorf("%s: %v, %q; want exit 126, and nothing run", shell, err, out.String())
		}
		conn.Close()
	}
}
