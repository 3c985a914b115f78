//go:build !linux

package report

import "os"

// open is os.OpenFile for a file of a record.
func open(path string, flags int) (*os.File, error) { return os.OpenFile(path, flags, 0o600) }

// datasync waits until f is on disk.
func datasync(f *os.File) error { return f.Sync() }

// allocate reserves n bytes on the disk for the file.
func allocate(f *os.File, n int64) error {
	_, err := f.Write(make([]byte, n))
	return err
}

// allocateBehind would reserve n bytes on the disk for the file, whose size stays the same.
func allocateBehind(*os.File, int64) error { return nil }
