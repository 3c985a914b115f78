package push_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner/action/push"
)

// TestRenderManyHosts: hosts are rendered concurrently, and each gets its own contents. Of several errors, the one of
// the first host is reported.
func TestRenderManyHosts(t *testing.T) {
	spec, err := push.ReadSpec("spec.yaml", []byte(`files: [{content: "{{.index}} {{.vars.name}}", template: true, dest: /x}, {content: "{{.vars.role}}", template: true, dest: /y, when: web}]`))
	if err != nil {
		t.Fatal(err)
	}
	hosts := make([]inventory.Host, 1000)
	web := map[string]bool{}
	for i := range hosts {
		hosts[i] = inventory.Host{Name: fmt.Sprint("h", i), Vars: map[string]any{"name": fmt.Sprint("n", i)}}
		if i%2 == 1 {
			web[hosts[i].Name], hosts[i].Vars["role"] = true, "web" // the other hosts have no role
		}
	}
	choose := func(string) (map[string]bool, error) { return web, nil }
	p, contents, err := push.Render([]*push.Spec{spec}, hosts, choose, inventory.SecretVars)
	if err != nil || len(contents) != 1001 {
		t.Fatalf("%d contents, %v, want 1001", len(contents), err)
	}
	texts := map[string]string{}
	for _, c := range contents {
		texts[c.Digest] = string(c.Bytes)
	}
	for i, h := range hosts {
		items := p.Manifests[p.ManifestIndex[h.Name]].Items
		if got, want := texts[items[0].Digest], fmt.Sprintf("%d n%d", i, i); got != want || len(items) != 1+i%2 || i%2 == 1 && texts[items[1].Digest] != "web" {
			t.Errorf("%s has %q and %d files, want %q", h.Name, got, len(items), want)
		}
	}
	for _, wrong := range []int{999, 701, 301} {
		delete(hosts[wrong].Vars, "role")
		if wrong > 301 {
			delete(hosts[wrong-1].Vars, "name")
		}
	}
	for range 10 {
		_, _, err := push.Render([]*push.Spec{spec}, hosts, choose, nil)
		if err == nil || !strings.Contains(err.Error(), "spec.yaml:1:75: content:1: for h301: {{.vars.role}} is not defined") {
			t.Fatalf("error %v, want that of h301", err)
		}
	}
}

