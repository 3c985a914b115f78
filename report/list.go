package report

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNoRun says that there is no such record, or more than one.
var ErrNoRun = errors.New("no such run")

// ErrRemoved says that a record that was found has been removed since.
var ErrRemoved = errors.New("its record has just been removed")

// unlessRemoved returns err, or ErrRemoved if the record in this folder is gone.
func unlessRemoved(dir string, err error) error {
	if _, e := os.Stat(dir); errors.Is(e, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", filepath.Base(dir), ErrRemoved)
	}
	return err
}

// List returns the ids of the runs in dir, the newest first. If dir does not exist, there are none.
func List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() && runID.MatchString(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// Find opens the run that ref means, as to IDOf.
func Find(dir, ref string) (r *Run, err error) {
	for range mostFinds {
		var id string
		if id, err = IDOf(dir, ref); err != nil {
			return nil, err
		}
		if r, err = Open(filepath.Join(dir, id)); !errors.Is(err, fs.ErrNotExist) { // otherwise it was removed after it was found
			return r, err
		}
	}
	return nil, err
}

const mostFinds = 10

// IDOf returns the id of the run in dir that ref means: an id, last, last~1 for the one before the last, the name of a run,
// of which the newest counts, or the beginning of an id. Its record may be damaged. The error wraps ErrNoRun if ref means
// none, or more than one.
func IDOf(dir, ref string) (string, error) {
	ids, err := List(dir)
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("%w: there are no runs in %s", ErrNoRun, dir)
	}
	if back, ok := strings.CutPrefix(ref, "last"); ok && (back == "" || back[0] == '~') {
		n, err := strconv.Atoi(cmp.Or(back, "~0")[1:])
		if err != nil || n < 0 {
			return "", fmt.Errorf("%w: %q (use last, last~1, last~2 …)", ErrNoRun, ref)
		}
		if n >= len(ids) {
			return "", fmt.Errorf("%w: %q (there are only %d)", ErrNoRun, ref, len(ids))
		}
		return ids[n], nil
	}
	if slices.Contains(ids, ref) {
		return ref, nil
	}
	if id := named(dir, ids, ref); id != "" { // a name may be a date, as the beginning of an id is
		return id, nil
	}
	var found []string
	for _, id := range ids {
		if ref != "" && strings.HasPrefix(id, ref) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%w: %q", ErrNoRun, ref)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%w: %q begins the ids of %d runs: %s …", ErrNoRun, ref, len(found), strings.Join(found[:min(3, len(found))], ", "))
}

// named returns the first of the runs with this name; empty if there is none.
func named(dir string, ids []string, name string) string {
	for _, id := range ids {
		var info RunInfo
		if err := info.readHead(filepath.Join(dir, id)); err == nil && name != "" && info.Name == name {
			return id
		}
	}
	return ""
}
