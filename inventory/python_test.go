package inventory

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// debianPython returns the Python that has the modules of Debian's programs. Other Pythons may come before it in the
// path, and it may be unpacked elsewhere.
func debianPython() string {
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		return "/usr/bin/python3"
	}
	return "python3"
}

// python runs a script with input as JSON and these arguments, and reads what it prints, which is JSON, too.
func python(t *testing.T, script string, env []string, input, output any, args ...string) {
	t.Helper()
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), debianPython(), slices.Concat([]string{"-c", script}, args)...)
	c.Env = slices.Concat(os.Environ(), env, []string{"LC_ALL=C.UTF-8"})
	c.Stdin = bytes.NewReader(text)
	var stderr strings.Builder
	c.Stderr = &stderr
	printed, err := c.Output()
	if err == nil {
		err = json.Unmarshal(printed, output)
	}
	if err != nil {
		t.Fatalf("python (make test gets its modules): %v\n%s%s", err, printed, &stderr)
	}
}
