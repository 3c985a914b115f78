package inventory

import (
	"slices"
	"strings"
	"testing"
)

// patternGroups is read before patternInventory: all has a child that is named before ungrouped.
const patternGroups = "all: {children: {web: {hosts: {web9: }}}}"

const patternInventory = `lone
10.0.0.1
fe80::1
[web]
web[1:5]
web-a.example.com
[db]
db1
db2
[prod:children]
web
db
[staging]
web5
db3
[empty]
[late:children]
tail
mixed
[mixed]
db3
web2
[tail]
web3
db1
[first:vars]
x=1
[both:children]
first
second
[second]
web5
[first]
web4
`

// patternDifferences are the intended differences from Ansible.
var patternDifferences = map[string]string{
	"nothing":      "a word that matches nothing is an error, not skipped",
	"web,nothing":  "a word that matches nothing is an error, not skipped",
	"prod:!nohost": "a word that matches nothing is an error, not skipped",
	"web[x]":       "a character class that matches nothing is an error, if there is no * or ?",
}

// TestLikeAnsiblePatterns compares our patterns with Ansible's library, which evaluates all of them in one run.
func TestLikeAnsiblePatterns(t *testing.T) {
	patterns := []string{
		"all", "*", "web", "web1", "web:db", "web,db", "web:&staging", "web:!staging", "all:!web", "!web", "&web", "prod:&web:!web1", "!web1:prod", "!web1,prod,&web",
		"web*", "*b1", "web?", "w*:&staging", "prod:!*1", "~web[12]$", "~(web|db)1", "~^db", "~b", "web1:web2", "web[0]", "web[-1]", "web[1:2]", "web[1:]", "web[0:0]", "web[2-3]", "web[4:99]",
		"all[0]", "*.example.com", "web-a.example.com", "10.0.0.1", "10.*", "ungrouped", "empty", "empty,web1", "prod[0]", "prod[-2]", "web[1:2]:db", "web[0],db[0]", " web , db ",
		"lone:10.0.0.1", "[wl]*", "web[!1]", "web[1-3]", "nothing", "web,nothing", "prod:!nohost", "staging:&prod:!db", "prod,&staging", "d*:!db1",
		"mixed[0]", "mixed[-1]", "late[0]", "late[1:2]", "late[-1]", "both[0]", "all[2:3]", "*[2]", "m*[0:1]", "db*[0:2]", "ungrouped[1]", "fe80*", "fe80:*,!*1", "~fe80", "all[3:4]",
	}
	paths := write(t, "groups.yml", patternGroups, "hosts", patternInventory)
	inv, err := Load(t.Context(), paths, Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range ansibleHosts(t, paths, patterns) {
		hosts, err := Select(inv, Query{Ansible: []string{patterns[i]}}, Lookups{})
		if err != nil && strings.HasPrefix(err.Error(), "no host is selected") {
			err = nil
		}
		got := Names(hosts)
		for i, name := range want {
			want[i] = ourName(name)
		}
		slices.Sort(got)
		slices.Sort(want)
		switch why, same := patternDifferences[patterns[i]], err == nil && slices.Equal(got, want); {
		case same && why != "":
			t.Errorf("%s: is no difference: %s", patterns[i], why)
		case !same && why == "":
			t.Errorf("%s: %v, %v, and for Ansible %v", patterns[i], got, err, want)
		}
	}
}

func ansibleHosts(t *testing.T, sources, patterns []string) (hosts [][]string) {
	t.Helper()
	python(t, `
import json, sys
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
manager = InventoryManager(DataLoader(), sources=sys.argv[1:])
print(json.dumps([[h.name for h in manager.get_hosts(p)] for p in json.load(sys.stdin)]))
`, []string{"HOME=" + t.TempDir()}, patterns, &hosts, sources...)
	return hosts
}

func TestBadAnsiblePatterns(t *testing.T) {
	inv := load(t, "hosts", patternInventory)
	const ends = "the first one is [0], the last one [-1]"
	for _, c := range []struct{ pattern, want, hint string }{
		{"", `pattern "": a host, a group or all is missing`, ""},
		{" , ", `pattern " , ": a host, a group or all is missing`, ""},
		{"wbe", `pattern "wbe": "wbe" is neither a host nor a group of the inventory`, `did you mean "web"?`},
		{"web[9]", `pattern "web[9]": web[9]: there are 6 hosts`, ends},
		{"web[99999999999999999999]", `pattern "web[99999999999999999999]": web[99999999999999999999]: there are 6 hosts`, ends},
		{"web[-99999999999999999999]", `pattern "web[-99999999999999999999]": web[-99999999999999999999]: there are 6 hosts`, ends},
		{"~web(", "pattern \"~web(\": the regular expression is wrong: missing closing ): `^(?:web()`", ""},
		{"web:!nope", `pattern "web:!nope": "nope" is neither a host nor a group of the inventory`, ""},
	} {
		got, err := Select(inv, Query{Ansible: []string{c.pattern}}, Lookups{})
		checkError(t, c.pattern, joined(got), err, c.want, c.hint)
	}
	if _, err := Select(nil, Query{Ansible: []string{"web"}}, Lookups{}); err == nil || err.Error() != `pattern "web": there is no inventory to look it up in` {
		t.Errorf("without an inventory: %v", err)
	}
}
