package check

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hail/runner"
)

// TestProcesses: which processes of a /proc are those of a name.
func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	for pid, p := range map[string]struct{ comm, args string }{
		"self": {"sh", "sh"},
		"7":    {"mine", "mine\x00-x\x00"},
	} {
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		must(os.Mkdir(filepath.Join(dir, pid), 0o700))
		for name, content := range map[string]string{"comm": p.comm + "\n", "cmdline": p.args} {
			must(os.WriteFile(filepath.Join(dir, pid, name), []byte(content), 0o600))
		}
	}
	probe := strings.ReplaceAll(libraryFor([]*Check{{Check: runner.Check{Type: "process"}}}), "/proc/", dir+"/")
	look := func(t *testing.T, shell []string, name string) map[string]string {
		out, err := exec.Command(shell[0], append(shell[1:], "-c", probe, "sh", "process", ",count,", "="+name)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]string{}
		for line := range strings.Lines(string(out)) {
			fact, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			said[fact] += value
		}
		return said
	}
	for _, shell := range [][]string{{"sh"}, {"busybox", "sh"}} {
		hidden := "no permission to see the processes of others"
		if got, want := look(t, shell, "mine"), map[string]string{"running": "true", "!*": hidden}; !maps.Equal(got, want) {
			t.Errorf("%v: one is seen, and not all: %v, want %v", shell, got, want)
		}
		if got, want := look(t, shell, "other"), map[string]string{"!*": hidden}; !maps.Equal(got, want) {
			t.Errorf("%v: not all are seen: %v, want %v", shell, got, want)
		}
	}
}
