package hail_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLibrary runs the program in examples/library.
func TestLibrary(t *testing.T) {
	dependOnSources(t)
	out, err := exec.Command("go", "run", "./examples/library").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const want = "── web1\nweb1 is number 0\n── web2\nweb2 is number 1\n── web3\nweb3 is number 2\n3 ok of 3\n"
	if !strings.HasSuffix(string(out), want) {
		t.Errorf("examples/library prints\n%s\nwant at its end\n%s", out, want)
	}
}
