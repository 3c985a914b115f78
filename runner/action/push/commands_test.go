package push_test

import (
	"errors"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
)

// TestPushCommands: the commands of a spec have placeholders for what differs between hosts, quoted for the shell.
func TestPushCommands(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "gnu")
	m.host.Vars = map[string]any{"word": `it's $HOME "{{"`}
	spec := `{files: [{content: "{{.vars.word}}", template: true, dest: DIR/conf, validate: "grep -qxF {{.vars.word}} {{staged}}", notify: [h]}],
		validate: ['test "$(cat DIR/conf)" = {{.vars.word}}'], handlers: {h: {run: "printf '%s %s' {{.vars.word}} {{.host}} >DIR/seen"}, other: {run: "{{.vars.none}}"}}}`
	m.push(t, t.Context(), spec, nil).want(t, "push", runner.Changed, "", "")
	if got, want := m.read(t, "seen"), m.host.Vars["word"].(string)+" here"; got != want {
		t.Errorf("the handler saw %q, want %q", got, want)
	}
	p := m.push(t, t.Context(), strings.Replace(spec, "-qxF {{.vars.word}}", "-qxF {{.host}}", 1)+" ", func(*push.Push) { m.write(t, "conf", "", 0o644) })
	p.want(t, "validate", runner.Failed, runner.Validation, "nothing was changed")
	// A record from the time before commands had placeholders.
	literal := `{files: [{content: literal, dest: DIR/conf, notify: [h]}], handlers: {h: {run: "echo '{{.host}}' >DIR/seen"}}}`
	m.push(t, t.Context(), literal, func(p *push.Push) { p.TemplateCommands = false }).want(t, "literal", runner.Changed, "", "")
	if got := m.read(t, "seen"); got != "{{.host}}\n" {
		t.Errorf("the handler saw %q, want {{.host}} unchanged", got)
	}
}

// TestPushCommandsAreTried: a mistake in a command is reported with its place before any host is reached, if the
// command is meant for a selected host.
func TestPushCommandsAreTried(t *testing.T) {
	hosts := []inventory.Host{{Name: "web1", Vars: map[string]any{"port": 80, "token": "x"}}, {Name: "db1", Vars: map[string]any{}}}
	choose := func(expr string) (map[string]bool, error) {
		chosen := map[string]bool{}
		for _, h := range hosts {
			chosen[h.Name] = strings.HasPrefix(h.Name, expr)
		}
		return chosen, nil
	}
	for _, row := range []struct{ spec, want string }{
		{`{files: [{content: x, dest: /x, when: web, notify: [h], validate: "y {{staged}} {{.vars.port}}"}], validate: ["x {{.host}}"], handlers: {h: {run: "x {{.vars.port}}"}}}`, ""},
		{`{files: [{content: x, dest: /x, notify: [h]}], handlers: {h: {run: "x {{.vars.port}}"}}}`, "spec.yaml:1:68: the command for db1: {{.vars.port}} is not defined"},
		{`{files: [{content: x, dest: /x}], handlers: {h: {run: "x {{.vars.port}}"}}}`, ""},
		{`{files: [{content: x, dest: /x}], validate: [a, "x {{.vars.port}}"]}`, "spec.yaml:1:49: the command for db1: {{.vars.port}} is not defined"},
		{`{files: [{content: x, dest: /x, when: web}], validate: [a, "x {{.vars.port}}"]}`, ""},
		{`{files: [{content: x, dest: /x, validate: "x {{.vars.port}} {{staged}}"}]}`, "spec.yaml:1:43: the command for db1: {{.vars.port}} is not defined"},
		{`{files: [{content: x, dest: /x, when: web}], validate: "x {{.vars.token}}"}`, "spec.yaml:1:56: the command for web1: {{.vars.token}}: this value is secret"},
		{`{files: [{content: x, dest: /x}], validate: "x {{staged}}"}`, `spec.yaml:1:45: the template of the command: command:1: function "staged" is not defined`},
		{`{files: [{content: x, dest: /x, notify: h}], handlers: {h: {run: "docker inspect -f '{{.State.Running}}' x"}}}`, "spec.yaml:1:66: the command for web1: {{.State.Running}}"},
		{`{files: [{content: x, dest: /x, notify: h}], handlers: {h: {run: "docker inspect -f '{{json .State}}' x"}}}`, `spec.yaml:1:66: the template of the command: command:1: function "json" is not defined`},
		{`{files: [{content: x, dest: /x, notify: h}], handlers: {h: {run: "docker inspect -f '{{` + "`{{.State.Running}}`" + ` | raw}}' x"}}}`, ""},
	} {
		spec, err := push.ReadSpec("spec.yaml", []byte(row.spec))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = push.Render([]*push.Spec{spec}, hosts, choose, inventory.SecretVars)
		if (err == nil) != (row.want == "") || err != nil && !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%s: %v, want %s", row.spec, err, row.want)
		}
		if wrong, ok := errors.AsType[*inventory.Error](err); ok && (wrong.Hint != "") == strings.Contains(row.spec, "{{.vars.") {
			t.Errorf("%s: the hint is %q", row.spec, wrong.Hint)
		}
	}
}

// TestPushCommandsInOrder: of several commands that are no templates, it is always the same one that is reported.
func TestPushCommandsInOrder(t *testing.T) {
	for range 20 {
		spec, err := push.ReadSpec("spec.yaml", []byte(`{files: [{content: x, dest: /x}], validate: ["b {{", "a {{", "c {{"]}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1"}}, nobody, nil); err == nil || !strings.HasPrefix(err.Error(), "spec.yaml:1:54: ") {
			t.Fatalf("%v, want the error of a", err)
		}
	}
}

// TestPushCommandsOfAll: a host that is meant by any of several specs runs the commands that validate the whole of all
// specs.
func TestPushCommandsOfAll(t *testing.T) {
	hosts := []inventory.Host{{Name: "web1", Vars: map[string]any{"port": 80}}, {Name: "db1"}}
	choose := func(expr string) (map[string]bool, error) { return map[string]bool{expr + "1": true}, nil }
	for other, want := range map[string]string{
		`files: [{content: x, dest: /y}]`:            "one.yaml:1:56: the command for db1: {{.vars.port}} is not defined",
		`files: [{content: x, dest: /y, when: web}]`: "",
	} {
		var specs []*push.Spec
		for name, text := range map[string]string{"one.yaml": `{files: [{content: x, dest: /x, when: web}], validate: "x {{.vars.port}}"}`, "other.yaml": other} {
			spec, err := push.ReadSpec(name, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			specs = append(specs, spec)
		}
		_, _, err := push.Render(specs, hosts, choose, nil)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", other, err, want)
		}
	}
}
