package hail_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// dependOnSources looks at every folder with sources, for a test that has the go command read them. go test does not see
// that, and would take an old result for one of the sources as they are.
func dependOnSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
