package inventory

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// unpack extracts the files of an archive into a new folder, and returns the words of the archive's comment.
func unpack(t *testing.T, path string) (dir string, words []string) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range archive.Files {
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o600)
		if strings.HasSuffix(f.Name, ".sh") {
			mode = 0o700
		}
		if err := os.WriteFile(file, f.Data, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir, strings.Fields(string(archive.Comment))
}

// listing is the output of ansible-inventory --list.
type listing struct {
	groups   map[string]struct{ Hosts, Children []string }
	hostVars map[string]map[string]any
}

// ansibleListings runs ansible-inventory --list in each folder, without the Ansible settings of this machine. Its
// modules are loaded once: the process that has them forks for each folder.
func ansibleListings(t *testing.T, args map[string][]string) map[string]listing {
	t.Helper()
	home := t.TempDir()
	config := filepath.Join(home, "ansible.cfg")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var texts map[string]json.RawMessage
	python(t, `
import json, os, sys
from ansible.cli.inventory import InventoryCLI
listings = {}
for folder, args in json.load(sys.stdin).items():
    here, there = os.pipe()
    if os.fork() == 0:
        os.chdir(folder)
        os.dup2(there, 1)
        os.close(here)
        os.close(there)
        InventoryCLI.cli_executor(["ansible-inventory", *args, "--list"])
        sys.exit()
    os.close(there)
    with open(here) as f:
        text = f.read()
    if os.wait()[1] != 0:
        sys.exit("ansible-inventory fails with " + " ".join(args))
    listings[folder] = json.loads(text)
print(json.dumps(listings))
`, []string{"HOME=" + home, "ANSIBLE_CONFIG=" + config, "ANSIBLE_NOCOLOR=1"}, args, &texts)
	listings := map[string]listing{}
	for folder, text := range texts {
		var l listing
		var meta struct {
			Meta struct{ Hostvars map[string]map[string]any } `json:"_meta"`
		}
		if err := errors.Join(json.Unmarshal(text, &l.groups), json.Unmarshal(text, &meta)); err != nil {
			t.Fatal(err)
		}
		delete(l.groups, "_meta")
		l.hostVars = meta.Meta.Hostvars
		listings[folder] = l
	}
	return listings
}

// members returns the hosts of a group and its subgroups, sorted, with the names that hail gives them.
func (l listing) members(group string) (names []string) {
	for _, h := range l.groups[group].Hosts {
		names = append(names, ourName(h))
	}
	for _, c := range l.groups[group].Children {
		names = append(names, l.members(c)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ourName puts an IPv6 address in brackets, as hail does so that a port can follow it.
func ourName(name string) string {
	if a, err := netip.ParseAddr(name); err == nil && a.Is6() {
		return "[" + name + "]"
	}
	return name
}

// TestLikeAnsible compares hosts, groups, variables and their precedence with ansible-inventory --list, for inventories
// in INI and YAML and from programs. The intended differences:
//   - an IPv6 address is named in brackets
//   - connection variables are settings, not vars; credentials and encrypted values are left out
//   - a file of nothing but names is a host list, without the groups all and ungrouped
//   - a group that cannot be read is an error (TestBadAnsible), while Ansible warns and goes on
func TestLikeAnsible(t *testing.T) {
	paths, err := filepath.Glob("testdata/ansible/*.txtar")
	if err != nil || len(paths) < 25 {
		t.Fatalf("there are only %d inventories, %v", len(paths), err)
	}
	names := map[string]string{} // of the inventories, by their folders
	args := map[string][]string{}
	for _, path := range paths {
		dir, words := unpack(t, path)
		names[dir], args[dir] = strings.TrimSuffix(filepath.Base(path), ".txtar"), words
	}
	for dir, l := range ansibleListings(t, args) {
		t.Run(names[dir], func(t *testing.T) {
			var sources []string
			for _, w := range args[dir] {
				if w != "-i" {
					sources = append(sources, filepath.Join(dir, w))
				}
			}
			inv, err := Load(t.Context(), sources, Surroundings{})
			if err != nil {
				t.Fatal(err)
			}
			compareGroups(t, inv, l)
			for _, h := range inv.Hosts() {
				compareVars(t, h, l.hostVars[strings.Trim(h.Name, "[]")])
			}
		})
	}
}

func compareGroups(t *testing.T, inv *Inventory, l listing) {
	names := slices.Collect(maps.Keys(l.groups))
	names = append(names, inv.Groups()...)
	slices.Sort(names)
	for _, g := range slices.Compact(names) {
		got := inv.Members(g)
		slices.Sort(got)
		if want := l.members(g); !slices.Equal(got, want) {
			t.Errorf("the group %s has %v, in Ansible %v", g, got, want)
		}
	}
}

// compareVars checks that all of Ansible's variables are among the vars or settings of the host, and that it has no
// others.
func compareVars(t *testing.T, h Host, theirs map[string]any) {
	var ours map[string]any
	text, err := json.Marshal(h.Vars)
	if err == nil {
		err = json.Unmarshal(text, &ours)
	}
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range h.Connection.Settings() {
		settings[s.Key] = strings.Trim(fmt.Sprint(s.Value), "[]")
	}
	for name, value := range theirs {
		key, isSetting := ansibleKeys[name]
		if unsafe, ok := value.(map[string]any); ok && unsafe["__ansible_unsafe"] != nil { // a string marked as unsafe in the listing
			value = unsafe["__ansible_unsafe"]
		}
		switch {
		case strings.HasPrefix(name, "ansible_") && theirs[strings.Replace(name, "ansible_", "ansible_ssh_", 1)] != nil:
		case strings.Contains(name, "pass"):
			if _, ok := ours[name]; ok {
				t.Errorf("%s: the credential %s is a var", h.Name, name)
			}
		case name == "ansible_ssh_common_args":
			if h.Connection.Jump != "jump@bastion:2200" {
				t.Errorf("%s: the jump host is %q, in Ansible %v", h.Name, h.Connection.Jump, value)
			}
		case key == "become":
			if h.Connection.Become == nil || !*h.Connection.Become {
				t.Errorf("%s: become is not set", h.Name)
			}
		case key == "connect_timeout":
			if got := fmt.Sprint(h.Connection.ConnectTimeout.Value().Seconds()); got != fmt.Sprint(value) {
				t.Errorf("%s: connect_timeout is %s seconds, in Ansible %v", h.Name, got, value)
			}
		case isSetting && key != "":
			if got := settings[key]; got != fmt.Sprint(value) {
				t.Errorf("%s: %s is %q, in Ansible %v", h.Name, key, got, value)
			}
		case !isSetting && !reflect.DeepEqual(ours[name], value):
			t.Errorf("%s: %s is %#v, in Ansible %#v", h.Name, name, ours[name], value)
		}
		delete(ours, name)
	}
	for name, value := range ours {
		t.Errorf("%s has the var %s = %#v, which it does not have in Ansible", h.Name, name, value)
	}
}
