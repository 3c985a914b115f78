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
	var all syscall.Rlimit // its fields are signed on some systems
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &all); err != nil {
		t.Fatal(err)
	}
	limit := func(to syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &to); err != nil {
			t.Error(err)
		}
	}
	giveBack = func() { limit(all) }
	t.Cleanup(giveBack)
	few := all
	set(&few.Cur, f.Fd()) // all below it are taken
	limit(few)
	return giveBack
}

func set[T int64 | uint64](field *T, n uintptr) { *field = T(n) }
