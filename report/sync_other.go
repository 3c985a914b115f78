//go:build !linux

package report

import "os"

// datasync waits until f is on disk.
func datasync(f *os.File) error { return f.Sync() }
