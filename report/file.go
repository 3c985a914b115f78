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
	handles *atomic.Int64
	made    bool
	open    *os.File
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

// handle opens the file.
func (f *file) handle() (h *os.File, err error) {
	if f.made {
		h, err = patiently(func() (*os.File, error) { return open(f.path, os.O_WRONLY|os.O_APPEND) })
	} else {
		h, err = patiently(func() (*os.File, error) { return createFile(f.path) })
	}
	f.made = f.made || err == nil
	return h, err
}

// patiently opens a file. If there are no descriptors left, it waits until other hosts give some back, up to
// waitForHandle.
func patiently(open func() (*os.File, error)) (h *os.File, err error) {
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		h, err = open()
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
