package inventory

import (
	"errors"
	"strings"
	"testing"
)

// fuzzSource feeds texts to the reader of a format. The reader must return errors with places, or valid hosts.
func fuzzSource(f *testing.F, path string, read func(b *builder, f file), seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 {
			text = text[:1000]
		}
		clean, wrong := plainText(path, []byte(text))
		if wrong != nil {
			return
		}
		b := newBuilder(Surroundings{Origins: true})
		read(b, file{path, clean})
		inv, err := b.resolve()
		checkLoaded(t, inv, err)
	})
}

func FuzzINI(f *testing.F) {
	fuzzSource(f, "f.ini", readINI, "[a]\nh[1:3] x='1' ansible_port=22\n[a:vars]\nx=[1]\n[b:children]\na\n", "h:22 #x", "[::1]:22", "[a:children]\na", "x y=\\", "a ansible_ssh_common_args='-o ProxyCommand=\"ssh -W %h:%p b\"'",
		`a ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p \"\""'`)
}

func FuzzYAML(f *testing.F) {
	fuzzSource(f, "f.yaml", readYAML, "all: {hosts: {a[1:3]: {x: 010}}, children: {b: {hosts: c, vars: {y: yes}}}}", "a: {hosts: &x {b: }, children: *x}", "web: {vars: {ansible_port: 0}}", "hosts: {a: {port: 1}}")
}

func FuzzCSV(f *testing.F) {
	fuzzSource(f, "f.csv", readCSV, "name,port,groups,x\na[1-2],22,b c,1\n", "host;x\n\"a\";\"b\n\"\n", "name\tuser\na\t\n", "name,name")
}

func FuzzJSON(f *testing.F) {
	fuzzSource(f, "f.json", readJSON, `["a", {"name": "b", "port": 1, "groups": ["c"], "vars": {"x": [1]}}]`, `{"a": {"hosts": ["h"], "vars": {"ansible_host": "b"}, "children": ["c"]}, "_meta": {"hostvars": {"h": {"x": 1}}}}`, "{\"name\":\"a\"}\n{\"host\":\"b\"}", `{"a": []}`)
}

func FuzzClusterShell(f *testing.F) {
	fuzzSource(f, "g.yaml", func(b *builder, f file) {
		c := newClusterGroups(b)
		c.readYAML(f)
		c.readFlat(file{"groups", []byte(strings.ReplaceAll(string(f.text), "{", "\n"))})
		c.resolve()
	}, "a: {b: 'c[1-3]', d: '@b!c2', e: ['@a:*', f]}", "a: {b: '@b'}", "x: y[1-2]")
}

func FuzzAnsiblePattern(f *testing.F) {
	inv := load(f, "hosts", patternInventory)
	for _, seed := range []string{"web:&prod:!db", "~w.b[12]", "web[0],db[-1]", "a[", "*[1:", "web[99999999999999999999:]", "[!a]*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if len(pattern) > 100 {
			pattern = pattern[:100]
		}
		hosts, err := Select(inv, Query{Ansible: []string{pattern}}, Lookups{})
		var wrong *Error
		if err == nil && len(hosts) == 0 || err != nil && (!errors.As(err, &wrong) || wrong.Text == "") {
			t.Errorf("%q: %v, %v", pattern, hosts, err)
		}
	})
}
