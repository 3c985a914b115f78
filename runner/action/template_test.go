package action_test

import (
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action"
)

func TestTemplates(t *testing.T) {
	h := inventory.Host{Name: "web1", Groups: []string{"web"}, Connection: inventory.Connection{Address: "10.0.0.1"},
		Vars: map[string]any{"n": 7, "text": "it's $x", "flags": "-a -b", "list": []any{"a b", "c"}, "deep": map[string]any{"x": "y z"}, "token": inventory.Redacted, "inner": map[string]any{"token": inventory.Redacted}}}
	for line, want := range map[string]string{
		"plain":                                              "plain",
		"{{.host}} {{.address}}":                             "web1 10.0.0.1",
		"{{.index}} {{.port}}":                               "1 22",
		"echo {{.vars.text}}":                                `echo 'it'\''s $x'`,
		"ls {{.vars.flags | raw}}":                           "ls -a -b",
		"ls {{.vars.flags}}":                                 "ls '-a -b'",
		"{{.vars.deep.x}}":                                   "'y z'",
		`{{.vars.nx | default "a b"}}`:                       "'a b'",
		`{{default "" .vars.nx}}{{.vars.n | default 8}}`:     "''7",
		"{{range .vars.list}}<{{.}}>{{end}}":                 "<'a b'><c>",
		`{{"it's 'x'"}}`:                                     `'it'\''s '\''x'\'`,
		"{{if eq .vars.n 7}}{{.vars.text}}{{else}}no{{end}}": `'it'\''s $x'`,
		"{{with $v := .vars.text}}{{$v}}{{end}}":             `'it'\''s $x'`,
	} {
		got, err := action.Exec{Line: runner.Text(line), Template: true}.Lines(&runner.Plan{Hosts: []inventory.Host{{Name: "web0", Vars: h.Vars}, h}})
		if err != nil || got[1] != want {
			t.Errorf("%s: %q, %v; want %q", line, got, err, want)
		}
	}
	for line, want := range map[string]string{
		"{{.vars.none}}":                   "{{.vars.none}} is not defined",
		"{{.hots}}":                        "{{.hots}} is not defined",
		`rm -rf /srv/{{index .vars "no"}}`: `{{index .vars "no"}} is not defined`,
		"{{.host":                          "unclosed action",
		"{{.host}":                         `1: "}" can't stand here`,
		`{{.vars["n"]}}`:                   `1: "[" can't stand here: {{index .vars "a-b"}} takes any name, and {{index .vars.list 0}} a place`,
		"{{.vars.a-b}}":                    `1: "-" can't stand here: {{index`,
		`{{.host + "x"}}`:                  `1: "+" can't stand here: texts are joined by standing side by side, as in {{.host}}.lan`,
		`{{if .host == "x"}}`:              `1: "=" can't stand here: a comparison is a function`,
		`{{"a" if .host}}`:                 `1: "if" can't stand here`,
		`{{quote(.host)}}`:                 `1: "(" can't stand here: what a function takes follows it`,
		`{{.host and .user}}`:              "{{.host}}: only a function takes what follows it, as in {{if and .vars.a .vars.b}}",
		"{{'ab'}}":                         "1: a text has double quotes, unlike 'ab'",
		"a\n{{if eq 'x' 1}}{{end}}":        "2: 'x' is a number: a text has double quotes",
		"{{if .host}}a":                    "1: an {{end}} is missing",
		"{{.host.name}}":                   "{{.host.name}}: there is no name in it",
		"{{nothing .host}}":                `function "nothing" is not defined: names begin with a dot, as in {{.host}} and {{.vars.NAME}}`,
		"{{.vars.token}}":                  "this value is secret",
		"{{.vars.token|raw}}":              "this value is secret",
		"{{.vars.inner}}":                  "this value is secret",

		`{{printf "-p%s" .vars.token}}`: "this value is secret",
	} {
		if got, err := (action.Exec{Line: runner.Text(line), Template: true}).Lines(&runner.Plan{Hosts: []inventory.Host{h}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v; want %q", line, got, err, want)
		}
	}
	if got, err := (action.Exec{Line: "{{.host}}"}).Lines(&runner.Plan{Hosts: []inventory.Host{h}}); err != nil || got[0] != "{{.host}}" {
		t.Errorf("without --template: %q, %v", got, err)
	}
}
