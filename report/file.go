package report

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// file is created at its first byte. It stays open while handles are left, and is otherwise opened for each write. It
// is used by one goroutine at a time.
type file struct {
	path    string
	handles *atomic.Int64 // how many more files may stay open; shared
	made    bool
	open    *os.File // nil if it is not kept open
}

func (f *file) Write(p []byte) (int, error) {
	if f.open != nil {
		return f.open.Write(p)
	}
	h, err := f.handle()
	if err != nil {
		return 0, err
	}
	n, err := h.Write(p)
	if f.handles.Add(-1) >= 0 {
		f.open = h
		return n, err
	}
	f.handles.Add(1)
	if e := h.Close(); err == nil {
		err = e
	}
	return n, err
}

// handle opens the file, and creates it the first time.
func (f *file) handle() (*os.File, error) {
	flags := os.O_WRONLY | os.O_APPEND
	if !f.made {
		flags |= os.O_CREATE | os.O_EXCL
	}
	h, err := openPatiently(f.path, flags)
	f.made = f.made || err == nil
	return h, err
}

// openPatiently opens a file. If there are no descriptors left, it waits until other hosts give some back, up to
// waitForHandle.
func openPatiently(path string, flags int) (*os.File, error) {
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		h, err := open(path, flags)
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) || time.Since(begun) > waitForHandle {
			return h, err
		}
	}
}

const waitForHandle = time.Minute

// Close closes the file, if it is open.
func (f *file) Close() error {
	if f.open == nil {
		return nil
	}
	f.handles.Add(1)
	h := f.open
	f.open = nil
	return h.Close()
}
