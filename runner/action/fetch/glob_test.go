package fetch

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"hail/runner/hosttest"
)

// TestGlob: whatever shell sh is, a pattern finds what it means, and stays as it is when it finds nothing. No part of
// it is run.
func TestGlob(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "-", "!", "^", "]", "[", "é", "$(x)", "'", `\`, "a b", "\n", "[ab", "1", "~", "*", "z]"} {
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dash", "bash", "busybox", "mksh", "ksh93", "zsh"} {
		_, sh := hosttest.Tools(t, name)
		for _, tt := range []struct {
			pattern string
			want    []string
		}{
			{"[a-c]", []string{"a", "b", "c"}},
			{"[-a]", []string{"-", "a"}},
			{"[]a]", []string{"]", "a"}},
			{"[!]a-z^!é]", []string{"\n", "'", "*", "-", "1", "[", `\`, "~"}},
			{"[^]a-z^!é]", []string{"\n", "'", "*", "-", "1", "[", `\`, "~"}},
			{"[a^!]", []string{"!", "^", "a"}},
			{"[[:digit:]]", []string{"1"}},
			{"[[:digit:]b]", []string{"1", "b"}},
			{"[:a:]", []string{"a"}},
			{"[\n'\\]", []string{"\n", "'", `\`}},
			{"[$]*", []string{"$(x)"}},
			{"? b", []string{"a b"}},
			{"z[]]", []string{"z]"}},
			{"[a", nil}, {"[ab", []string{"[ab"}}, {"[[]ab", []string{"[ab"}}, {"[]", nil}, {"[x/a]", nil}, {"a]", nil}, {"~*", []string{"~"}},
			{"[$(touch pwned)]y", nil}, {"[`touch pwned`]y", nil}, {"[x\ntouch pwned\n]y", nil}, {"['\";touch pwned;]y", nil}, {"[!;touch pwned;]y", nil},
			{"[[:$(touch pwned):]]y", nil}, {"[;touch pwned;", nil}, {"[$(touch pwned", nil}, {"]`touch pwned`", nil}, {"[\\];touch pwned;", nil},
		} {
			run := exec.Command(sh, "-c", `printf '%s\0' ./`+glob(tt.pattern))
			run.Dir = dir
			out, err := run.CombinedOutput()
			want := tt.want
			if want == nil {
				want = []string{tt.pattern}
			}
			got := strings.Split(strings.TrimSuffix(strings.ReplaceAll("\x00"+string(out), "\x00./", "\x00"), "\x00"), "\x00")[1:]
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %q, written as %s, finds %q, %v; want %q", name, tt.pattern, glob(tt.pattern), got, err, want)
			}
		}
		if _, err := os.Stat(dir + "/pwned"); err == nil {
			t.Fatalf("%s has run a part of a pattern as a command", name)
		}
	}
}
