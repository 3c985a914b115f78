package inventory

import (
	"strings"
	"testing"
)

// TestBadInput is a corpus of mistakes in inventories, with the expected error and hint. F stands for the file.
func TestBadInput(t *testing.T) {
	const (
		ranges  = "ranges look like [01:50], [1:9:2] or [a:f]"
		section = "a section is [group], [group:vars] or [group:children], without blanks"
		noUser  = "set the user and the port of a host with keys: {name: web1, user: www, port: 2222}"
	)
	for _, c := range []struct{ file, text, want, hint string }{
		// Ansible's INI
		{"h.ini", "[web", "F:1:1: the section is not closed", "[group], [group:vars] or [group:children]"},
		{"h.ini", "[]", `F:1:1: [] is not a section`, section},
		{"h.ini", "[web servers]\na", `F:1:1: [web servers] is not a section`, section},
		{"h.ini", "[web:group]", `F:1:1: [web:group]: unknown kind of section`, "[group], [group:vars] or [group:children]"},
		{"h.ini", "[-web]", `F:1:1: "-web" is not a group name: it begins with "-"`, ""},
		{"h.ini", "[we$b]", `F:1:1: "we$b" is not a group name: it contains '$'`, ""},
		{"h.ini", "[web:vars]\nx=1", `F:1:1: [web:vars] names the group "web", which is not declared`, ""},
		{"h.ini", "[wbe]\na\n[prod:children]\nweb", `F:4:1: [prod:children] names the group "web", which is not declared`, `did you mean "wbe"?`},
		{"h.ini", "[a:children]\nb\n[b:children]\na", "F:1:1: groups contain each other: a > b > a", ""},
		{"h.ini", "[a:children]\na b", `F:2:1: "a b" is not a group name: it contains ' '`, ""},
		{"h.ini", "[a:vars]\n[a]\n[a:vars]\nnothing", `F:4:1: "nothing" is not a var: name=value`, ""},
		{"h.ini", "[a]\nh\n[a:vars]\n=1", `F:4:1: "=1" is not a var: name=value`, ""},
		{"h.ini", "[a]\nh x", `F:2:3: "x" is not a var: name=value`, ""},
		{"h.ini", "[a]\nh x='1", "F:2:1: a quote (') is not closed", ""},
		{"h.ini", "[a]\nh x=\"1", `F:2:1: a quote (") is not closed`, ""},
		{"h.ini", "[a]\nh x=1\\", "F:2:1: nothing follows the backslash at the end", ""},
		{"h.ini", "[a]\n  -oProxyCommand=x", `F:2:3: "-oProxyCommand=x" is not a host name: it begins with "-"`, ""},
		{"h.ini", "[a]\n$(id)", `F:2:1: "$(id)" is not a host name: it contains '$'`, ""},
		{"h.ini", "[a]\nwww[1-3]", `F:2:5: "1-3" in brackets is not a range`, ranges},
		{"h.ini", "[a]\nwww[3:1]", `F:2:5: the range "3:1" is descending`, ranges},
		{"h.ini", "[a]\nwww[f:a]", `F:2:5: the range "f:a" is descending`, ranges},
		{"h.ini", "[a]\nwww[1:]", `F:2:5: "1:" in brackets is not a range of numbers or letters`, ranges},
		{"h.ini", "[a]\nwww[01:100]", `F:2:5: "01:100": both ends of a zero-padded range need the same length`, ranges},
		{"h.ini", "[a]\nwww[1:9:0]", `F:2:5: "0" is not a step`, ranges},
		{"h.ini", "[a]\nwww[1:9:2:3]", `F:2:5: "1:9:2:3" in brackets is not a range`, ranges},
		{"h.ini", "[a]\nwww[1:999999999]", `F:2:5: the range "1:999999999" makes more than 200000 hosts`, ranges},
		{"h.ini", "[a]\nw[1:999]x[1:999]", `F:2:11: the range "1:999" makes more than 200000 hosts`, ranges},
		{"h.ini", "[a]\nw[1:99999999999999999999]", `F:2:3: "1:99999999999999999999" in brackets is not a range of numbers or letters`, ranges},
		{"h.ini", "[a]\n" + strings.Repeat("a", 252) + "[1:10]", `F:2:1: "` + strings.Repeat("a", 60) + `…" is not a host name: it is longer than 253 characters`, ""},
		{"h.txt", strings.Repeat("é", 5000), `F:1:1: "` + strings.Repeat("é", 60) + `…" is not a host name: it is longer than 253 characters`, ""},
		{"h.yaml", "groups: {" + strings.Repeat("g", 300) + ": {}}", `F:1:10: "` + strings.Repeat("g", 60) + `…" is not a group name: it is longer than 253 characters`, ""},
		{"h.ini", "[a]\nw1]", `F:2:1: the brackets of the range do not match`, ranges},
		{"h.ini", "[a]\nw:port", `F:2:3: "port" is not a port (1 to 65535)`, ""},
		{"h.ini", "[a]\nw:", `F:2:3: "" is not a port (1 to 65535)`, ""},
		{"h.ini", "[a]\nw:022", `F:2:3: "022" is not a port (1 to 65535)`, ""},
		{"h.ini", "[a]\nw ansible_port=010", `F:2:3: ansible_port: "010" is not a port (1 to 65535)`, ""},
		{"h.ini", "[a]\nw ansible_port=ssh", `F:2:3: ansible_port: "ssh" is not a port (1 to 65535)`, ""},
		{"h.ini", "[a]\nw ansible_host='a b'", `F:2:3: ansible_host: "a b" is neither a host name nor an IP address`, ""},
		{"h.ini", "[a]\nw ansible_user=-x", `F:2:3: ansible_user: user "-x" begins with "-"`, ""},
		{"h.ini", "[a]\nw ansible_become=maybe", `F:2:3: ansible_become: "maybe" is neither yes nor no`, ""},
		{"h.ini", "[a]\nw ansible_timeout=1m", `F:2:3: ansible_timeout: "1m" is not a number of seconds`, ""},
		{"h.ini", "[a]\nw ansible_timeout=soon", `F:2:3: ansible_timeout: "soon" is not a number of seconds`, ""},
		{"h.ini", "[a]\nw ansible_ssh_common_args=x", `F:2:3: ansible_ssh_common_args: "x" is not an ssh option`, ""},
		{"h.ini", "[a]\nw ansible_ssh_common_args='-J -x'", `F:2:3: ansible_ssh_common_args: "-x" is not a jump host: [user@]host[:port]`, ""},
		{"h.ini", "[a]\nw ansible_ssh_common_args='-o UserKnownHostsFile='", `F:2:3: ansible_ssh_common_args: "UserKnownHostsFile=" is not an ssh option: -o Key=Value`, ""},
		{"h.ini", "[a]\nw ansible_ssh_common_args='-o x'", `F:2:3: ansible_ssh_common_args: "x" is not an ssh option: -o Key=Value`, ""},
		{"h.ini", "[a:vars]\nansible_group_priority=high\n[a]", `F:2:1: ansible_group_priority: "high" is not a whole number`, ""},
		// Ansible's YAML
		{"h.yml", "all: [a]", `F:1:6: the group all has to be a mapping of hosts, vars and children`, ""},
		{"h.yml", "all: {hosts: [a, b]}", `F:1:14: hosts has to be a mapping`, "put a colon after each entry to turn the list into a mapping"},
		{"h.yml", "all: {children: [a, b]}", `F:1:17: children has to be a mapping`, "put a colon after each entry to turn the list into a mapping"},
		{"h.yml", "all: {vars: x}", `F:1:13: vars has to be a mapping`, ""},
		{"h.yml", "all: {hosts: {a: 1}}", `F:1:18: the vars of a have to be a mapping`, ""},
		{"h.yml", "all: {hosts: {'a b': }}", `F:1:16: "a b" is not a host name: it contains ' '`, ""},
		{"h.yml", "all: {children: {'a b': }}", `F:1:18: "a b" is not a group name: it contains ' '`, ""},
		{"h.yml", "a: {children: {b: {children: {a: }}}}", "F:1:1: groups contain each other: a > b > a", ""},
		{"h.yml", "all: {hosts: {a: , a: }}", `F:1:20: duplicate key "a", first on line 1`, ""},
		{"h.yml", "all: {hosts: {a: !ruby x}}", `F:1:18: the tag "!ruby" is not allowed`, ""},
		{"h.yml", "all: {vars: {a: &a [*a]}}", "F:1:21: the values are nested too deeply", ""},
		{"h.yml", "plugin: aws_ec2\nregions: [x]", "F:1:1: this configures a plugin of Ansible and has no hosts in it", "let Ansible resolve it: ansible-inventory -i F --list | hail hosts -a -i json:-"},
		{"h.yml", "all:\n  hosts:\n\ta:", "F:3:1: the indentation contains a tab", "indent with spaces"},
		{"h.yml", "all: {hosts: {a: {ansible_port: 010}}}\n---\n", "F:2:1: a second YAML document begins here", "put it in a file of its own"},
		{"h.yml", "all: {hosts: {a: {ansible_port: 0}}}", `F:1:33: ansible_port: "0" is not a port (1 to 65535)`, ""},
		{"h.yml", "all: {hosts: {a: {ansible_user: [x]}}}", "F:1:33: ansible_user: this has to be a text", ""},
		{"h.yml", "all:\n  hosts:\n    \"www[1:x]\":", `F:3:10: "1:x" in brackets is not a range of numbers or letters`, ranges},
		{"h.yml", "all:\n  hosts:\n    www[1:x]:", `F:3:9: "1:x" in brackets is not a range of numbers or letters`, ranges},
		// JSON
		{"h.json", `{"web": ["a"`, "F:1:13: the JSON ends too early", ""},
		{"h.json", `{"web": ["a",]}`, "F:1:14: this is not JSON: invalid character ']' looking for beginning of value", ""},
		{"h.json", `["a" "b"]`, `F:1:6: this is not JSON: invalid character '"' after array element`, ""},
		{"h.json", "3", "F:1:1: an inventory in JSON is a list of hosts, or an object of groups", ""},
		{"h.json", "[3]", "", ""},
		{"h.json", "[[\"a\"]]", "F:1:2: this is not a host", `"web1", or {"name": "web1", "address": "10.0.0.1", "groups": ["web"], "vars": {}}`},
		{"h.json", `[{"nmae": "a"}]`, "F:1:2: this is not a host", `"web1", or {"name": "web1", "address": "10.0.0.1", "groups": ["web"], "vars": {}}`},
		{"h.json", `[{"name": "a", "prot": 22}]`, `F:1:16: unknown key "prot" in a host`, `did you mean "port"?`},
		{"h.json", `[{"name": "a", "port": "22"}]`, `F:1:24: port: "22" is not a port`, "a whole number from 1 to 65535, without quotes or leading zeros"},
		{"h.json", `[{"name": "a", "groups": ["b c"]}]`, `F:1:27: groups: "b c" is not a group name: it contains ' '`, ""},
		{"h.json", `["root@a"]`, `F:1:3: "root@a" is not a host name: it contains '@'`, noUser},
		{"h.json", `{"_meta": 7, "web": ["a"]}`, "F:1:11: _meta has to be a mapping", `"_meta": {"hostvars": {"web1": {"role": "web"}}}`},
		{"h.json", `{"_meta": {"hostvars": []}, "web": ["a"]}`, "F:1:24: hostvars has to be a mapping", `"_meta": {"hostvars": {"web1": {"role": "web"}}}`},
		{"h.json", "[\"a\"]\n[", "F:2:2: the JSON ends too early", ""},
		{"h.json", "{\"name\": \"a\"}\n{\"name\": 3, \"x\": 1}", `F:2:13: unknown key "x" in a host`, "put a variable in vars: {x: …}; it takes address, become, become_method, become_user, connect_timeout, connection, groups, host_key_alias, identity, jump, known_hosts, options, port, shell, ssh_config_host, user, vars"},
		{"h.json", `[{"name": "web[x]"}]`, `F:1:16: "x" in brackets is neither a number nor a range`, "ranges look like [01-20], [1,3,5] or [0-10/2]"},
		// CSV
		{"h.csv", "", "F:1:1: there is no header", "name,address,role"},
		{"h.csv", "address,role\n10.0.0.1,web", "F:1:1: no column is called name or host, only address, role", "the first line names the columns: name,address,role"},
		{"h.csv", "Address,Host\n10.0.0.1,web", "F:1:1: no column is called name or host, only Address, Host", "write host for Host"},
		{"h.csv", "name,,role\na,b,c", "F:1:6: this column has no name", ""},
		{"h.csv", "\"000\n0\",role\na,b", `F:1:1: the column name "000\n0" has to be a text on one line`, ""},
		{"h.csv", "name,x,x\na,b,c", `F:1:8: duplicate column "x"`, ""},
		{"h.csv", "name,role\na\n", "F:2:1: this row and the header differ in their number of cells", ""},
		{"h.csv", "name,role\na,web,x\n", "F:2:1: this row and the header differ in their number of cells", ""},
		{"h.csv", "name,role\na,\"web\n", `F:2:8: extraneous or missing " in quoted-field`, ""},
		{"h.csv", "name,role\na,w\"eb\n", `F:2:4: bare " in non-quoted-field`, ""},
		{"h.csv", "name,port\na,x\n", `F:2:3: port: "x" is not a port`, "a whole number from 1 to 65535, without quotes or leading zeros"},
		{"h.csv", "name,port\n\na b,22\n", `F:3:1: "a b" is not a host name: it contains ' '`, ""},
		{"h.csv", "name,groups\na,b$\n", `F:2:3: groups: "b$" is not a group name: it contains '$'`, ""},
		{"h.csv", "name,role\na,1\na,2\n", `F:3:1: host "a" has two values for the var role, the other one on line 2`, "keep only one of them"},
		{"h.csv", "name,jump\na,-x\n", `F:2:3: jump: "-x" is not a jump host: [user@]host[:port]`, ""},
		{"h.csv", "role,name\n,web[x]", `F:2:6: "x" in brackets is neither a number nor a range`, "ranges look like [01-20], [1,3,5] or [0-10/2]"},
		{"h.csv", "role,name\n, \"web[x]\"", `F:2:8: "x" in brackets is neither a number nor a range`, "ranges look like [01-20], [1,3,5] or [0-10/2]"},
		// ClusterShell
		{"g.yaml", "[a]", "F:1:1: a file of groups has to be a mapping", "roles: {adm: node0}"},
		{"g.yaml", "roles: node0", "F:1:8: the groups of roles has to be a mapping", "roles: {adm: node0}"},
		{"g.yaml", "roles: {adm: 'node[1'}", `F:1:19: "[" is not closed`, ""},
		{"g.yaml", "roles: {adm: '@oi', io: node0}", `F:1:15: unknown group "oi"`, `did you mean "io"?`},
		{"g.yaml", "roles: {adm: '@x:io', io: node0}", `F:1:15: unknown group "x:io"`, ""},
		{"g.yaml", "roles: {a: '@b', b: '@a'}", "F:1:13: the group roles:a contains itself", ""},
		{"g.yaml", "roles: {a: {b: c}}", "F:1:12: a: this has to be a text on one line", ""},
		{"g.yaml", "roles: {'a b': c}", `F:1:9: "a b" is not a group name: it contains ' '`, ""},
		{"g.yaml", "roles: {a: 'b!'}", "F:1:15: a host, a pattern or a @group is missing here", ""},
		{"g.yaml", "roles: {all: 'b*', b: b1}", "F:1:15: not all hosts are known here: name them, or a group", ""},
		{"g.yaml", "roles: {b: b1, c: 'b1,(/b/)'}", "F:1:24: not all hosts are known here: name them, or a group", ""},
		{"g.yaml", "roles:\n  a: b!", "F:2:8: a host, a pattern or a @group is missing here", ""},
		{"groups", "adm: node0\nnodes\n", "F:2:1: this is not a group", "adm: node0"},
		{"groups", "adm: node0\nadm: node1\n", "F:2:1: the group local:adm is defined twice", ""},
		// any format
		{"h", "\xff\xfeh\x00", "F:1:1: this is not UTF-8 text", ""},
		{"h.csv", "na\x00me", "F:1:3: the control character '\\x00' is not allowed here", ""},
		{"h.json", "\x1b[31m", "F:1:1: the control character '\\x1b' is not allowed here", ""},
		{"h.ini", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "F: this is a key, not an inventory", "did you mean --identity?"},
		{"h.xlsx", "PK\x03\x04\x14\x00", "F: this is a packed file, not text", "save a spreadsheet as CSV"},
		{"h", "a, web[3-4],db[1-2],x$", `F:1:21: "x$" is not a host name: it contains '$'`, ""},
		{"h", "a,b c", "F:1:5: there is more than one word on the line", oneALine},
		{"h", "a,web[1,2", `F:1:6: "[" is not closed`, ""},
		{"h", "ssh://root@a:22", `F:1:1: "ssh://root" is not a user name`, oneALine},
		{"h", "8/root@a", `F:1:1: "8/root" is not a user name`, oneALine},
		{"h", "web[1-999999999]", `F:1:1: "web[1-999999999]" stands for more than 200000 hosts`, ""},
		{"h", "a[1-99][1-99][1-99]", `F:1:1: "a[1-99][1-99][1-99]" stands for more than 200000 hosts`, ""},
		{"h.yaml", "hosts: ['web[1-999999999]']", `F:1:10: "web[1-999999999]" stands for more than 200000 hosts`, ""},
	} {
		path := write(t, c.file, c.text)[0]
		source := path
		if strings.HasPrefix(c.file, "g") {
			source = "clustershell:" + path
		}
		inv, err := Load(t.Context(), []string{source}, Surroundings{})
		if c.want == "" {
			if err != nil || len(inv.Hosts()) != 1 {
				t.Errorf("%q: %v, %v", c.text, inv, err)
			}
			continue
		}
		checkErrors(t, c.text, path, err, c.want, strings.ReplaceAll(c.hint, "F ", path+" "))
	}
}

// TestBombs: an alias bomb takes neither much time nor much memory, in hail's own format or in Ansible's.
func TestBombs(t *testing.T) {
	bomb := "x: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 9) + "]\n"
	}
	for name, text := range map[string]string{"native": "vars:\n  " + strings.ReplaceAll(bomb, "\n", "\n  "), "Ansible": "all:\n vars:\n  " + strings.ReplaceAll(bomb, "\n", "\n  ")} {
		if _, err := Load(t.Context(), write(t, "b.yaml", text), Surroundings{}); err == nil {
			t.Errorf("%s: the alias bomb was not refused", name)
		}
	}
}
