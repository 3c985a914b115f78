package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// reserve is space that is set aside for a record: when the disk is full, what is left to be said of the run still has
// to be written. It keeps the first error in writing, which is what releases the space.
type reserve struct {
	mu   sync.Mutex
	err  error
	path string // of the file that takes the space; empty once it is released
}

// The space is enough for the ends of the logs of the hosts that are running, and for the summary. The journal has spare
// room of its own, because anything else that writes to the disk may take what is released here.
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

// noteError keeps err, if it is the first one, and releases the space. It reports whether that has freed any, so that the
// same may be tried again.
func (r *reserve) noteError(err error) (freed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	return r.path != "" && r.remove() == nil
}

// firstError returns the first error in writing; nil as long as there is none.
func (r *reserve) firstError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// release gives the space back, unless that has been done.
func (r *reserve) release() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.path == "" {
		return nil
	}
	return r.remove()
}

// remove removes the file that takes the space. The caller holds mu.
func (r *reserve) remove() error {
	path := r.path
	r.path = ""
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
