package report

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync waits until the bytes of f are on disk, but not its times.
func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// allocate gives the file n bytes on the disk.
func allocate(f *os.File, n int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, n)
	if err == unix.EOPNOTSUPP {
		_, err = f.Write(make([]byte, n))
	}
	return err
}
