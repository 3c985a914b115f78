package report

import (
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// createFile creates a file that must not exist yet, never through a link.
func createFile(path string) (*os.File, error) {
	return open(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND)
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
