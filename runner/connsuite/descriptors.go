package connsuite

import (
	"os"
	"syscall"
	"testing"
)

// WithoutDescriptors leaves the process no descriptors to open, until giveBack or the end of the test. The test must
// not run in parallel with others.
func WithoutDescriptors(t *testing.T) (giveBack func()) {
	t.Helper()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	var all syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &all); err != nil {
		t.Fatal(err)
	}
	limit := func(n uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: all.Max}); err != nil {
			t.Error(err)
		}
	}
	giveBack = func() { limit(all.Cur) }
	t.Cleanup(giveBack)
	limit(uint64(f.Fd())) // all below it are taken
	return giveBack
}
