package report

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// A family is a run and the runs that repeated a part of it. Here it is only ids, and no more is read of the records than
// their beginnings: whoever removes hundreds of records does not want to know their hosts.

// ErrContinued says that another program is repeating a part of the run, or removes it, right now.
var ErrContinued = errors.New("another hail is at work on it")

// Family returns the ids of a run and of the runs that repeated a part of it, whose records can only be removed
// together. It is an error if id is such a part itself, or if one of them is going on. A record that can't be read is on
// its own.
func Family(dir, id string) (ids []string, err error) {
	parent, err := parentOf(dir, id)
	if err != nil {
		return []string{id}, nil
	}
	if ids, err = relatives(dir, id, parent); err != nil {
		return nil, err
	}
	if root := ids[0]; root != id {
		return nil, fmt.Errorf("%s repeats a part of %s, and can only be removed together with it", id, root)
	}
	for _, id := range ids {
		if going(dir, id) {
			return nil, fmt.Errorf("%s is still running", id)
		}
	}
	return ids, nil
}

// relatives returns the ids of the family of a run with this parent, in the order in which they began. Runs whose record
// is gone are left out.
func relatives(dir, id, parent string) (ids []string, err error) {
	root, err := rootOf(dir, id, parent)
	if err != nil {
		return nil, err
	}
	ids = []string{root}
	listed, err := readRegular(filepath.Join(dir, root, childrenFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ours := map[string]bool{root: true}
	for child := range strings.Lines(string(listed)) {
		child = strings.TrimSpace(child)
		if !runID.MatchString(child) {
			continue // torn
		}
		parent, err := parentOf(dir, child)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case ours[parent]: // otherwise another run took the id first, and ours began with a new one
			ids = append(ids, child)
		}
		ours[child] = true
	}
	return ids, nil
}

// rootOf returns the run that the run with this parent repeats a part of, directly or not, or the run itself if there is
// none.
func rootOf(dir, id, parent string) (string, error) {
	for parent != "" && parent < id { // ids sort by time: this excludes circles
		above, err := parentOf(dir, parent)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", err
		}
		id, parent = parent, above
	}
	return id, nil
}

// parentOf returns the run that this one repeats a part of; none if it is empty. The error wraps fs.ErrNotExist if there
// is no such record.
func parentOf(dir, id string) (string, error) {
	var info RunInfo
	path := filepath.Join(dir, id)
	if err := info.readHead(path); err != nil {
		return "", fmt.Errorf("%s is not a complete record: %w", path, err)
	}
	return info.Parent, nil
}

// checkIDs returns an error if the ids in a record can't be those of the record at this path: both become paths.
func checkIDs(path, run, parent string) error {
	if run != filepath.Base(path) || parent != "" && !runID.MatchString(parent) {
		return fmt.Errorf("%s/%s is not that of run %s", path, headFile, filepath.Base(path))
	}
	return nil
}

// claim is Lineage.Claim for the runs with these ids.
func claim(dir string, ids []string) (release func() error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), claimWait)
	defer cancel()
	lock := flock.New(filepath.Join(dir, ids[0], headFile), flock.SetFlag(os.O_RDWR)) // which every record has: a full disk is no hindrance
	ok, err := lock.TryLockContext(ctx, claimWait/20)
	switch {
	case !ok && ctx.Err() != nil:
		return nil, ErrContinued
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrRemoved
	case !ok:
		return nil, err
	}
	if _, err := os.Stat(lock.Path()); err != nil { // it had another name by the time we had the claim
		lock.Unlock()
		return nil, ErrRemoved
	}
	for _, id := range ids {
		if going(dir, id) {
			lock.Unlock()
			return nil, fmt.Errorf("%w: %s is still running", ErrContinued, id)
		}
	}
	return lock.Unlock, nil
}

// claimWait is how long a claim may be waited for: a program that removes runs keeps it for a moment only.
const claimWait = 200 * time.Millisecond

// going reports whether the run is going on.
func going(dir, id string) bool { return locked(filepath.Join(dir, id, journalFile)) }
