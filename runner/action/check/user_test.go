package check

import (
	"os/exec"
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
