package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

const fleet = `
defaults: {user: deploy}
groups:
  web: {hosts: ["web[01-06]"]}
  db: {hosts: ["db[1-3]"]}
  rack1: {hosts: ["web[01-03]", db1]}
  rack2: {hosts: ["web[04-06]", "db[2-3]"]}
  prod: {groups: [web, db]}
  empty: {}
hosts: [lone, "[fe80::1]"]
`

func lookups(files map[string]string) Lookups {
	return Lookups{File: func(path string) ([]byte, error) {
		text, ok := files[path]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return []byte(text), nil
	}}
}

var listed = lookups(map[string]string{
	"some":     "web01\n# x\nweb[05-06]\n",
	"unknown":  "web01\n web99\n",
	"bad":      "web01\nweb[1\n",
	"settings": "web01\nroot@web02\n",
	"key":      "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n",
})

func TestSelect(t *testing.T) {
	inv := load(t, "i.yaml", fleet)
	for _, c := range []struct{ expr, want string }{
		{"web01", "web01"},
		{"db2,web01", "web01 db2"}, // in the order of the inventory
		{"db2 web01  db2", "web01 db2"},
		{"web[01-03]", "web01 web02 web03"},
		{"@web", "web01 web02 web03 web04 web05 web06"},
		{"@web!web[02-06]", "web01"},
		{"@web & @rack1", "web01 web02 web03"},
		{"@web^@rack1", "web04 web05 web06 db1"},
		{"@db,@web&@rack1", "web01 web02 web03 db1"}, // evaluated from left to right
		{"@db,(@web&@rack1)", "web01 web02 web03 db1 db2 db3"},
		{"@prod!(@rack1,db3)", "web04 web05 web06 db2"},
		{"((web01))", "web01"},
		{"@rack[1-2]!@web", "db1 db2 db3"},
		{"@rack*!@db", "web01 web02 web03 web04 web05 web06"},
		{"@rack?&db*", "db1 db2 db3"},
		{"@*", "web01 web02 web03 web04 web05 web06 db1 db2 db3"},
		{"*", "web01 web02 web03 web04 web05 web06 db1 db2 db3 lone [fe80::1]"},
		{"w*1", "web01"},
		{"web0?!web0[3-6]", "web01 web02"},
		{"/^db/", "db1 db2 db3"},
		{"/^(web|db)0?1$/,lone", "web01 db1 lone"},
		{`/a\/b/,lone`, "lone"},
		{"[fe80::1]", "[fe80::1]"},
		{"@file:some", "web01 web05 web06"},
		{"@web!@file:some", "web02 web03 web04"},
		{"^some", "web01 web05 web06"},
		{"@empty,lone", "lone"},
	} {
		got, err := Select(inv, Query{Targets: []string{c.expr}}, listed)
		if err != nil || joined(got) != c.want {
			t.Errorf("%s is %s, %v, want %s", c.expr, joined(got), err, c.want)
		}
	}
}

func joined(hosts []Host) string { return strings.Join(Names(hosts), " ") }

func TestSelectQuery(t *testing.T) {
	inv := load(t, "i.yaml", fleet)
	for _, c := range []struct {
		query Query
		want  string
	}{
		{Query{Targets: []string{"web01", "db1"}}, "web01 db1"},
		{Query{Targets: []string{"@web", "@db"}, Exclude: []string{"@rack1", "web04"}}, "web05 web06 db2 db3"},
		{Query{All: true, Exclude: []string{"@prod"}}, "lone [fe80::1]"},
		{Query{Targets: []string{"lone", "new[1-2]"}, AnyHost: true}, "lone new1 new2"},
		{Query{Targets: []string{"new[1-2]"}, Exclude: []string{"new*"}, All: true, AnyHost: true}, "web01 web02 web03 web04 web05 web06 db1 db2 db3 lone [fe80::1]"},
	} {
		got, err := Select(inv, c.query, listed)
		if err != nil || joined(got) != c.want {
			t.Errorf("%s is %s, %v, want %s", c.query, joined(got), err, c.want)
		}
	}
	if _, ok := inv.Host("new1"); ok || len(inv.index) != len(inv.hosts) {
		t.Error("selecting changed the inventory")
	}
	got, err := Select(inv, Query{Targets: []string{"new1"}, AnyHost: true}, Lookups{})
	if want := []Host{{Name: "new1", Connection: Connection{User: "deploy"}}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a host from outside is %+v, %v, want %+v", got, err, want)
	}
}

