package hail_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBuild: the program, as make builds it, is small, and sets itself up without collecting garbage, which takes longer
// than all the rest of the start. What packages allocate when they are initialized decides that.
func TestBuild(t *testing.T) {
	dependOnSources(t)
	bin := filepath.Join(t.TempDir(), "hail")
	if out, err := exec.Command("go", "build", "-trimpath", "-tags", "urfave_cli_no_docs", "-ldflags", "-s -w", "-o", bin, "./cmd/hail").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if file, err := os.Stat(bin); err != nil || file.Size() > 25_000_000 {
		t.Errorf("the program is %d bytes, %v, want at most 25 MB", file.Size(), err)
	}
	version := exec.Command(bin, "version")
	version.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOGC=")
	out, err := version.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "hail ") {
		t.Errorf("version printed %q, %v, want a version, and no line about a collection before it", out, err)
	}
}
