package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestDemoAsksNothing: at a terminal, too, hail demo runs on many hosts without a question.
func TestDemoAsksNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var talk bytes.Buffer
	e := osEnvironment([]string{"demo", "--hosts", "60"})
	e.home = t.TempDir()
	e.stdin, e.stdout, e.stderr = strings.NewReader("no\n"), io.Discard, &talk
	e.stdinTerminal, e.stderrTerminal = true, true
	e.enquiries = func(bool) (<-chan struct{}, func()) { return nil, func() {} }
	if code := run(e); code != exitOK || strings.Contains(talk.String(), "Continue?") {
		t.Errorf("exit %d\n%s", code, talk.String())
	}
}