func TestSelectWithoutInventory(t *testing.T) {
	for _, c := range []struct {
		query Query
		want  string
	}{
		{Query{Targets: []string{"b a,web[1-2]", "a"}}, "b a web1 web2"}, // in the order written
		{Query{Targets: []string{"web[1-4]!web2"}, Exclude: []string{"web4"}}, "web1 web3"},
		{Query{Targets: []string{"web[1-3]"}, Exclude: []string{"*2"}}, "web1 web3"},
		{Query{Targets: []string{"^some"}}, "web01 web05 web06"},
		{Query{Targets: []string{"[::1]"}}, "[::1]"},
	} {
		got, err := Select(nil, c.query, listed)
		if err != nil || joined(got) != c.want {
			t.Errorf("%s is %s, %v, want %s", c.query, joined(got), err, c.want)
		}
	}
}

func TestSelectErrors(t *testing.T) {
	const joins = "join terms with , (union) ! (without) & (in both) ^ (in one only)"
	const anyHost = "--any-host accepts names that are not in the inventory"
	inv := load(t, "i.yaml", fleet)
	for _, c := range []struct{ expr, want, hint string }{
		{"wbe06", `target "wbe06":1: host "wbe06" is not in the inventory`, `did you mean "web06"?`},
		{"web99", `target "web99":1: host "web99" is not in the inventory`, anyHost},
		{"web[01-99]", `target "web[01-99]":1: host "web07" is not in the inventory`, "it has [fe80::1] db[1-3] lone web[01-06] (11)"},
		{"web[1-3]", `target "web[1-3]":1: host "web1" is not in the inventory`, `did you mean "web[01-03]"?`},
		{"db[01-03]", `target "db[01-03]":1: host "db01" is not in the inventory`, `did you mean "db[1-3]"?`},
		{"web[5-7]", `target "web[5-7]":1: host "web5" is not in the inventory`, "it has [fe80::1] db[1-3] lone web[01-06] (11)"},
		{"[fe80::2]", `target "[fe80::2]":1: host "[fe80::2]" is not in the inventory`, `did you mean "[fe80::1]"?`},
		{"web01,somewhere.example", `target "web01,somewhere.example":7: host "somewhere.example" is not in the inventory`, anyHost},
		{"lone,rack1", `target "lone,rack1":6: host "rack1" is not in the inventory`, `"rack1" is a group: write @rack1, or -g rack1`},
		{"@wbe", `target "@wbe":1: unknown group "wbe"`, `did you mean "web"?`},
		{"@rack[1-3]", `target "@rack[1-3]":1: unknown group "rack3"`, `did you mean "rack1"?`},
		{"@x*", `target "@x*":1: no group matches "x*"`, ""},
		{"@we[b", `target "@we[b":4: "[" is not closed`, ""},
		{"@", `target "@":1: the name of a group is missing`, "@* is every host that is in a group"},
		{"@file:", `target "@file:":1: the path of a file is missing`, "@file:PATH"},
		{"", `target "":1: a host, a pattern or a @group is missing here`, ""},
		{"^", `target "^":1: the path of a file is missing`, "^FILE"},
		{"web01,", `target "web01,":7: a host, a pattern or a @group is missing here`, ""},
		{"web01!!web02", `target "web01!!web02":7: a host, a pattern or a @group is missing here`, "! takes away from what is before it: @web!web01"},
		{"web01,!web02", `target "web01,!web02":7: a host, a pattern or a @group is missing here`, "! takes away from what is before it: @web!web01"},
		{"()", `target "()":2: a host, a pattern or a @group is missing here`, ""},
		{"lone,(web01", `target "lone,(web01":6: "(" is not closed`, ""},
		{"web01)", `target "web01)":6: ")" without "("`, ""},
		{"web01(lone)", `target "web01(lone)":6: "(" is not expected here`, joins},
		{"/web/web01", `target "/web/web01":6: "w" is not expected here`, joins},
		{"//", `target "//":1: the regular expression is empty`, "/./ matches every name"},
		{"lone,/web", `target "lone,/web":6: the regular expression has no closing "/"`, ""},
		{"/(/", "target \"/(/\":1: the regular expression is wrong: missing closing ): `(`", ""},
		{"lone,web[1-", `target "lone,web[1-":9: "[" is not closed`, ""},
		{"lone,web[3-1]", `target "lone,web[3-1]":10: the range "3-1" is descending`, "ranges look like [01-20], [1,3,5] or [0-10/2]"},
		{"web[1-2]*", `target "web[1-2]*":1: "web[1-2]*": ranges and wildcards cannot be combined`, "use a regular expression: /^web[0-9]+/"},
		{"-oX*", `target "-oX*":1: "-oX*" is not a pattern: it begins with "-"`, ""},
		{"root@web01", `target "root@web01":1: "root@web01" is not a host name: it contains '@'`, "set the user and the port with options, or in the inventory"},
		{"web01:22", `target "web01:22":1: "web01:22" is not a host name: it contains ':'`, "set the user and the port with options, or in the inventory"},
		{"web:&rack1", `target "web:&rack1":1: "web:" is not a host name: it contains ':'`, "use --ansible-pattern for patterns of Ansible"},
		{"2001:db8:0:0:0:0:0:1", `target "2001:db8:0:0:0:0:0:1":1: an IPv6 address needs brackets: [2001:db8:0:0:0:0:0:1]`, ""},
		{"[::1", `target "[::1":1: "[" is not closed`, ""},
		{"web{1..3}", `target "web{1..3}":1: "web{1..3}" is not a host name: it contains '{'`, "write ranges in brackets: web[01-20]"},
		{"-", `target "-":1: "-" is not a host name: it begins with "-"`, "use ^- for names on standard input, or -i - -a for an inventory"},
		{"web01;reboot", `target "web01;reboot":1: "web01;reboot" is not a host name: it contains ';'`, ""},
		{"web01\x1b[2J", `target "web01\x1b[2J":7: "[" is not closed`, ""},
		{"^missing", `target "^missing":1: open missing: file does not exist`, ""},
		{"^missing!lone", `target "^missing!lone":1: open missing!lone: file does not exist`, withinExpression},
		{"lone,^missing", `target "lone,^missing":6: a host, a pattern or a @group is missing here`, withinExpression},
		{"^unknown", `unknown:2:2: host "web99" is not in the inventory`, anyHost},
		{"^bad", `bad:2:4: "[" is not closed`, ""},
		{"^settings", `settings:2:1: this sets a user or a port, but only names are allowed here`, "read the file as an inventory: -i settings"},
		{"@file:key", "key: this is a key, not an inventory", "did you mean --identity?"},
		{"lone!lone", "no host is selected: -w 'lone!lone'", "hail hosts -a --fold lists the inventory"},
		{"@empty", "no host is selected: -w '@empty'", "hail hosts -a --fold lists the inventory"},
		{strings.Repeat("(", 200), `target "` + strings.Repeat("(", 200) + `":102: too many parentheses`, ""},
	} {
		got, err := Select(inv, Query{Targets: []string{c.expr}}, listed)
		checkError(t, c.expr, joined(got), err, c.want, c.hint)
	}
	small := load(t, "i.yaml", "hosts: {\"web[01-02]\": {}}\ngroups: {web: {hosts: [\"web[01-02]\"]}}\n")
	for _, c := range []struct {
		inv        *Inventory
		query      Query
		want, hint string
	}{
		{inv, Query{}, "no hosts given", "name them with -w 'web[01-20]', a group with -g web, or all of the inventory with -a"},
		{inv, Query{Exclude: []string{"web01"}}, "no hosts given", "name them with -w 'web[01-20]', a group with -g web, or all of the inventory with -a"},
		{inv, Query{All: true, Exclude: []string{"*"}}, "no host is selected: -a -x '*'", "hail hosts -a --fold lists the inventory"},
		{inv, Query{All: true, Exclude: []string{"web99"}}, `target "web99":1: host "web99" is not in the inventory`, anyHost},
		{nil, Query{All: true}, "-a selects all hosts of the inventory, but there is none", "name one with -i FILE"},
		{nil, Query{Targets: []string{"@web"}}, `target "@web":1: there is no inventory to look up @web in`, "name one with -i FILE"},
		{inv, Query{Targets: []string{"lone!lone"}, Narrow: Narrowing{OnePer: "rack"}}, "no host is selected: -w 'lone!lone' --one-per rack", "hail hosts -a --fold lists the inventory"},
		{nil, Query{Targets: []string{"web*"}}, "no host is selected: -w 'web*'", "there is no inventory to look in: name one with -i FILE"},
		{&Inventory{}, Query{All: true}, "no host is selected: -a", "the inventory has no hosts"},
		{&Inventory{}, Query{Targets: []string{"@*"}}, `target "@*":1: unknown group "*": the inventory has no groups`, ""},
		{Of(small.hosts), Query{Targets: []string{"web99"}, Of: "the run last"}, `target "web99":1: host "web99" is not in the run last`, "it has web[01-02] (2)"},
		{Of(small.hosts), Query{Targets: []string{"wbe02"}, Of: "the run last"}, `target "wbe02":1: host "wbe02" is not in the run last`, `it has web[01-02] (2): did you mean "web02"?`},
		{Of(small.hosts), Query{Targets: []string{"@wbe"}, Of: "the run last"}, `target "@wbe":1: unknown group "wbe"`, `the groups of the run last are web: did you mean "web"?`},
		{Of(small.hosts), Query{Targets: []string{"/x/"}, Of: "the run last"}, `no host is selected: -w '/x/'`, "the run last has web[01-02] (2)"},
		{Of(small.hosts[:0]), Query{Targets: []string{"@dbs"}, Of: "the run last"}, `target "@dbs":1: unknown group "dbs": the run last has no groups`, ""},
	} {
		got, err := Select(c.inv, c.query, listed)
		checkError(t, c.query.String(), joined(got), err, c.want, c.hint)
	}
	_, err := Select(inv, Query{Targets: []string{"^some"}}, Lookups{})
	checkError(t, "no files", "", err, `target "^some":1: files of names cannot be used here`, "")
}

