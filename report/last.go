package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// renewLast lets the link lead to the newest record, or removes it if there is none. Several programs may do this at
// once, and make and remove records meanwhile: each looks again after a change, so whoever is last sets it right. A file
// system without links gets none.
func renewLast(dir string) error {
	link := filepath.Join(dir, lastLink)
	for range mostRenewals {
		ids, err := List(dir)
		if err != nil {
			return err
		}
		newest := ""
		if len(ids) > 0 {
			newest = ids[0]
		}
		now, _ := os.Readlink(link) // empty if there is no link
		if now == newest {
			return nil
		}
		if newest == "" {
			if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		next := filepath.Join(dir, lastPrefix+newest)
		err = os.Symlink(newest, next)
		if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrExist) { // one that is there is another program's, and as good as ours
			return err
		}
		if err := os.Rename(next, link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, os.Remove(next))
		}
	}
	return nil
}

// mostRenewals is more than it takes unless records come and go without end, and then the next one will set it right.
const mostRenewals = 100

// leadsTo reports whether the link leads to one of these records.
func leadsTo(dir string, ids []string) bool {
	now, err := os.Readlink(filepath.Join(dir, lastLink))
	return err == nil && slices.Contains(ids, now)
}
