package fill

import (
	"os/exec"
	"testing"

	"hail/inventory"
)

// TestWords: each word is one to a shell, whatever a value is.
func TestWords(t *testing.T) {
	h := inventory.Host{Name: "web1", Vars: map[string]any{"text": "it's $HOME; echo `ls`", "none": "", "list": []any{"a b", "c"}}}
	for word, want := range map[string]string{
		"it's {{`{{` | raw}}":                                 "it's {{",
		"{{.vars.text}}":                                      "it's $HOME; echo `ls`",
		"{{.vars.none}}":                                      "",
		"my $x={{.vars.text}} on {{.host}}'s":                 "my $x=it's $HOME; echo `ls` on web1's",
		`{{if eq .host "web1"}}a b{{else}}c d{{end}}`:         "a b",
		`{{if .vars.none}}a{{else if .host}}$b{{end}}`:        "$b",
		"{{range .vars.list}}<{{.}}> {{else}}no one{{end}}":   "<a b> <c> ",
		"{{with .vars.none}}{{.}} a{{else}}it's none{{end}}":  "it's none",
		`{{define "t"}}c d{{end}}{{template "t"}}`:            "c d",
		"a {{- .vars.list | len -}} b":                        "a2b",
		`{{printf "%s}}" .host}} {{.vars.port | default 80}}`: "web1}} 80",
	} {
		line, err := Words([]string{"printf", "<%s>", word, "end"})
		if err == nil {
			line, err = Line(line, h, 0)
		}
		if err != nil {
			t.Errorf("%s: %v", word, err)
			continue
		}
		if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil || string(out) != "<"+want+"><end>" {
			t.Errorf("%s: %s printed %q, %v", word, line, out, err)
		}
	}
	if _, err := Words([]string{"echo", "{{.host"}); err == nil || err.Error() != "the template of the command: command:1: unclosed action" {
		t.Errorf("a template without an end: %v", err)
	}
}