// TestSelectRemarks: what may be a slip, but need not be, is only a remark.
func TestSelectRemarks(t *testing.T) {
	inv := load(t, "i.yaml", varied)
	for _, c := range []struct {
		query Query
		want  string
	}{
		{Query{Targets: []string{"web1,zz*"}}, `target "web1,zz*":6: no host matches zz*`},
		{Query{All: true, Exclude: []string{"/zz/"}}, `target "/zz/":1: no host matches /zz/`},
		{Query{All: true, Exclude: []string{"qqqqq=1"}}, `target "qqqqq=1":1: no host has the var "qqqqq"`},
		{Query{All: true, Exclude: []string{"rack.qqqqq=1"}}, `target "rack.qqqqq=1":1: no host has the var "rack.qqqqq"`},
		{Query{Ansible: []string{"web:!zz*"}}, `pattern "web:!zz*": no host and no group matches zz*`},
		{Query{Targets: []string{"zz*"}, MayBeEmpty: true}, `target "zz*":1: no host matches zz*`},
		{Query{All: true, Exclude: []string{"db*,/lone/,port=22,rack.row=1,vars.mem=1"}}, ""},
	} {
		var told []string
		_, err := Select(inv, c.query, Lookups{Remark: func(e *Error) { told = append(told, e.Error()) }})
		if got := strings.Join(told, "\n"); err != nil || got != c.want {
			t.Errorf("%s: %v, told %q, want %q", c.query, err, got, c.want)
		}
	}
}

