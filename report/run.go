package report

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"hail/inventory"
	"hail/runner"
)

// Run is the record of a run, read back. Reading changes nothing, and is possible while the run goes on. There is nothing
// to close. It is used by one goroutine at a time.
type Run struct {
	Head
	hostFiles
	journal journalReader
}

// Open opens the record in the folder path. The error wraps fs.ErrNotExist if there is none.
func Open(path string) (*Run, error) {
	head := filepath.Join(path, headFile)
	text, err := readRegular(head)
	if err != nil {
		return nil, fmt.Errorf("%s is not the record of a run: %w", path, err)
	}
	r := &Run{}
	if err := json.Unmarshal(text, &r.Head); err != nil || r.Plan == nil {
		return nil, fmt.Errorf("%s is damaged", head)
	}
	if err := checkIDs(path, r.Plan.Run, r.Plan.Parent); err != nil {
		return nil, err
	}
	for _, h := range r.Plan.Hosts {
		if err := inventory.CheckName(h.Name); err != nil {
			return nil, fmt.Errorf("%s is damaged: %w", head, err)
		}
	}
	r.hostFiles = newHostFiles(path, r.Plan.Hosts)
	r.journal = journalReader{path: filepath.Join(path, journalFile), plan: r.Plan}
	return r, nil
}

// HeadPath returns the path of the file that has the plan.
func (r *Run) HeadPath() string { return filepath.Join(r.dir, headFile) }

// Going reports whether the run is still going on: its writer holds the lock.
func (r *Run) Going() bool { return locked(r.journal.path) }

func locked(path string) bool {
	if regular(path) != nil {
		return false
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if free {
		lock.Unlock()
	}
	return err == nil && !free
}

// Events yields the events of the run, in batches, as runner.Run did. The slice is reused. Afterwards, Torn and Err say
// how the journal ended.
func (r *Run) Events() iter.Seq[[]runner.Event] {
	return r.journal.events(func() bool { return false })
}

// Follow is Events for a run that may be going on: at the end of the journal it waits for more, until the run or ctx
// ends.
func (r *Run) Follow(ctx context.Context) iter.Seq[[]runner.Event] {
	last := false
	return r.journal.events(func() bool {
		if last {
			return false
		}
		last = !r.Going() // what was written before it ended is still read
		select {
		case <-time.After(followEvery):
			return true
		case <-ctx.Done():
			return false
		}
	})
}

const followEvery = 100 * time.Millisecond

// Torn returns how many bytes at the end of the journal were not a whole line, when it was last read: a writer that was
// killed leaves them.
func (r *Run) Torn() int { return r.journal.torn }

// Err returns why the events ended early, when they were last read.
func (r *Run) Err() error { return r.journal.err }

// Summary folds the journal. If that was cut off, every host is still accounted for. While the run is going on, hosts
// that have not ended have no status, and their checks are not evaluated.
func (r *Run) Summary() (*Summary, error) {
	going := r.Going()
	s := &Summary{}
	for batch := range r.Events() {
		s.Add(batch)
	}
	if s.Plan == nil { // cut off before the plan was journaled: run.json has it
		s.Add([]runner.Event{{Run: r.Plan.Run, Kind: runner.KindPlan, Time: r.Started, Plan: r.Plan}})
	}
	if going {
		s.completeChecks()
	} else {
		s.Settle()
	}
	return s, r.Err()
}
