package inventory

import (
	"fmt"
	"strings"
	"testing"
)

func TestBadYAML(t *testing.T) {
	const fields = "it takes address, become, become_method, become_user, connect_timeout, host_key_alias, identity, jump, known_hosts, options, port, shell, ssh_config_host, user, vars"
	const inGroups = `a group names its hosts: groups: {web: {hosts: ["web[01-20]"]}}`
	for _, c := range []struct{ text, want, hint string }{
		{"hsots: [a]", `F:1:1: unknown key "hsots" in an inventory`, `did you mean "hosts"?`},
		{"settings: {}", `F:1:1: unknown key "settings" in an inventory`, "it takes defaults, groups, hosts, vars"},
		{"hosts:\n  a: {prot: 22}", `F:2:7: unknown key "prot" in a host`, `did you mean "port"?`},
		{"hosts:\n  a: {becom: x}", `F:2:7: unknown key "becom" in a host`, `did you mean "become"?`},
		{"hosts:\n  a: {become: yes}", `F:2:15: become: this has to be true or false`, ""},
		{"hosts:\n  a: {become_user: '-x'}", `F:2:20: become_user: user "-x" begins with "-"`, ""},
		{"hosts:\n  a: {options: [x]}", "F:2:16: options has to be a mapping", "options: {ServerAliveInterval: 30}"},
		{"hosts:\n  a: {options: {'': x}}", `F:2:17: options: "" is not an ssh option`, ""},
		{"hosts:\n  a: {options: {Include: x}}", `F:2:17: options: "Include" is not an ssh option`, ""},
		{"hosts:\n  a: {options: {ServerAliveIntervall: 30}}", `F:2:17: options: "ServerAliveIntervall" is not an ssh option`, `did you mean "serveraliveinterval"?`},
		{"hosts:\n  a: {options: {ServerAliveInterval: 30x}}", `F:2:38: options: serveraliveinterval: "30x" is not a time`, ""},
		{"hosts:\n  a: {options: {ServerAliveInterval: 30 s}}", `F:2:38: options: serveraliveinterval takes one value, but "s" follows it`, ""},
		{"hosts:\n  a: {options: {'a b': x}}", `F:2:17: options: "a b" is not an ssh option`, ""},
		{"hosts:\n  a: {options: {Port: [x]}}", "F:2:23: options: Port: this has to be a text on one line", ""},
		{"a: {address: b}", `F:1:1: unknown key "a" in an inventory`, "it takes defaults, groups, hosts, vars"},
		{"a: {ansible_host: b}", `F:1:1: unknown key "a" in an inventory`, "it takes defaults, groups, hosts, vars"},
		{"user: www\nhosts: [a]", `F:1:1: unknown key "user" in an inventory`, "defaults: {user: …}"},
		{"hosts:\n  a: {HostName: b}", `F:2:7: unknown key "HostName" in a host`, "HostName is address here"},
		{"defaults: {identity_file: b}", `F:1:12: unknown key "identity_file" in connection settings`, "identity_file is identity here"},
		{"hosts: a b", `F:1:8: "a b" is not a host name: it contains ' '`, "several hosts are a list: [web01, web02]"},
		{"hosts:\n  a: {ansible_host: b}", `F:2:7: unknown key "ansible_host" in a host`, "ansible_host is address here"},
		{"hosts:\n  a: {rack: b}", `F:2:7: unknown key "rack" in a host`, "put a variable in vars: {rack: …}; " + fields},
		{"hosts:\n  a: {groups: [web]}", `F:2:7: unknown key "groups" in a host`, inGroups},
		{"hosts: [{name: a, group: web}]", `F:1:19: unknown key "group" in a host`, inGroups},
		{"hosts: {a: 22}", "F:1:12: a host has to be a mapping", "{address: 10.0.0.1, port: 2222, vars: {role: web}}"},
		{"groups: {g: [a, b]}", "F:1:13: a group has to be a mapping", `{hosts: ["web[01-20]"]}`},
		{"groups: {g: {jump: b}}", `F:1:14: unknown key "jump" in a group`, "connection: {jump: …}"},
		{"groups: {g: {childs: []}}", `F:1:14: unknown key "childs" in a group`, "it takes connection, groups, hosts, vars"},
		{"defaults: {vars: {}}", `F:1:12: unknown key "vars" in connection settings`, strings.TrimSuffix(fields, ", vars")},
		{"- a", "F:1:1: an inventory has to be a mapping", `hosts: ["web[01-20]"]`},
		{"hosts: 3", "", ""},
		{"hosts: [[a]]", "F:1:9: a host is a name, a pattern like web[01-20], or {name: …}", ""},
		{"hosts: [{address: a}]", "F:1:9: this host has no name", "{name: web21, address: 10.0.0.21}"},
		{"hosts: [{name: [a]}]", "F:1:16: a host is a name, a pattern like web[01-20], or {name: …}", ""},
		{"hosts: [root@a]", `F:1:9: "root@a" is not a host name: it contains '@'`, "set the user and the port of a host with keys: {name: web1, user: www, port: 2222}"},
		{"hosts: ['a[3-1]']", `F:1:12: the range "3-1" is descending`, "ranges look like [01-20], [1,3,5] or [0-10/2]"},
		{"hosts: ['-a']", `F:1:10: "-a" is not a host name: it begins with "-"`, ""},
		{"groups: [g]", "F:1:9: groups has to be a mapping", `groups: {web: {hosts: ["web[01-20]"]}}`},
		{"groups: {'a b': {}}", `F:1:10: "a b" is not a group name: it contains ' '`, ""},
		{"groups: {web: {}, all: {groups: [wbe]}}", `F:1:34: unknown group "wbe"`, `did you mean "web"?`},
		{"groups: {a: {groups: [[b]]}}", "F:1:23: groups: this has to be a text on one line", ""},
		{"groups: {a: {groups: [b]}, b: {groups: [c]}, c: {groups: [a]}}", "F:1:10: groups contain each other: a > b > c > a", ""},
		{"groups: {a: {groups: [a]}}", "F:1:10: groups contain each other: a > a", ""},
		{"vars: [a]", "F:1:7: vars has to be a mapping", "vars: {role: web}"},
		{"hosts: {a: {port: 010}}", `F:1:19: port: "010" is not a port`, "a whole number from 1 to 65535, without quotes or leading zeros"},
		{"hosts: {a: {port: '22'}}", `F:1:19: port: "22" is not a port`, "a whole number from 1 to 65535, without quotes or leading zeros"},
		{"hosts: {a: {port: 65536}}", `F:1:19: port: "65536" is not a port`, "a whole number from 1 to 65535, without quotes or leading zeros"},
		{"hosts: {a: {port: 0x16}}", `F:1:19: port: "0x16" is not a port`, "a whole number from 1 to 65535, without quotes or leading zeros"},
		{"hosts: {a: {user: [x]}}", "F:1:19: user: this has to be a text on one line", ""},
		{"hosts: {a: {user: true}}", "F:1:19: user: this has to be a text on one line", ""},
		{"hosts: {a: {user: }}", "F:1:19: user: this has to be a text on one line", ""},
		{"hosts: {a: {user: -x}}", `F:1:19: user: user "-x" begins with "-"`, ""},
		{`hosts: {a: {shell: "a\nb"}}`, "F:1:20: shell: this has to be a text on one line", ""},
		{`hosts: {a: {address: "[[::1"}}`, `F:1:22: address: "[[::1" is neither a host name nor an IP address`, ""},
		{"hosts: {a: {address: -x}}", `F:1:22: address: "-x" is neither a host name nor an IP address`, ""},
		{"hosts: {a: {host_key_alias: a b}}", `F:1:29: host_key_alias: "a b" is neither a host name nor an IP address`, ""},
		{"hosts: {a: {jump: -oProxyCommand=x}}", `F:1:19: jump: "-oProxyCommand=x" is not a jump host: [user@]host[:port]`, ""},
		{"hosts: {a: {connect_timeout: 10}}", `F:1:30: connect_timeout: "10" is not a time like 10s or 5m`, ""},
		{"hosts: {a: {connect_timeout: 0s}}", "F:1:30: connect_timeout: the time has to be above 0", ""},
		{"hosts: {a: {connect_timeout: -1s}}", `F:1:30: connect_timeout: "-1s" is not a time like 10s or 5m`, ""},
		{"hosts: {a: {port: 1}}\ngroups: {g: {hosts: [{name: a, port: 2}]}}", `F:2:29: host "a" has two values for port, the other one on line 1`, "keep only one of them"},
		{"hosts: {a: {vars: {x: 1}}}\ngroups: {g: {hosts: {a: {vars: {x: 2}}}}}", `F:2:22: host "a" has two values for the var x, the other one on line 1`, "keep only one of them"},
		{"hosts:\n- {name: a, port: 22}\n- {name: a, user: x}\n- {name: a, port: 23}", `F:4:10: host "a" has two values for port, the other one on line 2`, "keep only one of them"},
		{"hosts:\n- {name: a, port: 22}\n- {name: a, vars: {x: 1}}\n- {name: a, vars: {x: 2}}", `F:4:10: host "a" has two values for the var x, the other one on line 3`, "keep only one of them"},
		{"hosts:\n- {name: a, port: 22}\n- {name: a, user: x}\n- {name: a, user: y}", `F:4:10: host "a" has two values for user, the other one on line 3`, "keep only one of them"},
		{"hosts: {a: {}, a: {}}", `F:1:16: duplicate key "a", first on line 1`, ""},
		{"a: 1\n---\nb: 2", "F:2:1: a second YAML document begins here", "put it in a file of its own"},
		{"hosts:\n\ta: {}", "F:2:1: the indentation contains a tab", "indent with spaces"},
		{"vars: {a: &x 1, b: *x}", "F:1:11: anchors and aliases are not allowed", "write the value out, or make a group of the hosts that share it"},
	} {
		path := write(t, "i.yaml", c.text)[0]
		inv, err := Load(t.Context(), []string{path}, Surroundings{})
		if c.want == "" {
			if err != nil || len(inv.Hosts()) != 1 {
				t.Errorf("%q: %v, %v", c.text, inv, err)
			}
			continue
		}
		checkErrors(t, c.text, path, err, c.want, c.hint)
	}
}