func TestRemarkWithoutInventory(t *testing.T) {
	var hint string
	if _, err := Select(nil, Query{Targets: []string{"a,zz*"}}, Lookups{Remark: func(e *Error) { hint = e.Hint }}); err != nil || hint != "there is no inventory to look in: name one with -i FILE" {
		t.Errorf("%v, hint %q", err, hint)
	}
}

func TestWith(t *testing.T) {
	inv := load(t, "i.yaml", varied)
	with := inv.With([]Host{{Name: "web2", Vars: map[string]any{"env": "prod"}}, {Name: "new", Vars: map[string]any{"env": "prod"}}})
	for _, c := range []struct {
		inv        *Inventory
		expr, want string
	}{
		{with, "env=prod", "web2 new"},
		{with, "@web", "web1 web2"},
		{with, "new", "new"},
		{inv, "@web&os=rhel", "web2"},
		{(*Inventory)(nil).With([]Host{{Name: "a"}}), "a", "a"},
	} {
		if got, err := Select(c.inv, Query{Targets: []string{c.expr}}, Lookups{}); err != nil || joined(got) != c.want {
			t.Errorf("%s is %s, %v, want %s", c.expr, joined(got), err, c.want)
		}
	}
	if _, ok := inv.Host("new"); ok {
		t.Error("the inventory was changed")
	}
}

