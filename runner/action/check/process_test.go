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

// TestProcesses: a check finds the processes of a name in a /proc.
func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	start := func(pid, comm, args, exe string) {
		t.Helper()
		of := filepath.Join(dir, pid)
		for _, err := range []error{os.Mkdir(of, 0o700), os.WriteFile(of+"/comm", []byte(comm+"\n"), 0o600), os.WriteFile(of+"/cmdline", []byte(args), 0o600), os.Symlink(exe, of+"/exe"),
			os.WriteFile(of+"/stat", []byte(pid+" ("+comm+") S 1 0\n"), 0o600)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	start("self", "sh", "sh", "/bin/sh")
	start("7", "mine", "mine\x00-x\x00", "/bin/mine")
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
	start("1", "init", "init\x00", "/bin/init")
	start("10", "a name with bla", "/opt/a name with blanks\x00-x\x00", "/opt/a name with blanks")
	start("11", "script-with-lon", "/bin/sh\x00-e\x00/opt/script-with-long-name\x00", "/bin/sh")
	start("12", "calls-itself-ot", "otherwise: ready\x00", "/opt/calls-itself-otherwise")
	start("13", " blank before", "/opt/ blank before\x00", "/opt/ blank before")
	start("14", "ended", "", "/opt/ended")
	if err := os.WriteFile(filepath.Join(dir, "14/stat"), []byte("14 (ended) Z 1 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"ended": "0", "mine": "1", "init": "1", "a name with blanks": "1", "script-with-long-name": "1", "script-with-long-names": "0", "calls-itself-otherwise": "1",
		" blank before": "1", "blank before": "0"} {
		for _, shell := range [][]string{{"sh"}, {"busybox", "sh"}} {
			if got := look(t, shell, name)["count"]; got != want {
				t.Errorf("%v: %s of %q, want %s", shell, got, name, want)
			}
		}
	}
}
