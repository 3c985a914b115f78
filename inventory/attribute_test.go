package inventory

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const varied = `
vars: {os: debian}
groups:
  web:
    hosts: {web1: {vars: {mem: 64, canary: true, version: 12.10.1, tags: [edge, blue]}}, web2: {identity: [/k1, /k2], vars: {mem: 9, os: rhel, version: 12.9, release: 2.10}}}
    vars: {role: web, rack: {row: 3, name: "r&d"}}
  db:
    hosts: {db1: {address: 10.0.0.1, vars: {load: nan, mem: "128", role: db, release: "2.10", note: "a, b (c)", Serial No.: 7, empty: "", nothing: null}}}
hosts: [lone]
`

func TestAttributes(t *testing.T) {
	inv := load(t, "i.yaml", varied)
	for _, c := range []struct{ expr, want string }{
		{"role=web", "web1 web2"},
		{"role==web", "web1 web2"},
		{"role!=web", "db1 lone"}, // a host without the var does not have the value either
		{"canary=true", "web1"},
		{"@web!canary=true", "web2"},
		{"@web&role=web!canary=true", "web2"},
		{"mem>=64", "web1 db1"},
		{"mem>64", "db1"},
		{"mem<64", "web2"},
		{"mem<=9", "web2"},
		{"mem=128", "db1"},
		{"release=2.10", "web2 db1"},
		{"release=2.1", "web2"}, // the one of db1 is text
		{"mem=064", ""},         // so is this value
		{"mem=64.0", "web1"},
		{"load<=1", ""},                 // nan is not a number
		{"version>12.9", "web1"},        // 12.10.1 is not a number, so versions are compared naturally
		{"version>=12.10", "web1 web2"}, // both are numbers, so 12.9 is greater
		{"os=debian", "web1 db1 lone"},
		{"os!=debian", "web2"},
		{"name=~^db", "db1"},
		{`name=~"^(web|db)1"`, "web1 db1"},
		{"name!~^web", "db1 lone"},
		{"name=lone,role=db", "db1 lone"},
		{"(role=web)", "web1 web2"},
		{"role=web db1", ""}, // a blank is part of the value
		{"role=web , db1", "web1 web2 db1"},
		{`note="a, b (c)"`, "db1"},
		{`"Serial No."=7`, "db1"},
		{`web1,"Serial No.">6&"role"="db"`, "db1"},
		{`"Serial No."!=7`, "web1 web2 lone"},
		{`rack.name="r&d"`, "web1 web2"},
		{"rack.row=3", "web1 web2"},
		{"rack=3", ""},
		{"rack.none=3", ""},
		{"tags=blue", "web1"},
		{"tags!=blue", "web2 db1 lone"},
		{"tags=~^e", "web1"},
		{"identity=/k2", "web2"},
		{"identity!~^/k", "web1 db1 lone"},
		{"group=web", "web1 web2"},
		{"group!=web", "db1 lone"},
		{"group=~^d", "db1"},
		{"address=10.0.0.1", "db1"},
		{"address=~^10", "db1"},
		{"address=lone", "lone"},
		{`empty=""`, "db1"},
		{`nothing=""`, ""},
		{"nothing!=x", "web1 web2 db1 lone"},
		{"nowhere=1", ""},
		{"nowhere!=1", "web1 web2 db1 lone"},
		{"mem=~^.$", "web2"},
	} {
		hosts, err := Select(inv, Query{Targets: []string{c.expr}}, Lookups{})
		if c.want == "" && err != nil && strings.HasPrefix(err.Error(), "no host is selected") {
			err = nil
		}
		if got := joined(hosts); err != nil || got != c.want {
			t.Errorf("%s is %s, %v, want %s", c.expr, got, err, c.want)
		}
	}
}

func TestBadAttributes(t *testing.T) {
	const quoted = `role=web, or role="" for the empty text`
	const inQuotes = `put a value with ( in double quotes: name=~"^(web|db)"`
	const noBlank = "write a test without a blank before its operator: role=web"
	inv := load(t, "i.yaml", varied)
	for _, c := range []struct{ expr, want, hint string }{
		{"role=", `target "role=":6: a value is missing after =`, quoted},
		{"lone,role=,db1", `target "lone,role=,db1":11: a value is missing after =`, quoted},
		{"mem>=!db1", `target "mem>=!db1":6: a value is missing after >=`, quoted},
		{"name=~(web|db)", `target "name=~(web|db)":7: a value is missing after =~`, inQuotes},
		{"name=~^(web|db)", `target "name=~^(web|db)":8: "(" is not expected here`, inQuotes},
		{`role="web`, `target "role=\"web":6: a quote (") is not closed`, ""},
		{`role="web"x`, `target "role=\"web\"x":11: "x" is not expected here`, "join terms with , (union) ! (without) & (in both) ^ (in one only)"},
		{`role=~""`, `target "role=~\"\"":7: the regular expression is empty`, "role=~. matches every text"},
		{"name=~[", "target \"name=~[\":7: the regular expression is wrong: missing closing ]: `[`", ""},
		{"=web", `target "=web":1: no name stands right before this "="`, noBlank},
		{"role = web", `target "role = web":6: no name stands right before this "="`, noBlank},
		{"@web,mem >= 8", `target "@web,mem >= 8":10: no name stands right before this ">"`, noBlank},
		{`"Serial No."`, `target "\"Serial No.\"":1: "\"Serial" is not a host name: it contains '"'`, ""},
		{`"Serial NO."=7`, `target "\"Serial NO.\"=7":1: no host has the var "Serial NO."`, `did you mean "Serial No."?`},
		{"roel=web", `target "roel=web":1: no host has the var "roel"`, `did you mean "role"?`},
		{"ansible_host=10.0.0.1", `target "ansible_host=10.0.0.1":1: no host has the var "ansible_host"`, `did you mean "address"?`},
		{"@web!canray=true", `target "@web!canray=true":6: no host has the var "canray"`, `did you mean "canary"?`},
		{"vars.canray=true", "no host is selected: -w 'vars.canray=true'", `did you mean "canary"?`},
		{"qqqqq=web", "no host is selected: -w 'qqqqq=web'", `no host has the var "qqqqq"`},
		{"role=wbe", "no host is selected: -w 'role=wbe'", "hail hosts -a --fold lists the inventory"},
	} {
		got, err := Select(inv, Query{Targets: []string{c.expr}}, Lookups{})
		checkError(t, c.expr, joined(got), err, c.want, c.hint)
	}
}

