package sshconn

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLongCommandCutOff: nothing of a command runs if the input ends before all of the command has arrived.
func TestLongCommandCutOff(t *testing.T) {
	text := inLines(strings.Repeat("echo ran\n", 100))
	script := strings.TrimSuffix(strings.TrimPrefix(readCommand, "exec sh -c '"), "'") // for each shell in the place of sh
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}, {"mksh"}} {
		if _, err := exec.LookPath(shell[0]); err != nil {
			t.Fatalf("%v: make tools installs the shells that the tests need", err)
		}
		run := func(input string) string {
			cmd := exec.Command(shell[0], slices.Concat(shell[1:], []string{"-c", script})...)
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SHELL=/bin/sh"}
			cmd.Stdin = strings.NewReader(input)
			out, _ := cmd.CombinedOutput() // nobody is left to be told how it ends
			return string(out)
		}
		if got := run(text); got != strings.Repeat("ran\n", 100) {
			t.Errorf("%s: the whole command prints %q", shell, got)
		}
		for _, n := range []int{0, longestLine / 2, longestLine, len(text) / 2, len(text) - 2, len(text) - 1} {
			if got := run(text[:n]); got != "" {
				t.Errorf("%s: the first %d of %d bytes print %q", shell, n, len(text), got)
			}
		}
	}
}
