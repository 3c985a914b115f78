package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// reserve is space that is set aside for a record: when the disk is full, what is left to be said of the run still has
// to be written. It remembers the first error in writing.
type reserve struct {
	mu   sync.Mutex
	err  error
	path string // of the file that takes the space; empty once it is released
}

// The space is enough for the ends of the logs of the hosts that are running, and for the summary. The journal has spare
// room of its own: what is released here, others may take that share the disk.
const (
	reservedSize    = 1 << 20
	reservedPerHost = 512
)

// keep sets the space aside, next to the record of the run, in a file named after the run: so Prune can tell what a
// killed run has left.
func (r *reserve) keep(dir, run string, hosts int) error {
	f, err := createFile(filepath.Join(dir, reservePrefix+run))
	if err != nil {
		return err
	}
	r.path = f.Name()
	return errors.Join(allocate(f, int64(reservedSize+hosts*reservedPerHost)), f.Close())
}

// noteError notes an error in writing, and releases the space. It reports whether there was any.
func (r *reserve) noteError(err error) bool {
	r.mu.Lock()
	if r.err == nil {
		r.err = err
	}
	had := r.path != ""
	r.mu.Unlock()
	return had && r.release() == nil
}

func (r *reserve) first() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *reserve) release() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.path == "" {
		return nil
	}
	err := os.Remove(r.path)
	if r.path = ""; errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}
