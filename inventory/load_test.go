package inventory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// write writes files to a new folder, and returns their paths.
func write(t testing.TB, files ...string) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func load(t testing.TB, files ...string) *Inventory {
	t.Helper()
	inv, err := Load(t.Context(), write(t, files...), Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

const example = `
defaults: {user: deploy, port: 22}
vars: {env: prod}
hosts:
  bastion1: {address: 203.0.113.10}
groups:
  web:
    hosts: ["web[01-20].example.com", {name: web21, address: 10.0.0.21, port: 2222, vars: {canary: true}}]
    vars: {role: web, http_port: 8080}
    connection: {user: www, jump: bastion1}
  db: {hosts: {db1: {vars: {shard: 1}}, db2: {}}}
  prod: {groups: [web, db]}
`

func TestNativeExample(t *testing.T) {
	inv := load(t, "inventory.yaml", example)
	if got := Fold(Names(inv.hosts)); got != "bastion1 db[1-2] web21 web[01-20].example.com" {
		t.Errorf("hosts are %s", got)
	}
	for _, want := range []Host{
		{Name: "bastion1", Connection: Connection{Address: "203.0.113.10", User: "deploy", Port: 22}, Vars: map[string]any{"env": "prod"}},
		{
			Name:       "web21",
			Connection: Connection{Address: "10.0.0.21", User: "www", Port: 2222, Jump: "bastion1"},
			Groups:     []string{"prod", "web"},
			Vars:       map[string]any{"env": "prod", "role": "web", "http_port": 8080, "canary": true},
		},
		{Name: "db1", Connection: Connection{User: "deploy", Port: 22}, Groups: []string{"db", "prod"}, Vars: map[string]any{"env": "prod", "shard": 1}},
	} {
		got, ok := inv.Host(want.Name)
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if got := fmt.Sprint(inv.Groups()); got != "[web db prod]" {
		t.Errorf("groups are %s", got)
	}
	if got := Fold(inv.Members("prod")); got != "db[1-2] web21 web[01-20].example.com" {
		t.Errorf("prod has %s", got)
	}
}

// TestPrecedence: each case gives the expected user and var x of host h.
func TestPrecedence(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"nothing said":           {`hosts: [h]`, ` <nil>`},
		"defaults":               {`{defaults: {user: d}, vars: {x: v}, hosts: [h]}`, `d v`},
		"group over defaults":    {`{defaults: {user: d}, vars: {x: v}, groups: {g: {hosts: h, vars: {x: g}, connection: {user: g}}}}`, `g g`},
		"host over group":        {`groups: {g: {hosts: {h: {user: h, vars: {x: h}}}, vars: {x: g}, connection: {user: g}}}`, `h h`},
		"host said elsewhere":    {`{groups: {g: {hosts: [h], vars: {x: g}, connection: {user: g}}}, hosts: {h: {user: h, vars: {x: h}}}}`, `h h`},
		"child over parent":      {`groups: {c: {hosts: [h], vars: {x: c}, connection: {user: c}}, p: {groups: [c], vars: {x: p}, connection: {user: p}}}`, `c c`},
		"over the grandparent":   {`groups: {c: {hosts: [h]}, p: {groups: [c], vars: {x: p}, connection: {user: p}}, g: {groups: [p], vars: {x: g}, connection: {user: g}}}`, `p p`},
		"the later among equals": {`groups: {z: {hosts: [h], vars: {x: z}, connection: {user: z}}, a: {hosts: [h], vars: {x: a}, connection: {user: a}}}`, `a a`},
		"null is a value":        {`{vars: {x: 1}, hosts: {h: {vars: {x: null}}}}`, ` <nil>`},
		"in a group and its parent": {
			`groups: {p: {groups: [c], hosts: [h], vars: {x: p}, connection: {user: p}}, c: {hosts: [h], vars: {x: c}, connection: {user: c}}}`, `c c`},
	} {
		h, ok := load(t, "i.yaml", c.yaml).Host("h")
		if got := fmt.Sprintf("%s %v", h.Connection.User, h.Vars["x"]); !ok || got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestEveryConnectionKey(t *testing.T) {
	inv := load(t, "i.yaml", `hosts: {h: {address: "::1", user: u, port: 1, identity: [a, b], jump: "x,y@z:2", ssh_config_host: s,
		shell: /bin/bash -l, connect_timeout: 1m30s, known_hosts: k, host_key_alias: alias,
		become: false, become_user: root, become_method: doas, options: {Ciphers: aes128-ctr, ServerAliveInterval: 5}}}`)
	got, _ := inv.Host("h")
	want := Connection{Address: "::1", User: "u", Port: 1, Identity: []string{"a", "b"}, Jump: "x,y@z:2", SSHConfigHost: "s",
		Shell: "/bin/bash -l", ConnectTimeout: Duration(90 * time.Second), KnownHosts: []string{"k"}, HostKeyAlias: "alias",
		Become: new(bool), BecomeUser: "root", BecomeMethod: "doas", Options: map[string]string{"Ciphers": "aes128-ctr", "ServerAliveInterval": "5"}}
	if !reflect.DeepEqual(got.Connection, want) {
		t.Errorf("got  %+v\nwant %+v", got.Connection, want)
	}
	for _, key := range connectionKeys {
		if _, ok := want.setting(key); !ok {
			t.Errorf("the key %s is not tested", key)
		}
	}
}

func TestOptionsMerge(t *testing.T) {
	inv := load(t, "i.yaml", `groups: {g: {hosts: [{name: h, options: {serveraliveinterval: 60, ForwardX11: no}}], connection: {options: {ServerAliveInterval: 30, Port: 1}}}}`)
	h, _ := inv.Host("h")
	want := map[string]string{"serveraliveinterval": "60", "ForwardX11": "no", "Port": "1"}
	if !reflect.DeepEqual(h.Connection.Options, want) {
		t.Errorf("the options are %v, want %v", h.Connection.Options, want)
	}
}

func TestSourcesMerge(t *testing.T) {
	inv := load(t,
		"a.yaml", "defaults: {user: one, port: 1}\nvars: {v: 1}\nhosts: {h: {port: 10, vars: {a: 1, b: 1}}}\ngroups: {g: {hosts: [h], vars: {g: 1}}}",
		"b.yaml", "defaults: {user: two}\nhosts: {h: {address: x}}\ngroups: {g: {hosts: [i], vars: {g2: 2}}, other: {groups: [g]}}",
		"c.yaml", "hosts: {h: {port: 20, vars: {b: 2}}}",
		"list", "h\nme@j:30\n")
	h, _ := inv.Host("h")
	want := Host{
		Name:       "h",
		Connection: Connection{Address: "x", User: "two", Port: 20},
		Groups:     []string{"g", "other"},
		Vars:       map[string]any{"v": 1, "a": 1, "b": 2, "g": 1, "g2": 2},
	}
	if !reflect.DeepEqual(h, want) {
		t.Errorf("got  %+v\nwant %+v", h, want)
	}
	if j, _ := inv.Host("j"); j.Connection.User != "me" || j.Connection.Port != 30 {
		t.Errorf("j is %+v", j)
	}
	if got := fmt.Sprint(Names(inv.hosts)); got != "[h i j]" {
		t.Errorf("order is %s", got)
	}
}

func TestHostList(t *testing.T) {
	inv := load(t, "hosts.txt", "\ufeff# ours\r\nweb[01-03]\r\n\n  root@db1:2222 # the big one\n[::1]\n[fe80::1%eth0]:22\nanna@corp@x\n")
	var got []string
	for _, h := range inv.Hosts() {
		got = append(got, fmt.Sprintf("%s/%s/%d", h.Name, h.Connection.User, h.Connection.Port))
	}
	if want := "web01//0 web02//0 web03//0 db1/root/2222 [::1]//0 [fe80::1%eth0]//22 x/anna@corp/0"; strings.Join(got, " ") != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

func TestFolderAndStdin(t *testing.T) {
	file := write(t, "b", "b1", "a.yaml", "hosts: [a1]", ".hidden", "!", "old~", "!", "ansible.cfg", "[defaults]\nforks = 9\n", "README.rst", "Hosts\n=====\n", "d.txt", "d1")[0]
	dir := filepath.Dir(file)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"loop1", "loop2"} {
		if err := os.Symlink(dir, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	inv, err := Load(t.Context(), []string{dir, "-"}, Surroundings{Stdin: strings.NewReader("c[1-2]\n")})
	if err != nil || fmt.Sprint(Names(inv.hosts)) != "[a1 b1 d1 c1 c2]" {
		t.Errorf("hosts are %v, %v", inv.Hosts(), err)
	}
	if inv, err := Load(t.Context(), nil, Surroundings{}); err != nil || len(inv.Hosts()) != 0 {
		t.Errorf("no sources: %v, %v", inv, err)
	}
}

func TestBadSources(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want, hint string }{
		"key":            {"id_ed25519", "\n-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n", "F: this is a key, not an inventory", "did you mean --identity?"},
		"key as yaml":    {"k.yaml", "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n", "F: this is a key, not an inventory", "did you mean --identity?"},
		"UTF-16":         {"h", "\xff\xfea\x00", "F:1:1: this is not UTF-8 text", ""},
		"binary":         {"h", "web1\nab\x00c", `F:2:3: the control character '\x00' is not allowed here`, ""},
		"escape":         {"h.yaml", "hosts: [a]\n# \x1b[31m", `F:2:3: the control character '\x1b' is not allowed here`, ""},
		"script":         {"inv", "#!/bin/sh\necho a", "F: this program is not executable (chmod +x)", ""},
		"two words":      {"h", "a\nweb1 x1", "F:2:6: there is more than one word on the line", oneALine},
		"option":         {"h", "-oProxyCommand=x", `F:1:1: "-oProxyCommand=x" is not a host name: it begins with "-"`, ""},
		"shell":          {"h", "  $(reboot)", `F:1:3: "$(reboot)" is not a host name: it contains '$'`, ""},
		"bad user":       {"h", "-l@web1", `F:1:1: user "-l" begins with "-"`, ""},
		"bad port":       {"h", "root@web1:022", `F:1:11: "022" is not a port (1 to 65535)`, ""},
		"bare IPv6":      {"h", "a@::1", "F:1:3: an IPv6 address needs brackets: [::1]", ""},
		"ClusterShell":   {"g.yaml", "roles: {adm: node0}\nracks: {r1: [a, b]}", `F:1:1: unknown key "roles" in an inventory`, "for groups of ClusterShell use -i clustershell:F"},
		"near":           {"g.yaml", "defualts: {user: root}", `F:1:1: unknown key "defualts" in an inventory`, `did you mean "defaults"?`},
		"range at place": {"h", " a@web[3-1]", `F:1:8: the range "3-1" is descending`, "ranges look like [01-20], [1,3,5] or [0-10/2]"},
	} {
		path := write(t, c.file, c.text)[0]
		_, err := Load(t.Context(), []string{path}, Surroundings{})
		checkErrors(t, name, path, err, c.want, strings.ReplaceAll(c.hint, ":F", ":"+path))
	}
}

// checkErrors checks the lines of an Errors, in which F stands for the file, and the hint of the first error.
func checkErrors(t *testing.T, name, path string, err error, want, hint string) {
	t.Helper()
	var all Errors
	if !errors.As(err, &all) {
		t.Errorf("%s: the error is %v", name, err)
		return
	}
	if got := strings.ReplaceAll(all.Error(), path, "F"); got != want || all[0].Hint != hint {
		t.Errorf("%s: got\n%s\n  hint: %s\nwant\n%s\n  hint: %s", name, got, all[0].Hint, want, hint)
	}
}

func TestUnreadable(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	_, err := Load(t.Context(), []string{missing}, Surroundings{})
	checkErrors(t, "missing", missing, err, "F: no such file or directory", "name an inventory with -i FILE, or only hosts with -w")
	for _, source := range []string{"", "csv:", "program:"} {
		_, err := Load(t.Context(), []string{source}, Surroundings{})
		checkErrors(t, source, "F", err, "the name of a source of hosts is empty", "-i FILE")
	}
	_, err = Load(t.Context(), []string{"/dev/zero"}, Surroundings{})
	checkErrors(t, "device", "/dev/zero", err, "F: this is not a regular file", "")
	_, err = Load(t.Context(), []string{"-"}, Surroundings{})
	checkErrors(t, "no stdin", "standard input", err, "F: there is none", "")
	if _, err := readAll(endless{}, 1<<20); err == nil || err.Error() != "larger than 1 MiB, too large for an inventory" {
		t.Errorf("endless input: %v", err)
	}
}

// TestPipeInFolder: a named pipe is read if it is named, as with <(…) in a shell, but one that is only found is not.
func TestPipeInFolder(t *testing.T) {
	hosts := write(t, "hosts.ini", "[g]\na\n")[0]
	for name, source := range map[string]string{"pipe": filepath.Dir(hosts), "group_vars/g": hosts, "host_vars/a/x.yml": hosts} {
		pipe := filepath.Join(filepath.Dir(hosts), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(pipe), 0o700), syscall.Mkfifo(pipe, 0o600)); err != nil {
			t.Fatal(err)
		}
		_, err := Load(t.Context(), []string{source}, Surroundings{})
		checkErrors(t, name, pipe, err, "F: this is not a regular file", "")
		if err := os.Remove(pipe); err != nil {
			t.Fatal(err)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestLimits(t *testing.T) {
	var groups strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&groups, "g%d\n", i)
	}
	for format, bad := range map[string]string{
		"list": strings.Repeat("!\n", 1000),
		"ini":  "[x:children]\n" + groups.String(),
		"yaml": "groups: {x: {groups: [" + strings.ReplaceAll(groups.String(), "\n", ",") + "]}}",
	} {
		_, err := Load(t.Context(), []string{format + ":-"}, Surroundings{Stdin: strings.NewReader(bad)})
		if lines := strings.Split(err.Error(), "\n"); len(lines) != 11 || lines[10] != "and 90 more errors" {
			t.Errorf("%s: many errors: %s", format, err)
		}
	}
	const tooOften = "hosts are named more than 70 times up to here"
	for text, c := range map[string]struct {
		read func(*builder, file)
		want string
	}{
		"a[1-20]\na[1-20]\na[1-20]\na[1-20]\na[1-20\n":                       {readList, "F:4:1: " + tooOften},
		"a[1-20]\nb[1-20]\nc[1-20]\nd[1-20\n":                                {readList, "F:3:1: there are more than 50 hosts up to here"},
		"[g]\na[1:20]\na[1:20]\na[1:20]\na[1:20]\na[1:20\n":                  {readINI, "F:5:1: " + tooOften},
		"hosts: ['a[1-20]', 'a[1-20]', 'a[1-20]', 'a[1-20]', 'a[1-20']":      {readYAML, "F:1:42: " + tooOften},
		"name\n\"a[1-20]\"\n\"a[1-20]\"\n\"a[1-20]\"\n\"a[1-20]\"\na[1-20\n": {readCSV, "F:5:1: " + tooOften},
	} {
		b := newBuilder(Surroundings{})
		b.maxHosts, b.maxMentions = 50, 70
		c.read(b, file{"F", []byte(text)})
		_, err := b.resolve()
		checkErrors(t, text, "F", err, c.want, "")
	}
}

// TestHostsShare: hosts share the vars and groups that they have in common, so that a large inventory takes little
// memory.
func TestHostsShare(t *testing.T) {
	inv := load(t, "i.yaml", `{groups: {g: {hosts: "h[1-2]", vars: {a: 1}}}}`)
	h := inv.Hosts()
	if reflect.ValueOf(h[0].Vars).Pointer() != reflect.ValueOf(h[1].Vars).Pointer() || &h[0].Groups[0] != &h[1].Groups[0] {
		t.Error("two hosts of one group do not share their vars and groups")
	}
}

func FuzzList(f *testing.F) {
	for _, seed := range []string{"web[01-03]\nroot@db1:22 # x\n", "[::1]:22", "::1", "a@b@c:1", ":", "@", "a:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 {
			text = text[:200]
		}
		inv, err := Load(t.Context(), []string{"-"}, Surroundings{Stdin: strings.NewReader(text)})
		checkLoaded(t, inv, err)
	})
}

// checkLoaded checks that all errors have a place, or else that the hosts are valid.
func checkLoaded(t *testing.T, inv *Inventory, err error) {
	var all Errors
	if errors.As(err, &all) {
		for _, e := range all {
			if e.Place.File == "" || e.Text == "" || strings.Contains(e.Text, "\n") {
				t.Errorf("bad error %+v", e)
			}
		}
		return
	}
	for _, h := range inv.Hosts() {
		if CheckName(h.Name) != nil || h.Connection.User != "" && CheckUser(h.Connection.User) != nil || h.Connection.Port < 0 || h.Connection.Port > 65535 {
			t.Errorf("bad host %+v", h)
		}
	}
}

// TestErrorsAs: whoever knows only *Error finds the first of several.
func TestErrorsAs(t *testing.T) {
	_, err := Load(t.Context(), []string{"/nonexistent/1", "/nonexistent/2"}, Surroundings{})
	var first *Error
	if !errors.As(err, &first) || !strings.Contains(first.Text, "/nonexistent/1") && !strings.Contains(first.Place.File, "/nonexistent/1") {
		t.Errorf("the first error of %v is %v", err, first)
	}
}