// TestManyErrors: the errors of all sources are reported together.
func TestManyErrors(t *testing.T) {
	paths := write(t, "a.yaml", "hsots: [a]\nhosts: {a: {prot: 1, user: []}}", "b.yaml", "{")
	_, err := Load(t.Context(), paths, Surroundings{})
	if got := strings.Count(err.Error(), "\n") + 1; got != 4 {
		t.Errorf("%d errors, want 4:\n%v", got, err)
	}
}

func TestGroupDepth(t *testing.T) {
	chain := func(n int) string {
		var b strings.Builder
		b.WriteString("groups:\n")
		for i := range n - 1 {
			fmt.Fprintf(&b, "  g%d: {groups: [g%d]}\n", i, i+1)
		}
		fmt.Fprintf(&b, "  g%d: {hosts: [h]}\n", n-1)
		return b.String()
	}
	if h, _ := load(t, "i.yaml", chain(maxGroupDepth)).Host("h"); len(h.Groups) != maxGroupDepth {
		t.Errorf("h is in %d groups, want %d", len(h.Groups), maxGroupDepth)
	}
	for _, n := range []int{maxGroupDepth + 1, 20_000} {
		if _, err := Load(t.Context(), write(t, "i.yaml", chain(n)), Surroundings{}); err == nil || !strings.Contains(err.Error(), "groups are nested more than 100 deep") {
			t.Errorf("a chain of %d: %v", n, err)
		}
	}
}

func FuzzNative(f *testing.F) {
	for _, seed := range []string{example, "hosts: {a: {port: 010}}", "groups: {a: {groups: [a]}}", "a: &x [*x]", "hosts: [{name: 'a[1-3]', jump: none}]", "? {a: b}\n: c", "\t", "!!map {}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b := newBuilder(Surroundings{})
		readYAML(b, file{"f", []byte(text)})
		inv, err := b.resolve()
		checkLoaded(t, inv, err)
	})
}
