package check_test

import (
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

func TestTemplates(t *testing.T) {
	m := newMachine(t, "gnu")
	m.host.Vars = map[string]any{"text": "it's $HOME", "port": 4242, "limit": "10s"}
	verdicts, _ := m.run(t, read(t, `checks:
  - {id: quoted, command: {run: "printf %s {{.vars.text}}", stdout: "{{.vars.text}}"}}
  - {id: words, command: {run: [printf, "%s", "it's {{.vars.text}}"], stdout: "it's {{.vars.text}}"}}
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
	suite = read(t, `checks: [{id: a, http: {url: "{{.vars.url}}", method: "{{.vars.method}}"}}]`)
	for range 20 { // of several mistakes, it is always the same one that is reported
		if err := suite.Aim([]inventory.Host{{Name: "web1"}}, nil); err == nil || !strings.Contains(err.Error(), ".vars.method") {
			t.Fatalf("two undefined variables: %v", err)
		}
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
