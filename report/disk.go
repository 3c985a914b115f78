package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// createFile creates a file that must not exist yet, never through a link.
func createFile(path string) (*os.File, error) {
	return open(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND)
}

// openRegular opens a file of a record for reading, and readRegular reads all of it. Whoever wrote the record may have put
// something else there: reading a pipe never ends, and a link leads out of the record.
func openRegular(path string) (*os.File, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	return open(path, os.O_RDONLY)
}

func readRegular(path string) ([]byte, error) {
	if err := regular(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// regular returns an error unless there is a regular file.
func regular(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("this is not a regular file")}
	}
	return err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// writeWhole writes a file that is complete on disk, or not there.
func writeWhole(path string, text []byte) error {
	return renameio.WriteFile(path, text, 0o600, renameio.IgnoreUmask(), renameio.WithTempDir(filepath.Dir(path)))
}
