package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemoAsksNothing: at a terminal, too, hail demo runs on many hosts without a question.
func TestDemoAsksNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "inventory.yaml"), []byte(`{hosts: {"web[1-60]": {address: 127.0.0.1, port: 1}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var talk bytes.Buffer
	e := osEnvironment(nil)
	e.stdin, e.stdout, e.stderr = strings.NewReader("no\n"), io.Discard, &talk
	e.stdinTerminal, e.stderrTerminal = true, true
	e.enquiries = func(bool) (<-chan struct{}, func()) { return nil, func() {} }
	e.demoStep(dir, "", []string{"run", "-a", "--retries", "0", "--", "true"})
	if !strings.Contains(talk.String(), "60 unreachable") || strings.Contains(talk.String(), "Continue?") {
		t.Error(talk.String())
	}
}
