package report

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync waits until the bytes of f are on disk, but not its times.
func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }
