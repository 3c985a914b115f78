package hosttest

import (
	"os"
	"syscall"
	"testing"
)

// Program writes a program that can be run at once, also where tests run in parallel. A process that another test starts
// while the file is open for writing has it open, too, for a moment; and the system runs no file that is open for writing.
func Program(t testing.TB, path, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte(text), 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
}
