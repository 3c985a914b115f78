package hosttest

import (
	"os"
	"syscall"
	"testing"
)

// LeaveDescriptors leaves the process n descriptors to open, until giveBack or the end of the test. The test must not run
// in parallel with others.
func LeaveDescriptors(t *testing.T, n int) (giveBack func()) {
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
	set(&few.Cur, f.Fd()+1+uintptr(n)) // all below it are taken
	limit(few)
	return giveBack
}

func set[T int64 | uint64](field *T, n uintptr) { *field = T(n) }