func TestRunTerms(t *testing.T) {
	inv := load(t, "i.yaml", varied)
	look := Lookups{Run: func(id string, statuses []string) ([]string, error) {
		switch strings.Join(append([]string{id}, statuses...), " ") {
		case "last failed", "nightly/web failed":
			return []string{"web2", "db1"}, nil
		case "last~1 unreachable lost", "20261123-1504", "nightly/db":
			return []string{"lone"}, nil
		case "old":
			return []string{"gone"}, nil
		}
		return nil, fmt.Errorf("no such run: %q", id)
	}}
	for expr, want := range map[string]string{
		"run:last/failed":                  "web2 db1",
		"run:nightly/web/failed":           "web2 db1",
		"run:nightly/db":                   "lone",
		"run:last~1/unreachable+lost,web1": "web1 lone",
		"@web&run:last/failed":             "web2",
		"run:20261123-1504":                "lone",
	} {
		hosts, err := Select(inv, Query{Targets: []string{expr}}, look)
		if got := joined(hosts); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", expr, got, err, want)
		}
	}
	for expr, want := range map[string]string{
		"run:":       `target "run:":1: the id of a run is missing`,
		"lone,run:x": `target "lone,run:x":6: no such run: "x"`,
		"run:old":    `target "run:old":1: host "gone" is not in the inventory`,
		"run:last":   `target "run:last":1: no such run: "last"`,
	} {
		if _, err := Select(inv, Query{Targets: []string{expr}}, look); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
	if _, err := Select(inv, Query{Targets: []string{"run:last"}}, Lookups{}); err == nil || err.Error() != `target "run:last":1: earlier runs cannot be used here` {
		t.Errorf("without records: %v", err)
	}
}

func TestAttributeText(t *testing.T) {
	h := Host{Name: "h", Connection: Connection{User: "u", Identity: []string{"a", "b"}}, Groups: []string{"x", "y"}, Vars: map[string]any{"n": 1, "l": []any{1, "a"}, "m": map[string]any{"k": 2.5}, "z": nil}}
	got := map[string]string{}
	for _, name := range []string{"name", "address", "group", "groups", "user", "identity", "n", "l", "m", "m.k", "z", "none"} {
		got[name] = Attribute(h, name)
	}
	want := map[string]string{"name": "h", "address": "h", "group": "x y", "groups": "x y", "user": "u", "identity": `["a","b"]`, "n": "1", "l": `[1,"a"]`, "m": `{"k":2.5}`, "m.k": "2.5", "z": "", "none": ""}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestRedactTarget(t *testing.T) {
	secret := func(name string) bool { return name == "pin" }
	for source, want := range map[string]string{
		"@web&role=web":                       "@web&role=web",
		"pin=7":                               "pin=(secret)",
		`a,(vars.pin!="7,8"!b)&role=x^pin>=9`: "a,(vars.pin!=(secret)!b)&role=x^pin>=(secret)",
		"pin=~^7!db1":                         "pin=~(secret)!db1",
		"pin=":                                "pin=",
		"db.pin=7":                            "db.pin=(secret)",
		`a!"pin"=7,"vars.pin"="8"`:            `a!"pin"=(secret),"vars.pin"=(secret)`,
		"vars.a.pin.b=7!a.pins=8":             "vars.a.pin.b=(secret)!a.pins=8",
	} {
		if got := RedactTarget(source, secret); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

// TestValueText: what a list or a mapping has is not escaped for HTML.
func TestValueText(t *testing.T) {
	for want, value := range map[string]any{"": nil, "10000000": 1e7, "true": true, "<a>": "<a>", `["<a> & b",1]`: []any{"<a> & b", 1}, `{"a":"&"}`: map[string]any{"a": "&"}} {
		if got := ValueText(value); got != want {
			t.Errorf("%v is written as %s, want %s", value, got, want)
		}
	}
}
