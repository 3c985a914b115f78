package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hail/runner"
)

// Lineage is a run and the runs that repeated a part of it, in the order in which they began.
type Lineage struct {
	Runs []*Run // never empty; the first is the one that the others repeat
}

// LineageOf finds the runs in dir that belong together with r. Runs whose record is gone are left out.
func LineageOf(dir string, r *Run) (*Lineage, error) {
	ids, err := relatives(dir, r.Plan.Run, r.Plan.Parent)
	if err != nil {
		return nil, err
	}
	l := &Lineage{}
	for _, id := range ids {
		run := r
		if id != r.Plan.Run {
			run, err = Open(filepath.Join(dir, id))
		}
		switch {
		case errors.Is(err, fs.ErrNotExist) && len(l.Runs) > 0:
		case err != nil:
			return nil, err
		default:
			l.Runs = append(l.Runs, run)
		}
	}
	return l, nil
}

// Root returns the run that the others repeat.
func (l *Lineage) Root() *Run { return l.Runs[0] }

// Last returns the run that began last.
func (l *Lineage) Last() *Run { return l.Runs[len(l.Runs)-1] }

// Summary returns how the hosts of the first run have ended by now, and what they printed: for each host, the last run that
// started it counts. The Path of the Files is that of the last run.
func (l *Lineage) Summary() (*Summary, Files, error) {
	all, err := l.Root().Summary()
	if err != nil {
		return nil, nil, err
	}
	files := lineageFiles{l, map[string]*Run{}}
	for _, run := range l.Runs[1:] {
		s, err := run.Summary()
		if err != nil {
			return nil, nil, err
		}
		for i := range s.Hosts {
			at, known := all.index[s.Hosts[i].Host]
			if status := s.Hosts[i].Status; known && status != "" && status != runner.Skipped {
				all.Hosts[at] = s.Hosts[i]
				all.Hosts[at].Run = run.Plan.Run
				files.later[s.Hosts[i].Host] = run
			}
		}
		if s.Fleet != nil { // the verdicts are about the hosts of all these runs
			all.Fleet = s.Fleet
		}
		all.Ended, all.Stopped, all.Why, all.Whole = s.Ended, s.Stopped, s.Why, s.Whole
	}
	all.completeChecks()
	all.count()
	return all, files, nil
}

// lineageFiles has the files of each host from the run that counts for it.
type lineageFiles struct {
	*Lineage
	later map[string]*Run // that run, unless it is the first
}

func (f lineageFiles) of(host string) *Run { return cmp.Or(f.later[host], f.Root()) }

func (f lineageFiles) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	return f.of(host).Output(host, stream)
}

func (f lineageFiles) LogPath(host string) string { return f.of(host).LogPath(host) }

func (f lineageFiles) Path() string { return f.Last().Path() }

// Claim keeps other programs from continuing or removing these runs until release is called. The error wraps
// ErrContinued if another program has the claim, or one of the runs is still going on; it is ErrRemoved if the first of
// them is gone. What was read of the runs before the claim may be out of date.
func (l *Lineage) Claim() (release func() error, err error) {
	ids := make([]string, len(l.Runs))
	for i, run := range l.Runs {
		ids[i] = run.Plan.Run
	}
	return claim(filepath.Dir(l.Root().dir), ids)
}

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