func checkError(t *testing.T, name, got string, err error, want, hint string) {
	t.Helper()
	var wrong *Error
	var all Errors
	if errors.As(err, &all) {
		wrong = all[0]
	} else if !errors.As(err, &wrong) {
		t.Errorf("%q is %s, %v, want %s", name, got, err, want)
		return
	}
	if !strings.HasPrefix(wrong.Error(), want) || wrong.Hint != hint {
		t.Errorf("%q: got %s\n  hint: %s\nwant %s\n  hint: %s", name, wrong, wrong.Hint, want, hint)
	}
}

func TestOf(t *testing.T) {
	inv := load(t, "i.yaml", fleet)
	again := Of(inv.Hosts())
	for _, g := range []string{"web", "db", "rack1", "prod"} {
		if got, want := fmt.Sprint(again.Members(g)), fmt.Sprint(inv.Members(g)); got != want {
			t.Errorf("%s has %s, want %s", g, got, want)
		}
	}
	var none *Inventory
	if _, ok := none.Host("x"); ok || none.Hosts() != nil || none.Groups() != nil || none.Members("x") != nil {
		t.Error("no inventory has something")
	}
}

func FuzzSelect(f *testing.F) {
	for _, seed := range []string{"@prod!db1", "(a,b)&c^d", "/x/", "@file:some", "^some", "web[01-03]*", "@rack[1-2]", `/\//`, "(((", "a b)c"} {
		f.Add(seed)
	}
	inv := load(f, "i.yaml", fleet)
	f.Fuzz(func(t *testing.T, expr string) {
		if len(expr) > 100 {
			expr = expr[:100]
		}
		for _, inv := range []*Inventory{inv, nil} {
			hosts, err := Select(inv, Query{Targets: []string{expr}}, listed)
			if err == nil && len(hosts) == 0 {
				t.Errorf("%q selects nothing, and that is no error", expr)
			}
			seen := map[string]bool{}
			for _, h := range hosts {
				if seen[h.Name] || CheckName(h.Name) != nil {
					t.Errorf("%q selects %q", expr, h.Name)
				}
				seen[h.Name] = true
			}
		}
	})
}
