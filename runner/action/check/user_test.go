package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hail/runner"
)

// TestGroupNames: group names with blanks are told apart, also where id has no -z.
func TestGroupNames(t *testing.T) {
	for id, want := range map[string]string{
		`printf 'me\0domain users\0'`:                                 "me|domain users",
		`case $1 in *z*) echo usage >&2; exit 1; esac; echo me staff`: "me|staff",
	} {
		functions := libraryFor([]*Check{{Check: runner.Check{Type: "user"}}})
		functions = "getent() { echo me:x:1:1::/:/bin/sh; }\nid() { " + id + "; }\n" + functions
		out, err := exec.Command("sh", "-c", functions, "sh", "user", ",groups,", "=me").Output()
		var groups []string
		for line := range strings.Lines(string(out)) {
			if g, ok := strings.CutPrefix(line, "groups "); ok {
				groups = append(groups, strings.TrimSuffix(g, "\n"))
			}
		}
		if got := strings.Join(groups, "|"); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", id, got, err, want)
		}
	}
}

// TestAccountWithoutGetent: the last line of a file counts without a newline at its end, too.
func TestAccountWithoutGetent(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "group"), []byte("root:x:0:\nlast:x:7:me"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := "has_tool() { return 1; }\n" + strings.ReplaceAll(account, "/etc/", dir+"/") + `for g in root last none; do account group "$g"; echo "$entry"; done`
	out, err := exec.Command("sh", "-c", program).Output()
	if want := "root:x:0:\nlast:x:7:me\n\n"; err != nil || string(out) != want {
		t.Errorf("%q, %v, want %q", out, err, want)
	}
}
