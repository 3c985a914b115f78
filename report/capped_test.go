package report

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// TestCapped: however the output is split into writes, the first and the last half of the limit are kept. No other file
// is left.
func TestCapped(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		limit := rapid.Int64Range(2, 64).Draw(r, "limit")
		var handles atomic.Int64
		handles.Store(rapid.Int64Range(0, 1).Draw(r, "handles"))
		c := &capped{file: file{path: filepath.Join(dir, "stdout"), handles: &handles}, limit: limit}
		var all []byte
		for range rapid.IntRange(0, 12).Draw(r, "pieces") {
			p := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(r, "piece")
			if n, err := c.Write(p); n != len(p) || err != nil {
				r.Fatalf("%d of %d, %v", n, len(p), err)
			}
			all = append(all, p...)
		}
		left := c.leftOut()
		if err := c.Close(); err != nil {
			r.Fatal(err)
		}
		want := all
		if over := int64(len(all)) - limit; over > 0 {
			want = append(bytes.Clone(all[:limit/2]), all[int64(len(all))-(limit-limit/2):]...)
			if left != over {
				r.Errorf("%d left out, want %d", left, over)
			}
		} else if left != 0 {
			r.Errorf("%d left out, want none", left)
		}
		got, err := os.ReadFile(c.path)
		if len(all) == 0 && os.IsNotExist(err) {
			return
		}
		if err != nil || !bytes.Equal(got, want) {
			r.Fatalf("%q, %v; want %q", got, err, want)
		}
		if files, _ := os.ReadDir(dir); len(files) != 1 {
			r.Fatalf("%d files are left", len(files))
		}
	})
}

// TestCappedWaits: capped waits when there are no file descriptors left, in every part of the output.
func TestCappedWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var was syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
			t.Fatal(err)
		}
		c := &capped{file: file{path: filepath.Join(t.TempDir(), "stdout"), handles: &atomic.Int64{}}, limit: 4}
		write := func(text string) func() error {
			return func() error { _, err := c.Write([]byte(text)); return err }
		}
		for i, step := range []func() error{write("ab"), write("cdefgh"), c.Close} {
			none := was
			none.Cur = 0
			if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- step() }()
			synctest.Wait() // until the step waits
			if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Errorf("step %d: %v", i, err)
			}
		}
		if got, err := os.ReadFile(c.path); string(got) != "abgh" {
			t.Errorf("the file has %q, %v, want \"abgh\"", got, err)
		}
	})
}
