package fill

import (
	"strings"
	"testing"

	"hail/inventory"
)

// TestFill: values are written as everywhere else, and an error names the part of the template that is wrong.
func TestFill(t *testing.T) {
	h := inventory.Host{Name: "web1", Vars: map[string]any{"big": 1e7, "list": []any{1, "a b"}, "none": nil, "token": inventory.Redacted, "deep": map[string]any{"key": inventory.Redacted}, "http-port": 80}}
	for _, row := range []struct{ template, text, line string }{
		{"{{.vars.big}}", "10000000", "10000000"},
		{"{{.vars.list}}", `[1,"a b"]`, `'[1,"a b"]'`},
		{"x{{.vars.none}}", "x", "x''"},
		{"{{$x := .vars.big}}{{$x}}", "10000000", "10000000"},
		{"{{.vars.token}}", "for web1: {{.vars.token}}: this value is secret", "the command for web1: {{.vars.token}}: this value is secret, and a command line is not: push it in a file, or pass it to hail run with --secret-env"},
		{`{{printf "-p%s" .vars.deep.key}}`, `{{printf "-p%s" .vars.deep.key}}: this value is secret`, `{{printf "-p%s" .vars.deep.key}}: this value is secret, and a command line is not: push it in a file, or pass it to hail run with --secret-env`},
		{"{{.vars.nothing}}", "{{.vars.nothing}} is not defined", "{{.vars.nothing}} is not defined"},
		{"{{.vars.lits}}", "for web1: {{.vars.lits}} is not defined: did you mean .vars.list?", "{{.vars.lits}} is not defined: did you mean .vars.list?"},
		{"{{.vars.http_port}}", `{{.vars.http_port}} is not defined: did you mean {{index .vars "http-port"}}?`, `{{.vars.http_port}} is not defined: did you mean {{index .vars "http-port"}}?`},
		{"{{.vars.deep.k}}", "{{.vars.deep.k}} is not defined", "{{.vars.deep.k}} is not defined"},
		{"{{.vars.ansible_host}}", "{{.vars.ansible_host}} is not defined: did you mean .address?", "{{.vars.ansible_host}} is not defined: did you mean .address?"},
		{"{{.ansible_user}}", "{{.ansible_user}} is not defined: did you mean .user?", "{{.ansible_user}} is not defined: did you mean .user?"},
		{"{{.Vars.big}}", "for web1: {{.Vars.big}} is not defined: did you mean .vars?", "{{.Vars.big}} is not defined: did you mean .vars?"},
		{"{{.hots}}", "{{.hots}} is not defined: did you mean .host?", "{{.hots}} is not defined: did you mean .host?"},
		{"{{.big}}", "{{.big}} is not defined: a var is {{.vars.big}}", "{{.big}} is not defined: a var is {{.vars.big}}"},
		{"{{range .vars.list}}{{.host}}{{end}}", "{{.host}} is not defined inside range and with, where it is {{$.host}}", "{{.host}} is not defined inside range and with, where it is {{$.host}}"},
		{"{{with .vars.deep}}{{.vars.big}}{{end}}", "{{.vars.big}} is not defined inside range and with, where it is {{$.vars.big}}", "{{.vars.big}} is not defined inside range and with, where it is {{$.vars.big}}"},
		{`{{printf "%v" (index .vars.list 7)}}`, "{{index .vars.list 7}}: index out of range: 7", "{{index .vars.list 7}}: index out of range: 7"},
	} {
		text, err := (*Templates)(nil).Text(row.template, h, 0)
		if err != nil {
			text = err.Error()
		}
		line, err := Line(row.template, h, 0)
		if err != nil {
			line = err.Error()
		}
		if !strings.HasSuffix(text, row.text) || !strings.HasSuffix(line, row.line) {
			t.Errorf("%s: got\n%s\n%s\nwant\n%s\n%s", row.template, text, line, row.text, row.line)
		}
	}
}
