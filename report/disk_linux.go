package report

import (
	"os"

	"golang.org/x/sys/unix"
)

// open is os.OpenFile for a file of a record, without the five system calls that find out whether the file can be polled.
func open(path string, flags int) (*os.File, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), path), nil
		case unix.EINTR:
		default:
			return nil, &os.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// datasync waits until the bytes of f are on disk, but not its timestamps.
func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// allocate reserves n bytes on the disk for the file.
func allocate(f *os.File, n int64) error {
	err := fallocate(f, 0, n)
	if err == unix.EOPNOTSUPP {
		_, err = f.Write(make([]byte, n))
	}
	return err
}

// allocateBehind reserves n bytes on the disk for the file, whose size stays the same. A file system may be unable to.
func allocateBehind(f *os.File, n int64) error {
	err := fallocate(f, unix.FALLOC_FL_KEEP_SIZE, n)
	if err == unix.EOPNOTSUPP {
		return nil
	}
	return err
}

func fallocate(f *os.File, mode uint32, n int64) error {
	for {
		if err := unix.Fallocate(int(f.Fd()), mode, 0, n); err != unix.EINTR { // Go's own signals interrupt it on tmpfs
			return err
		}
	}
}
