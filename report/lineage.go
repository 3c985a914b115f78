package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"hail/runner"
)

// Lineage is a run and the runs that repeated a part of it, in the order in which they began. As Files, it has the
// output of a host from the last of them that started the host; call Summary first, which finds out which that is.
type Lineage struct {
	Runs []*Run          // never empty; the first is the one that the others repeat
	last map[string]*Run // the last run that started a host, unless that is the first
}

// ErrContinued says that another program is repeating a part of the run, or removes it, right now.
var ErrContinued = errors.New("another hail is at work on it")

// LineageOf finds the runs in dir that belong together with r. Runs whose record is gone are left out.
func LineageOf(dir string, r *Run) (*Lineage, error) {
	root, err := rootOf(dir, r)
	if err != nil {
		return nil, err
	}
	l := &Lineage{Runs: []*Run{root}}
	ids, err := readRegular(filepath.Join(root.dir, childrenFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ours := map[string]bool{root.Plan.Run: true}
	for id := range strings.Lines(string(ids)) {
		id = strings.TrimSpace(id)
		if !runID.MatchString(id) {
			continue // torn
		}
		child, err := Open(filepath.Join(dir, id))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case ours[child.Plan.Parent]: // otherwise another run took the id first, and ours began with a new one
			l.Runs = append(l.Runs, child)
		}
		ours[id] = true
	}
	return l, nil
}

// rootOf returns the run that r repeats a part of, directly or not, or r itself if there is none.
func rootOf(dir string, r *Run) (*Run, error) {
	for r.Plan.Parent != "" && r.Plan.Parent < r.Plan.Run { // ids sort by time: this excludes circles
		parent, err := Open(filepath.Join(dir, r.Plan.Parent))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		r = parent
	}
	return r, nil
}

// Root returns the run that the others repeat.
func (l *Lineage) Root() *Run { return l.Runs[0] }

// Last returns the run that began last.
func (l *Lineage) Last() *Run { return l.Runs[len(l.Runs)-1] }

// Summary returns how the hosts of the first run have ended by now: for each host, the last run that started it counts.
func (l *Lineage) Summary() (*Summary, error) {
	l.last = map[string]*Run{}
	all, err := l.Root().Summary()
	if err != nil {
		return nil, err
	}
	for _, run := range l.Runs[1:] {
		s, err := run.Summary()
		if err != nil {
			return nil, err
		}
		for i := range s.Hosts {
			at, known := all.index[s.Hosts[i].Host]
			if status := s.Hosts[i].Status; known && status != "" && status != runner.Skipped {
				all.Hosts[at] = s.Hosts[i]
				all.Hosts[at].Run = run.Plan.Run
				l.last[s.Hosts[i].Host] = run
			}
		}
		if s.Fleet != nil { // the verdicts are about the hosts of all these runs
			all.Fleet = s.Fleet
		}
		all.Ended, all.Stopped, all.Why, all.Whole = s.Ended, s.Stopped, s.Why, s.Whole
	}
	all.count()
	return all, nil
}

// of returns the run whose files of the host count.
func (l *Lineage) of(host string) *Run {
	if r := l.last[host]; r != nil {
		return r
	}
	return l.Root()
}

// Output implements Files.
func (l *Lineage) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	return l.of(host).Output(host, stream)
}

// LogPath implements Files.
func (l *Lineage) LogPath(host string) string { return l.of(host).LogPath(host) }

// Path implements Files: it returns the folder of the last run.
func (l *Lineage) Path() string { return l.Last().Path() }

// Claim keeps other programs from continuing or removing these runs until release is called. The error wraps
// ErrContinued if another program has the claim, or one of the runs is still going on; it is ErrRemoved if the first of
// them is gone. What was read of the runs before the claim may be out of date.
func (l *Lineage) Claim() (release func() error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), claimWait)
	defer cancel()
	lock := flock.New(filepath.Join(l.Root().dir, headFile), flock.SetFlag(os.O_RDWR)) // which every record has: a full disk is no hindrance
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
	for _, run := range l.Runs {
		if run.Going() {
			lock.Unlock()
			return nil, fmt.Errorf("%w: %s is still running", ErrContinued, run.Plan.Run)
		}
	}
	return lock.Unlock, nil
}

// claimWait is how long a claim may be waited for: a program that removes runs keeps it for a moment only.
const claimWait = 200 * time.Millisecond

// Continue notes that the run with this id, which has not begun yet, repeats a part of these. Only a caller that holds
// the claim may call it.
func (l *Lineage) Continue(id string) error {
	f, err := os.OpenFile(filepath.Join(l.Root().dir, childrenFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "\n%s\n", id) // a torn line before it stays a line of its own
	return errors.Join(err, f.Sync(), f.Close())
}