// TestRenderWrongWhen: the error of a when has the place of its file, and says what to do about it.
func TestRenderWrongWhen(t *testing.T) {
	spec, err := push.ReadSpec("spec.yaml", []byte("files:\n  - {content: x, dest: /x, when: \"@wbe\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	choose := func(string) (map[string]bool, error) {
		return nil, &inventory.Error{Text: `unknown group "wbe"`, Hint: `did you mean "web"?`}
	}
	_, _, err = push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1"}}, choose, nil)
	wrong, _ := errors.AsType[*inventory.Error](err)
	if wrong == nil || wrong.Error() != `spec.yaml:2:5: when: unknown group "wbe"` || wrong.Hint != `did you mean "web"?` {
		t.Errorf("%#v, want the place, and the hint", wrong)
	}
}

// TestRenderOneFolder: several entries may be about one folder, as long as they agree on it.
func TestRenderOneFolder(t *testing.T) {
	src := t.TempDir()
	for second, want := range map[string]string{
		`{src: ` + src + `/, dest: /d/, owner: root}`:           "",
		`{dest: /d, state: directory, mode: "0750"}`:            "",
		`{dest: /d, state: directory, mode: "0700"}`:            "/d is pushed twice to web1, with another mode or owner",
		`{dest: /d, state: directory, owner: nobody}`:           "/d is pushed twice to web1, with another mode or owner",
		`{dest: /d, state: absent}`:                             "/d is pushed twice to web1",
		`{content: x, dest: /d}`:                                "/d is pushed twice to web1",
		`{state: absent, dest: /e}, {content: x, dest: /e/f/g}`: "/e/f/g is pushed to web1, into a folder that is deleted",
	} {
		spec, err := push.ReadSpec("spec.yaml", []byte(`{files: [{dest: /d, state: directory, mode: "0750", owner: root, notify: [a]}, `+second+`], handlers: {a: {run: x}}}`))
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1"}}, nobody, nil)
		if want != "" {
			if wrong := (*inventory.Error)(nil); !errors.As(err, &wrong) || wrong.Text != want {
				t.Errorf("%s: %v, want %s", second, err, want)
			}
			continue
		}
		if err != nil || len(p.Manifests[0].Items) != 1 || p.Manifests[0].Items[0].Mode != 0o750 || p.Manifests[0].Items[0].Owner != "root" {
			t.Errorf("%s: %+v, %v, want one folder of root with mode 0750", second, p.Manifests, err)
		}
	}
}

// TestRenderNoMode: what nobody may read here is not pushed with the default mode, which lets everybody.
func TestRenderNoMode(t *testing.T) {
	for what, write := range map[string]func(path string) error{
		"file":   func(path string) error { return os.WriteFile(path, nil, 0) },
		"folder": func(path string) error { return os.Mkdir(path, 0) },
	} {
		src := t.TempDir()
		if err := write(src + "/private"); err != nil {
			t.Fatal(err)
		}
		spec := &push.Spec{Files: []push.FileSpec{{Src: src + "/", Dest: "/d", Delete: "none"}}}
		_, _, err := push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1"}}, nobody, nil)
		if err == nil || err.Error() != src+"/private has the mode 0000, which can't be pushed" {
			t.Errorf("%s: %v, want that it can't be pushed", what, err)
		}
	}
}

// TestRenderReserved: of a file of a folder that can't be pushed, the name is told.
func TestRenderReserved(t *testing.T) {
	src := filepath.Dir(written(t, ".hail-x", ""))
	spec := &push.Spec{Files: []push.FileSpec{{Src: src + "/", Dest: "/d", Delete: "none"}}}
	_, _, err := push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1"}}, nobody, nil)
	if err == nil || err.Error() != src+"/.hail-x: names that begin with .hail- are reserved for hail" {
		t.Errorf("%v, want that the name is reserved", err)
	}
}

// TestRenderOneHandler: a handler that several specs have runs once.
func TestRenderOneHandler(t *testing.T) {
	read := func(run string) *push.Spec {
		s, err := push.ReadSpec("spec.yaml", []byte(`{files: [{content: x, dest: /`+run+`, notify: [h]}], handlers: {h: {run: `+run+`}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	hosts := []inventory.Host{{Name: "web1"}}
	p, _, err := push.Render([]*push.Spec{read("a"), {Handlers: read("a").Handlers}}, hosts, nobody, nil)
	if err != nil || len(p.Handlers) != 1 {
		t.Errorf("the same in both: %+v, %v, want one", p.Handlers, err)
	}
	if _, _, err := push.Render([]*push.Spec{read("a"), read("b")}, hosts, nobody, nil); err == nil || err.Error() != `two specs have a handler "h", and not the same` {
		t.Errorf("not the same in both: %v", err)
	}
}

// TestJinja: what only Jinja and its like understand is an error, unless it is written as what a file is to have. The error
// does not show it, for it may be a secret.
func TestJinja(t *testing.T) {
	for content, want := range map[string]string{
		"a\n{% if x %}":             "error: motd:2: {% is Jinja, but hail's templates are Go's",
		"{%- endfor -%}{{ x.y }}":   "error: motd:1: {% is Jinja, but hail's templates are Go's",
		"{# about {{.host}}":        "{# about web1",
		"%{%F{red}%} {%H%} ${#n}":   "%{%F{red}%} {%H%} ${#n}",
		"{#about#}":                 "error: motd:1: {# is Jinja, but hail's templates are Go's",
		"a\n{#-\nabout\n-#}":        "error: motd:2: {# is Jinja, but hail's templates are Go's",
		"${#a} {# }\n#}":            "${#a} {# }\n#}",
		`{{"{%"}} if x %}`:          "{% if x %}",
		`{{"{#"}} x #}`:             "{# x #}",
		"${#a[@]} {#DISK} {%s} 5{%": "${#a[@]} {#DISK} {%s} 5{%",
	} {
		src := written(t, "motd", content)
		spec := &push.Spec{Files: []push.FileSpec{{Src: src, Dest: "/etc/motd", Template: true, Delete: "none"}}}
		_, contents, err := push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1"}}, nobody, nil)
		got := ""
		if wrong, ok := errors.AsType[*inventory.Error](err); ok && wrong.Hint != "" {
			got = "error: " + strings.TrimPrefix(wrong.Text, filepath.Dir(src)+"/")
		} else if err == nil {
			got = string(contents[0].Bytes)
		}
		if got != want {
			t.Errorf("%s: %q, %v; want %q", content, got, err, want)
		}
	}
}

// TestFunctions: what a host does not have is no error where there is a value to take instead, join takes a list var or
// the groups, and values are written as everywhere else.
func TestFunctions(t *testing.T) {
	host := inventory.Host{Name: "web1", Groups: []string{"prod", "web"}, Vars: map[string]any{"port": 80, "none": nil, "empty": "", "ports": []any{80, "443"}, "deep": map[string]any{"a": "b"}, "list": []any{"x"},
		"of": []any{map[string]any{}, map[string]any{"no": 3, "p": 4}}}}
	for content, want := range map[string]string{
		`{{.vars.port | default 1}} {{default 1 .vars.port}}`:                     "80 80",
		`{{.vars.none | default 1}} {{.vars.empty | default 1}}`:                  "1 1",
		`{{.vars.no | default 1}} {{default 1 .vars.no}}`:                         "1 1",
		`{{range .vars.list}}{{. | default "y"}}{{$.vars.no | default 1}}{{end}}`: "x1",
		`{{.vars.deep.a | default 1}} {{.vars.deep.b | default "it" | upper}}`:    "b IT",
		`{{(.vars.no | default .vars.deep).a}}`:                                   "b",
		`{{if eq (default "a" .vars.no) "a"}}yes{{end}}`:                          "yes",
		`{{range .vars.of}}{{.no | default 1}}{{default 2 .p}} {{end}}`:           "12 34 ",
		`{{range $i, $e := .vars.of}}{{$e.no | default 1}}{{end}}`:                "13",
		`{{with .vars.deep}}{{.b | default 1}}{{end}}`:                            "1",
		`{{range .vars.list}}{{.no | default 1}}{{end}}`:                          "error: content:1: for web1: {{.no}}: there is no no in it",
		`{{with .vars.no | default ""}}{{else}}{{.hots | default 1}}{{end}}`:      "error: content:1: for web1: {{.hots}} is not defined: did you mean .host?",
		`{{.vars.no}}`:                                  "error: content:1: for web1: {{.vars.no}} is not defined",
		`{{.vars.no.b | default 1}}`:                    "error: content:1: for web1: {{.vars.no}} is not defined",
		`{{.vras.port | default 1}}`:                    "error: content:1: for web1: {{.vras}} is not defined: did you mean .vars?",
		`{{.hots | default 1}}`:                         "error: content:1: for web1: {{.hots}} is not defined: did you mean .host?",
		"{{.host}}\n{{.vars.port.b | default 1}}":       "error: content:2: for web1: {{.vars.port.b}}: there is no b in it",
		"{{default 1 .vars.list.not_a_mapping}}":        "error: content:1: for web1: {{.vars.list.not_a_mapping}}: there is no not_a_mapping in it",
		"{{.vars.none.b | default 1}}":                  "error: content:1: for web1: {{.vars.none.b}}: there is no b in it",
		"{{$.vars.empty.b | default 1}}":                "error: content:1: for web1: {{$.vars.empty.b}}: there is no b in it",
		`{{.vars.none}} {{.vars.ports}} {{.vars.deep}}`: ` [80,"443"] {"a":"b"}`,
		`{{index .vars "no" | default 1}}{{default 2 (index .vars "no")}}{{index .vars.deep "a"}}{{index .vars.ports 0}}`: "12b80",
		`{{index .vars "no"}}`:                     `error: content:1: for web1: {{index .vars "no"}} is not defined`,
		`{{index .vars "no" "b" | default 1}}`:     `error: content:1: for web1: {{index .vars "no" "b"}} is not defined`,
		`{{if index .vars "no"}}{{end}}`:           `error: content:1: for web1: {{index .vars "no"}} is not defined`,
		`{{index .vars "deep" .host | upper}}`:     `error: content:1: for web1: {{index .vars "deep" .host}} is not defined`,
		`{{index .vars.port "no" | default 1}}`:    `error: content:1: for web1: {{.vars.port.no}}: there is no no in it`,
		`{{index .vars "port" .host | default 1}}`: `error: content:1: for web1: {{index .vars "port" .host}}: there is no web1 in it`,
		`{{join "," .groups}}`:                     "prod,web",
		`{{join "," .vars.ports}}`:                 "80,443",
		`{{join "," .vars.port}}`:                  `error: content:1: for web1: {{join "," .vars.port}}: 80 is not a list`,
	} {
		spec := &push.Spec{Files: []push.FileSpec{{Content: &content, Dest: "/x", Template: true, Delete: "none"}}}
		got := ""
		if _, contents, err := push.Render([]*push.Spec{spec}, []inventory.Host{host}, nobody, nil); err != nil {
			got = "error: " + err.Error()
		} else {
			got = string(contents[0].Bytes)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", content, got, want)
		}
	}
}
