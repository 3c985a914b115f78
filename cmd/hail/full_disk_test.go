package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// home makes a home folder like those of the scripts, and returns its environment.
func (s site) home(t *testing.T) []string {
	t.Helper()
	env := &testscript.Env{WorkDir: t.TempDir(), Vars: os.Environ()}
	if err := s.setup(env); err != nil {
		t.Fatal(err)
	}
	return env.Vars
}

// printsMuch is a command that prints 2 MB, and then something after a while.
const printsMuch = "head -c 2000000 /dev/zero | tr '\\0' x; sleep 0.2; echo end"

// hailIn runs hail, and returns its exit code and what it printed on stdout and stderr.
func hailIn(env []string, args ...string) (code int, out string) {
	cmd := exec.Command("hail", args...)
	cmd.Env = env
	text, _ := cmd.CombinedOutput() // its error is the exit code
	return cmd.ProcessState.ExitCode(), string(text)
}

// TestTortureFullDisk fills the disk of the record in the middle of a run. The run stops in an orderly way, the record
// says so and can be read, and every host is accounted for.
func TestTortureFullDisk(t *testing.T) {
	asRoot(t, "mount", "umount")
	s := ownServers(t)
	env, dir := s.home(t), t.TempDir()
	for _, kib := range []int{900, 1200, 1500, 3000, 6000} {
		machine(t, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dk", kib), "tmpfs", dir)
		code, out := hailIn(env, "run", "-w", "@web,db1", "-f", "4", "--runs-dir", dir, "--output", "none", "--", printsMuch)
		showCode, text := hailIn(env, "show", "last", "--runs-dir", dir, "--output", "none")
		machine(t, "umount", dir)
		switch {
		case kib == 900:
			if code != 64 || !strings.Contains(out, "no space left on device") {
				t.Errorf("%d KiB: exit %d\n%s", kib, code, out)
			}
		case code != 74 || !strings.Contains(out, "no space left on device"):
			t.Errorf("%d KiB: exit %d\n%s", kib, code, out)
		case showCode != 0 || !strings.Contains(text, "4 hosts: "):
			t.Errorf("%d KiB: exit %d\n%s", kib, showCode, text)
		case countsIn(out) != countsIn(text):
			t.Errorf("%d KiB: the run said %q, and its record %q", kib, countsIn(out), countsIn(text))
		}
	}
}

// TestTortureFullDiskOfSeveral: several runs share a disk that gets full, and each frees its reserved space. However much
// of that the others take, each record has the end of every host as the run has told it.
func TestTortureFullDiskOfSeveral(t *testing.T) {
	asRoot(t, "mount", "umount")
	s := ownServers(t)
	env, dir := s.home(t), t.TempDir()
	machine(t, "mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", dir)
	defer machine(t, "umount", dir)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			code, out := hailIn(env, "run", "-w", "@web,db1", "--runs-dir", dir, "--output", "none", "--", printsMuch)
			record := regexp.MustCompile(`(?m)^record (.*)$`).FindStringSubmatch(out)
			switch {
			case code == exitUsage && strings.Contains(out, "the run can't be recorded: no space left on device"):
				return
			case code != exitRecord || record == nil:
				t.Errorf("exit %d\n%s", code, out)
				return
			}
			code, text := hailIn(env, "show", filepath.Base(record[1]), "--runs-dir", dir, "--output", "none")
			if code != 0 || countsIn(out) == "" || countsIn(out) != countsIn(text) {
				t.Errorf("the run said %q, and its record, exit %d, %q", countsIn(out), code, text)
			}
		})
	}
	all.Wait()
}

// TestTortureFullDiskAtEnd: when something else has filled the disk by the end of a run, the reserved space takes the files
// that are made from its summary.
func TestTortureFullDiskAtEnd(t *testing.T) {
	asRoot(t, "mount", "umount")
	s := ownServers(t)
	env, dir := s.home(t), t.TempDir()
	machine(t, "mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", dir)
	defer machine(t, "umount", dir)
	if code, out := hailIn(env, "run", "-w", "db1", "--runs-dir", dir, "--", "cat /dev/zero 2>/dev/null >"+filepath.Join(dir, "full")+"; :"); code != 0 {
		t.Errorf("exit %d\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "last", "summary.json")); err != nil {
		t.Error(err)
	}
}

// countsIn returns the summary line, with the counts of hosts by status.
func countsIn(out string) string { return regexp.MustCompile(`(?m)^4 hosts: .*$`).FindString(out) }
