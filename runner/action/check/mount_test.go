package check

import (
	"os/exec"
	"strings"
	"testing"
)

// TestUnescaped: paths in /proc/mounts are unescaped.
func TestUnescaped(t *testing.T) {
	functions, _, _ := strings.Cut(kinds["mount"].probe, "probe_mount")
	for said, want := range map[string]string{"/": "/", `/disk\0401`: "/disk 1", `/a\134040\011b`: "/a\\040\tb", "/%b": "/%b"} {
		for _, shell := range [][]string{{"sh"}, {"busybox", "sh"}} {
			out, err := exec.Command(shell[0], append(shell[1:], "-c", functions+"\nunescaped \"$1\"", "sh", said)...).Output()
			if got := string(out); err != nil || got != want {
				t.Errorf("%v: %s: %q, %v, want %q", shell, said, got, err, want)
			}
		}
	}
}
