package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Remove removes the record of a run and those of its family: without it, nobody could tell what the others had still
// to do. It returns the ids of the records that it has removed: a record that is gone already is none of them. It is an
// error if another program is about to repeat a part of the run.
func Remove(dir, id string) (removed []string, err error) {
	renamed, err := putAway(dir, id)
	for _, id := range renamed {
		if e := os.RemoveAll(filepath.Join(dir, trashPrefix+id)); e != nil {
			err = errors.Join(err, e)
			continue
		}
		removed = append(removed, id)
	}
	if leadsTo(dir, renamed) {
		err = errors.Join(err, renewLast(dir))
	}
	return removed, err
}

// putAway gives the records of a family the names of those that are to be removed.
func putAway(dir, id string) (renamed []string, err error) {
	ids, err := Family(dir, id)
	if err != nil {
		return nil, err
	}
	if _, unreadable := parentOf(dir, id); unreadable == nil {
		release, err := claim(dir, ids)
		switch {
		case errors.Is(err, ErrRemoved): // another program was faster
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("%s can't be removed now: %w", id, err)
		}
		defer release()
		if ids, err = Family(dir, id); err != nil { // it may have been continued before the claim
			return nil, err
		}
	}
	for _, id := range ids { // the first run first: without it, the others are on their own
		switch err := os.Rename(filepath.Join(dir, id), filepath.Join(dir, trashPrefix+id)); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return renamed, fmt.Errorf("%s can't be removed: %w", id, errors.Unwrap(err)) // an *os.LinkError has two long paths
		}
		renamed = append(renamed, id)
	}
	return renamed, nil
}

// Old returns the ids of the records beyond the newest keep that may be removed, the newest first. Held are runs with a
// name, runs that are going on or about to be continued, and all that belong together with a run that stays. Of runs
// that belong together, it returns the first one.
func Old(dir string, keep int) (old []string, err error) {
	return oldOf(dir, keep, func(string, time.Time) bool { return false })
}

// oldOf is Old, with a function that may hold further runs. since is when the oldest of the newest keep runs began; zero
// if keep is 0.
func oldOf(dir string, keep int, spared func(id string, since time.Time) bool) (old []string, err error) {
	ids, err := List(dir)
	if err != nil || len(ids) <= keep {
		return nil, err
	}
	var since time.Time
	if keep > 0 {
		since = drawn(ids[keep-1])
	}
	parent, held := map[string]string{}, map[string]bool{}
	for _, id := range ids {
		var info RunInfo
		err := info.readHead(filepath.Join(dir, id))
		parent[id] = info.Parent
		held[id] = err == nil && info.Name != "" || going(dir, id) || locked(filepath.Join(dir, id, headFile))
	}
	root := func(id string) string {
		for {
			above := parent[id]
			if _, there := parent[above]; !there || above >= id {
				return id
			}
			id = above
		}
	}
	for i, id := range ids {
		if i < keep || held[id] || spared(id, since) {
			held[root(id)] = true
		}
	}
	for _, id := range ids {
		if root(id) == id && !held[id] {
			old = append(old, id)
		}
	}
	return old, nil
}

// Prune leaves one record too many for every recordsPerSpare that are to be kept, because looking through all of them costs
// more than a small run does.
const recordsPerSpare = 10

// Prune removes the records that are Old, if there are over a tenth more than keep, and what unfinished or half-removed
// records and killed runs have left. A record also stays as long as fewer than keep runs have begun since its own ended:
// otherwise a run that took long would lose its record at its end. Anything without the name of a record stays as it is.
func Prune(dir string, keep int) error {
	runs, err := sweep(dir)
	if runs <= keep+keep/recordsPerSpare {
		return err
	}
	old, e := oldOf(dir, keep, func(id string, since time.Time) bool {
		journal, err := os.Stat(filepath.Join(dir, id, journalFile))
		return err == nil && journal.ModTime().After(since)
	})
	err = errors.Join(err, e)
	for _, id := range old {
		_, e := Remove(dir, id)
		err = errors.Join(err, e)
	}
	return err
}

// sweep removes what unfinished or half-removed records and killed runs have left, and counts the records.
func sweep(dir string) (runs int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		prefix, id := cutPrefix(e.Name())
		if !runID.MatchString(id) { // the user may have things of their own here
			continue
		}
		path := filepath.Join(dir, e.Name())
		left := false
		switch prefix {
		case "":
			runs++
		case trashPrefix, lastPrefix:
			left = true
		case unfinishedPrefix:
			left = abandoned(path)
		case reservePrefix:
			left = !going(dir, id)
		}
		if left {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	return runs, err
}

// abandoned reports whether nobody is at work on an unfinished record.
func abandoned(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && time.Since(info.ModTime()) > unfinishedFor && !locked(filepath.Join(path, journalFile))
}

// unfinishedFor is how long it may take to create a record until its journal is locked.
const unfinishedFor = time.Hour
