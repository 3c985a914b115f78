package inventory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// described writes one line for each host of an inventory: name, settings, groups, vars.
func described(inv *Inventory) string {
	var b strings.Builder
	for _, h := range inv.Hosts() {
		fmt.Fprintf(&b, "%s", h.Name)
		for _, s := range h.Connection.Settings() {
			fmt.Fprintf(&b, " %s:%v", s.Key, s.Value)
		}
		fmt.Fprintf(&b, " %v %v\n", h.Groups, h.Vars)
	}
	return b.String()
}

// TestSources: the same hosts, in each format.
func TestSources(t *testing.T) {
	const want = "web1 address:10.0.0.1 user:www [web] map[canary:true rack:3]\nweb2 port:2222 [prod web] map[rack:007]\n"
	for name, text := range map[string]string{
		"i.yaml":    "groups:\n  web: {hosts: {web1: {address: 10.0.0.1, user: www, vars: {rack: 3, canary: true}}, web2: {port: 2222, vars: {rack: 007}}}}\n  prod: {hosts: web2}\n",
		"h.csv":     "name,address,user,port,groups,rack,canary\nweb1,10.0.0.1,www,,web,3,true\nweb2,,,2222,web prod,007,\n",
		"semi.csv":  "# from a spreadsheet\nhost;rack;address;user;port;group;canary\n\"web1\"; 3;10.0.0.1;www;;web;TRUE\n; ;;;;;\nweb2;007;;;2222;\"web;prod\";\n",
		"tab.tsv":   "name\taddress\tuser\tport\tgroups\track\tcanary\nweb1\t10.0.0.1\twww\t\tweb\t3\ttrue\nweb2\t\t\t2222\tprod,web\t007\t\n",
		"h.json":    `[{"name": "web1", "address": "10.0.0.1", "user": "www", "groups": ["web"], "vars": {"rack": 3, "canary": true}}, {"host": "web2", "connection": {"port": 2222}, "groups": ["web", "prod"], "vars": {"rack": "007"}}]`,
		"lines":     "{\"name\": \"web1\", \"address\": \"10.0.0.1\", \"user\": \"www\", \"groups\": \"web\", \"vars\": {\"rack\": 3, \"canary\": true}}\n\n{\"name\": \"web2\", \"port\": 2222, \"groups\": [\"web\", \"prod\"], \"vars\": {\"rack\": \"007\"}}\n",
		"one.jsonl": "{\"name\": \"web1\", \"address\": \"10.0.0.1\", \"user\": \"www\", \"groups\": \"web\", \"vars\": {\"rack\": 3, \"canary\": true}} {\"name\": \"web2\", \"port\": 2222, \"groups\": [\"web\", \"prod\"], \"vars\": {\"rack\": \"007\"}}",
	} {
		if got := described(load(t, name, text)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestFormatByName: a format named before the path decides, whatever the file is called.
func TestFormatByName(t *testing.T) {
	for name, text := range map[string]string{
		"csv":        "name,x\na,1\n",
		"json":       `["a"]`,
		"yaml":       "hosts: [a]",
		"ini":        "[g]\na\n",
		"list":       "a # x\n",
		"ssh_config": "Host a *.b !c\n  User x\nHost *\n",
	} {
		path := write(t, "source", text)[0]
		inv, err := Load(t.Context(), []string{name + ":" + path}, Surroundings{})
		if err != nil || fmt.Sprint(Names(inv.hosts)) != "[a]" {
			t.Errorf("%s: %v, %v", name, inv, err)
		}
		if name == "ssh_config" {
			continue
		}
		inv, err = Load(t.Context(), []string{name + ":-"}, Surroundings{Stdin: strings.NewReader(text)})
		if err != nil || fmt.Sprint(Names(inv.hosts)) != "[a]" {
			t.Errorf("%s on stdin: %v, %v", name, inv, err)
		}
	}
}

// TestRecognised: without a telling file name, the first lines decide about the format.
func TestRecognised(t *testing.T) {
	for text, want := range map[string]string{
		"a\nb":                   "list",
		"[::1]":                  "list",
		"[::1]:22":               "list",
		"[1-3]":                  "list",
		"web[01-03] # [x]":       "list",
		"a x=1":                  "ini",
		"# x\n[web]\na":          "ini",
		"[web:children] # x":     "ini",
		"---\nhosts: [a]":        "yaml",
		"hosts:\n  - a":          "yaml",
		"all:\n  hosts:":         "yaml",
		"{\"a\": []}":            "json",
		" [\"a\"]":               "json",
		"[{\"name\": \"a\"}]":    "json",
		"[\n {\"name\": \"a\"}]": "json",
		"10.0.0.1:22":            "list",
		"root@db1:2222":          "list",
	} {
		f := file{"hosts", []byte(text)}
		for _, as := range formats() {
			if as.fits != nil && as.fits(f) {
				if as.name != want {
					t.Errorf("%q is %s, want %s", text, as.name, want)
				}
				break
			}
		}
	}
}

func TestAnsibleOrNative(t *testing.T) {
	for text, want := range map[string]bool{
		"all: {hosts: {a: }}":                         true,
		"web: {hosts: {a: }}":                         true,
		"web: {children: {a: }}\nhosts: {hosts: a: }": false, // not even in YAML
		"web: {vars: {x: 1}}\nvars: {hosts: {}}":      true,
		"hosts: {a: }":                                false,
		"groups: {hosts: {hosts: a}}":                 false,
		"vars: {hosts: 1}\ngroups: {}":                false,
		"hsots: [a]":                                  false,
		"settings: {}":                                false,
	} {
		inv, err := Load(t.Context(), write(t, "i.yaml", text), Surroundings{})
		isOurs := err != nil || inv.groups["ungrouped"] == nil
		if isOurs == want {
			t.Errorf("%q: %v, %v", text, inv, err)
		}
	}
}

func TestAnsibleConnection(t *testing.T) {
	for args, want := range map[string]string{
		"-o ProxyJump=b":     "jump:b",
		"-oProxyJump=u@b:22": "jump:u@b:22",
		"-J a,b":             "jump:a,b",
		`-o ProxyCommand="ssh -W %h:%p -q user@gw.example"`:  "jump:user@gw.example",
		`-o ProxyCommand="ssh -p 2222 -l me -W %h:%p gw"`:    "jump:me@gw:2222",
		`-o 'ProxyCommand nc -x proxy %h %p'`:                "options:map[ProxyCommand:nc -x proxy %h %p]",
		"-C -o ControlMaster=auto -o ControlPersist=60s":     "",
		"-o ServerAliveInterval=30 -o Ciphers=aes128-ctr -q": "options:map[Ciphers:aes128-ctr ServerAliveInterval:30]",
		"-o StrictHostKeyChecking=no -o ProxyJump=b":         "jump:b",
		"-o StrictHostKeyChecking=yes":                       "options:map[StrictHostKeyChecking:yes]",
		"-o UserKnownHostsFile=/dev/null":                    "",
		`-o UserKnownHostsFile="/a ~/b"`:                     "known_hosts:[/a ~/b]",
		`-o ProxyCommand="ssh -W %h:%p \"\""`:                `options:map[ProxyCommand:ssh -W %h:%p ""]`,
		"-v -i /key -p 2222 -l me -4":                        "options:map[AddressFamily:inet IdentityFile:/key Port:2222 User:me]",
		"-p 1 -o Port=2 -o port=3":                           "options:map[Port:1]", // the first one counts, as for ssh
		"-o UserKnownHostsFile=/a -o UserKnownHostsFile=/b":  "known_hosts:[/a]",
		"-o ProxyCommand=a -J b -o proxyjump=c":              "options:map[ProxyCommand:a]",
		"-J b -o ProxyCommand=a -o ProxyJump=c":              "jump:b",
	} {
		inv := load(t, "hosts.yml", fmt.Sprintf("all: {hosts: {h: {ansible_ssh_common_args: %q}}}", args))
		h, _ := inv.Host("h")
		var got []string
		for _, s := range h.Connection.Settings() {
			got = append(got, fmt.Sprintf("%s:%v", s.Key, s.Value))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}

// TestSSHArgumentsReplaced: as in Ansible, a var with arguments for ssh replaces the one that it overrides, also by
// nothing: the usual way to reach the jump host itself. What the other var with arguments says stays.
func TestSSHArgumentsReplaced(t *testing.T) {
	paths := write(t, "hosts.ini", `[all:vars]
ansible_ssh_common_args='-J gw -o ServerAliveInterval=5 -o UserKnownHostsFile=/k'
ansible_ssh_extra_args='-o TCPKeepAlive=no'
[web]
gw ansible_ssh_common_args=''
one ansible_ssh_common_args='-o ConnectionAttempts=3'
two
[db:vars]
ansible_ssh_extra_args='-J own'
ansible_ssh_common_args='-J other'
[db]
db ansible_ssh_common_args=''
`)
	inv, err := Load(t.Context(), paths, Surroundings{Origins: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"gw":  "[{options map[TCPKeepAlive:no]}] from lines 3",
		"one": "[{options map[ConnectionAttempts:3 TCPKeepAlive:no]}] from lines 3 6",
		"two": "[{jump gw} {known_hosts [/k]} {options map[ServerAliveInterval:5 TCPKeepAlive:no]}] from lines 2 2 2 3",
		"db":  "[{jump own}] from lines 9",
	} {
		h, _ := inv.Host(name)
		got := fmt.Sprint(h.Connection.Settings()) + " from lines"
		for _, o := range inv.Origins(name) {
			got += fmt.Sprint(" ", o.Place.Line)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestSSHArgumentsInOrder: ssh gets the vars in this order, wherever they are set, and its first value counts. Between them
// and settings of hail's own, the nearer way to reach a host counts.
func TestSSHArgumentsInOrder(t *testing.T) {
	inv := load(t, "under.yaml", "defaults: {jump: low}", "hosts.ini", `[web]
one ansible_ssh_extra_args='-J extra -o Port=3 -l extra' ansible_ssh_common_args='-o ProxyCommand=common -p 2' ansible_ssh_args='-p 1'
two ansible_ssh_extra_args='-o ProxyCommand=extra' ansible_ssh_common_args=''
three ansible_ssh_args='-o ProxyCommand=args'
four ansible_ssh_args=''
[web:vars]
ansible_ssh_common_args=-J common
ansible_ssh_args=-J args -o Port=1
`, "over.yaml", "hosts: {two: {jump: own}, three: {jump: own}, four: {options: {User: b}}}")
	for name, want := range map[string]string{
		"one":   "[{options map[Port:1 ProxyCommand:common User:extra]}]",
		"two":   "[{jump own} {options map[Port:1]}]",
		"three": "[{jump own}]",
		"four":  "[{jump common} {options map[User:b]}]",
	} {
		h, _ := inv.Host(name)
		if got := fmt.Sprint(h.Connection.Settings()); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestAnsibleShell: where Ansible runs PowerShell or cmd.exe, there is no POSIX shell; a host may differ from its group.
func TestAnsibleShell(t *testing.T) {
	inv := load(t, "hosts.ini", `[windows]
one
two ansible_shell_type=cmd
three ansible_shell_type=sh
four ansible_shell_executable=/bin/bash
[windows:vars]
ansible_shell_type=powershell
[linux]
five ansible_shell_type=fish ansible_shell_executable=/bin/bash
`)
	for name, want := range map[string]string{"one": NoShell, "two": NoShell, "three": "", "four": "/bin/bash", "five": "/bin/bash"} {
		h, _ := inv.Host(name)
		if h.Connection.Shell != want || h.Connection.Bare() != (want == NoShell) {
			t.Errorf("%s: the shell is %q, bare: %v, want %q", name, h.Connection.Shell, h.Connection.Bare(), want)
		}
	}
}

// TestAnsibleNames: as in Ansible, ansible_ssh_user counts more than ansible_user wherever they are set, nothing overrides
// something, and the port in a name is that of a host which has not been named before. What another source says later
// counts more than both names.
func TestAnsibleNames(t *testing.T) {
	inv := load(t, "hosts.ini", `[web]
both ansible_ssh_user=s ansible_user=p ansible_port=5
plain ansible_user=p
gone ansible_user= ansible_ssh_user='' ansible_become=
[web:vars]
ansible_ssh_user=group
ansible_ssh_port=7
ansible_become=yes
[db]
first:1 ansible_port=2
second:3
gone:4
second:5
late
[db:vars]
ansible_user=db
ansible_ssh_user=db
`, "over.yaml", "groups: {all: {hosts: [over], connection: {user: all}}, web: {hosts: [over], connection: {port: 9}}}\nhosts: {plain: {user: own}, late: {user: own}, both: {vars: {ansible_ssh_user: only a var}}}",
		"again.yml", "web: {hosts: {both:6: {ansible_port: 8}, over: {ansible_port: 10, ansible_user: null}}}\ndb: {hosts: {late: {ansible_user: late}}}")
	for name, want := range map[string]string{
		"both":   "[{user s} {port 8} {become true}]",
		"plain":  "[{user own} {port 9} {become true}]",
		"gone":   "[{port 9}]",
		"first":  "[{user db} {port 2}]",
		"second": "[{user db} {port 3}]",
		"late":   "[{user late}]",
		"over":   "[{user group} {port 10} {become true}]",
	} {
		h, _ := inv.Host(name)
		if got := fmt.Sprint(h.Connection.Settings()); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func anyRemark(*Remark) bool { return true }

func TestRemarks(t *testing.T) {
	inv := load(t,
		"a.ini", "a ansible_password=hunter2\nb ansible_password=hunter3 ansible_connection=winrm\nc ansible_host_key_checking=false ansible_become_method=su\nd ansible_ssh_common_args='-o StrictHostKeyChecking=no -v'\nf ansible_ssh_common_args='-o StrictHostKeyChecking=ask'\ng ansible_ssh_common_args='-o StrictHostKeyChecking=accept-new'\ne ansible_become_exe=/opt/sudo ansible_become_flags='-H {{ x }}' ansible_ssh_executable=/opt/ssh\n",
		"b.yml", "web: {hosts: {e: {x: !vault v, y: [!vault v]}}, colour: red}\n",
	)
	var got []string
	for _, r := range inv.RemarksOn(inv.Hosts(), anyRemark) {
		got = append(got, filepath.Base(r.Error()))
	}
	want := []string{
		`b.yml:1:49: "colour" in a group is left out: Ansible knows hosts, vars and children there`,
		"a.ini:1:3: ansible_password is a credential: it is left out (and 1 more)",
		"a.ini:2:28: ansible_connection is winrm, and hail reaches hosts only by SSH",
		"a.ini:3:3: ansible_host_key_checking is off: host keys stay verified",
		"a.ini:3:35: ansible_become_method is su, and hail has only sudo and doas",
		"a.ini:4:3: ansible_ssh_common_args: StrictHostKeyChecking=no is left out: host keys stay verified",
		"a.ini:4:3: ansible_ssh_common_args: -v is left out",
		"a.ini:6:3: ansible_ssh_common_args: StrictHostKeyChecking=accept-new is left out: host keys stay verified",
		"a.ini:7:3: ansible_become_exe has no effect: hail runs the sudo or doas that the login's PATH has",
		"a.ini:7:32: ansible_become_flags has no effect: hail runs sudo and doas with options of its own",
		"a.ini:7:66: ansible_ssh_executable has no effect: hail does not run ssh",
		"b.yml:1:22: x is encrypted by ansible-vault: it is left out",
		"b.yml:1:35: y is encrypted by ansible-vault: it is left out",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, h := range inv.Hosts() {
		if strings.Contains(fmt.Sprint(h), "hunter") {
			t.Errorf("%v has a password", h)
		}
	}
}

// TestMethodAnswersRemark: a become_method of hail's own that overrides one of Ansible's settles what was remarked on that.
func TestMethodAnswersRemark(t *testing.T) {
	const su, doas = "web1 ansible_become_method=su\n", "hosts: {web1: {become_method: doas}}"
	if told := load(t, "a.ini", su, "b.yaml", doas).RemarksOf("web1"); told != nil {
		t.Errorf("overridden: %v", told)
	}
	if told := load(t, "b.yaml", doas, "a.ini", su).RemarksOf("web1"); len(told) != 1 {
		t.Errorf("it overrides: %v, want the remark", told)
	}
}

// TestRemarksOf: a remark is on the hosts that get the value, unless another value overrides it.
func TestRemarksOf(t *testing.T) {
	inv := load(t, "a.ini", `one ansible_connection=ssh
two
three
[web]
two ansible_become_method=su
three
[web:vars]
ansible_connection=ansible.windows.winrm
ansible_ssh_extra_args=-v
[all:vars]
ansible_connection=local
ansible_ssh_extra_args=-A
[web]
three ansible_become_method=ansible.builtin.sudo ansible_ssh_extra_args=
`)
	for name, want := range map[string]string{
		"":      "[]",
		"one":   "[:12:1 {}: ansible_ssh_extra_args: -A is left out]",
		"two":   "[:8:1 {connection}: ansible_connection is winrm, and hail reaches hosts only by SSH :9:1 {}: ansible_ssh_extra_args: -v is left out :5:5 {become_method}: ansible_become_method is su, and hail has only sudo and doas]",
		"three": "[:8:1 {connection}: ansible_connection is winrm, and hail reaches hosts only by SSH]",
	} {
		var got []string
		for _, r := range inv.RemarksOf(name) {
			place := r.Place
			place.File = ""
			got = append(got, fmt.Sprintf("%v {%s}: %s", place, r.Key, r.Text))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", name, got, want)
		}
	}
	if told := fmt.Sprint(inv.RemarksOn(inv.Hosts()[1:], anyRemark)); strings.Count(told, "winrm") != 1 || strings.Contains(told, "more") {
		t.Errorf("told: %s", told)
	}
}

// TestValueAnswersRemark: a remark on a var is gone when a later value overrides that var, in hail's own format, too, or
// when another var counts more.
func TestValueAnswersRemark(t *testing.T) {
	const vault, plain = "all: {hosts: {a: {x: !vault v}}}", "hosts: {a: {vars: {x: 1}}}"
	for _, sources := range [][]string{{"a.yml", vault, "b.ini", "a x=1\n"}, {"a.yml", vault, "b.yaml", plain}, {"c.ini", "a ansible_user={{x}}\n[all:vars]\nansible_ssh_user=s\n"}} {
		if told := load(t, sources...).RemarksOf("a"); told != nil {
			t.Errorf("%v: %v, want no remark", sources, told)
		}
	}
	if told := load(t, "b.yaml", plain, "a.yml", vault).RemarksOf("a"); len(told) != 1 {
		t.Errorf("a later vault: %v, want the remark", told)
	}
}

// TestVarOrSetting: a var that would be a setting to Ansible, or but for its case, is none in other formats, which a remark
// says.
func TestVarOrSetting(t *testing.T) {
	inv := load(t, "a.yaml", "vars: {ansible_user: root}\nhosts: {a: {vars: {ansible_host: 10.0.0.1}}}", "b.csv", "name,ansible_port,User,Groups\na,2222,www,web\nb,2222,www,web\n")
	var got []string
	for _, r := range inv.RemarksOn(inv.Hosts(), anyRemark) {
		got = append(got, filepath.Base(r.Error())+": "+r.Hint)
	}
	want := []string{
		"b.csv:1:19: the column User is a var: the setting is user: ",
		"b.csv:1:24: the column Groups is a var: the setting is groups: ",
		"a.yaml:1:8: ansible_user is only a var in this format: the setting is user",
		"a.yaml:2:20: ansible_host is only a var in this format: the setting is address",
		"b.csv:2:3: ansible_port is only a var in this format (and 1 more): the setting is port",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestVarsFileInVault(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"hosts": "[web]\na\n", "group_vars/web/vault.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "group_vars/web/vars.yml": "x: 1\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inv, err := Load(t.Context(), []string{filepath.Join(dir, "hosts")}, Surroundings{})
	if err != nil || described(inv) != "a [all web] map[x:1]\n" || len(inv.RemarksOf("a")) != 1 || !strings.HasSuffix(inv.RemarksOf("a")[0].Text, "encrypted by ansible-vault: its vars are left out") {
		t.Errorf("%v, %v, %v", inv, err, inv.RemarksOf("a"))
	}
}

// TestVarsLinks: an entry of group_vars or host_vars may be a link to a folder elsewhere.
func TestVarsLinks(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"common", "group_vars", "host_vars"} {
		if err := os.Mkdir(filepath.Join(dir, path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"hosts": "[web]\na\n", "common/vars.yml": "x: 1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{"group_vars/web", "host_vars/a"} {
		if err := os.Symlink("../common", filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	inv, err := Load(t.Context(), []string{filepath.Join(dir, "hosts")}, Surroundings{Origins: true})
	if err != nil || described(inv) != "a [all web] map[x:1]\n" {
		t.Fatalf("%v, %v", inv, err)
	}
	if from := inv.Origins("a")[0].Place.File; from != filepath.Join(dir, "group_vars/web/vars.yml") {
		t.Errorf("the var is from %s", from)
	}
}

func TestOrigins(t *testing.T) {
	paths := write(t,
		"a.yaml", "defaults: {user: d}\nvars: {x: 0}\ngroups:\n  web:\n    hosts: {web1: {port: 22, vars: {x: 2}}}\n    vars: {x: 1}\n    connection: {user: g}\n",
		"b.ini", "[web]\nweb1 ansible_port=2222 y=3\n[web:vars]\nx=7\n",
		"c.csv", "name,user,z\nweb1,u,9\n",
	)
	inv, err := Load(t.Context(), paths, Surroundings{Origins: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range inv.Origins("web1") {
		o.Place.File = filepath.Base(o.Place.File)
		got = append(got, fmt.Sprintf("%s=%v %s %s", o.Key, o.Value, o.Place, o.By))
	}
	want := []string{
		"user=d a.yaml:1:18 defaults", "vars.x=0 a.yaml:2:11 vars",
		"vars.x=1 a.yaml:6:15 group web", "user=g a.yaml:7:24 group web", "vars.x=7 b.ini:4:1 group web",
		"vars.x=2 a.yaml:5:40 host", "port=22 a.yaml:5:26 host", "port=2222 b.ini:2:6 host", "vars.y=3 b.ini:2:24 host", "user=u c.csv:2:6 host", "vars.z=9 c.csv:2:8 host",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if of := inv.Origins("any"); len(of) != 2 || of[0].By != "defaults" || of[1].By != "vars" {
		t.Errorf("a host that no source mentions has its settings from %v", of)
	}
	if inv, err := Load(t.Context(), paths, Surroundings{}); err != nil || inv.Origins("web1") != nil {
		t.Errorf("without Surroundings.Origins there are origins: %v, %v", inv.Origins("web1"), err)
	}
}

func writeProgram(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "inv")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrograms(t *testing.T) {
	// A background process of the program, with the output still open, does not hold up loading, and is ended.
	pid := filepath.Join(t.TempDir(), "pid")
	path := writeProgram(t, `sleep 1000 & echo $! >`+pid+`; echo '{"web": ["a"], "_meta": {"hostvars": {"a": {"home": "'$MARK'"}}}}'`)
	inv, err := Load(t.Context(), []string{path}, Surroundings{Environ: []string{"MARK=here", "PATH=" + os.Getenv("PATH")}})
	if err != nil || described(inv) != "a [all web] map[home:here]\n" {
		t.Fatalf("%v, %v", inv, err)
	}
	waitGone(t, pid)

	// A program that hangs is ended with the context.
	ctx, cancel := context.WithCancelCause(t.Context())
	hung := filepath.Join(t.TempDir(), "hung")
	path = writeProgram(t, "echo $$ >"+hung+"; trap '' TERM; (sleep 1000); sleep 1000")
	go func() {
		waitFile(t, hung)
		cancel(errors.New("too late"))
	}()
	if _, err := Load(ctx, []string{path}, Surroundings{}); err == nil || !strings.HasSuffix(err.Error(), "--list: too late") {
		t.Errorf("a program that hangs: %v", err)
	}
	waitGone(t, hung)
}

func TestBadPrograms(t *testing.T) {
	for script, want := range map[string]string{
		"echo oh no >&2; echo no such region >&2; exit 3": "F: --list: exit status 3: no such region",
		`printf '\033[31mred\n' >&2; exit 1`:              "F: --list: exit status 1: [31mred",
		"kill -9 $$":                                      "F: --list: signal: killed",
		"echo '{\"web\": ['":                              "F --list:2:1: the JSON ends too early",
		"echo hello":                                      "F --list:1:1: this is not JSON: invalid character 'h' looking for beginning of value",
		"echo []":                                         "F --list:1:1: this is not a single JSON object",
		"echo '{} {}'":                                    "F --list:1:1: this is not a single JSON object",
		":":                                               "F --list:1:1: the JSON ends too early",
		"printf '\\377{}'":                                "F --list:1:1: this is not UTF-8 text",
		`case $1 in --list) echo '{"g": ["a", "b"]}';; *) echo "no $2" >&2; exit 1; esac`: "F: --host a: exit status 1: no a",
		`case $1 in --list) echo '{"g": ["a"]}';; *) echo '{"ansible_port": 0}'; esac`:    "F --host a:1:18: ansible_port: \"0\" is not a port (1 to 65535)",
		`echo '{"g": ["a b"]}'`:                    "F --list:1:9: \"a b\" is not a host name: it contains ' '",
		`echo '{"g": {"hosts": "a"}}'`:             "F --list:1:17: hosts has to be a list",
		`echo '{"g": {"vars": [1]}}'`:              "F --list:1:16: vars has to be a mapping",
		`echo '{"g": 1}'`:                          "F --list:1:7: the group g has to be a list of hosts, or a mapping of hosts, vars and children",
		`echo '{"a": {"children": ["a"]}}'`:        "F --list:1:2: groups contain each other: a > a",
		`echo '{"a": {"children": ["-x"]}}'`:       `F --list:1:21: "-x" is not a group name: it begins with "-"`,
		`echo '{"_meta": {"hostvars": {"a": 1}}}'`: "F --list:1:30: the vars of a have to be a mapping",
		"yes": "F: --list: it printed more than 64 MiB and was killed",
	} {
		path := writeProgram(t, script)
		_, err := Load(t.Context(), []string{path}, Surroundings{})
		checkErrors(t, script, path, err, want, "")
	}
	crlf := write(t, "crlf", "#!/bin/sh\r\necho '{}'\r\n")[0]
	if err := os.Chmod(crlf, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Load(t.Context(), []string{crlf}, Surroundings{})
	checkErrors(t, "CRLF", crlf, err, `F: --list: its first line names "/bin/sh\r", which does not exist`, "")
	path := writeProgram(t, "echo '{}'")
	if err := os.Chmod(path, 0o722); err != nil {
		t.Fatal(err)
	}
	_, err = Load(t.Context(), []string{path}, Surroundings{})
	checkErrors(t, "writable", path, err, "F: this program is not run: others may write to it (chmod go-w)", "")
	_, err = Load(t.Context(), []string{"program:" + filepath.Dir(path)}, Surroundings{})
	checkErrors(t, "a folder", filepath.Dir(path), err, "F: this is not a program", "")
}

// waitGone waits until the process whose number is in a file has ended.
func waitGone(t *testing.T, pidFile string) {
	t.Helper()
	text := waitFile(t, pidFile)
	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", pid)
}

func waitFile(t *testing.T, path string) string {
	for range 3000 {
		if text, err := os.ReadFile(path); err == nil && strings.HasSuffix(string(text), "\n") {
			return string(text)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s was not written", path)
	return ""
}
