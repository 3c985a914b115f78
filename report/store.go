package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"hail/runner"
)

// Run is the record of a run, read back. Reading changes nothing, and may go on while the run does.
type Run struct {
	Head
	hostFiles
	journal journalReader
}

// ErrNoRun says that there is no such record.
var ErrNoRun = errors.New("no such run")

var runID = regexp.MustCompile(`^\d{8}-\d{6}-[a-z0-9]{4}$`)

// List returns the ids of the runs in dir, the newest first. A folder that is not there has none.
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

// Find opens the run that ref means: an id, the beginning of one, last, or last~1 for the one before.
func Find(dir, ref string) (*Run, error) {
	ids, err := List(dir)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: %s has no records", ErrNoRun, dir)
	}
	if back, ok := strings.CutPrefix(ref, "last"); ok {
		n := 0
		if back != "" {
			if n, err = strconv.Atoi(strings.TrimPrefix(back, "~")); err != nil || back[0] != '~' || n < 0 {
				return nil, fmt.Errorf("%w: %q (last, last~1, last~2 …)", ErrNoRun, ref)
			}
		}
		if n >= len(ids) {
			return nil, fmt.Errorf("%w: %q, there are %d", ErrNoRun, ref, len(ids))
		}
		return Open(filepath.Join(dir, ids[n]))
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, ref) })
	switch len(ids) {
	case 0:
		return nil, fmt.Errorf("%w: %q", ErrNoRun, ref)
	case 1:
		return Open(filepath.Join(dir, ids[0]))
	}
	return nil, fmt.Errorf("%q is the beginning of %d runs: %s …", ref, len(ids), strings.Join(ids[:min(3, len(ids))], ", "))
}

// Open opens the record in the folder path.
func Open(path string) (*Run, error) {
	text, err := os.ReadFile(filepath.Join(path, "run.json"))
	if err != nil {
		return nil, fmt.Errorf("%s is no record of a run: %w", path, err)
	}
	r := &Run{}
	if err := json.Unmarshal(text, &r.Head); err != nil || r.Plan == nil {
		return nil, fmt.Errorf("%s/run.json is damaged", path)
	}
	r.hostFiles = newHostFiles(path, r.Plan.Hosts)
	r.journal = journalReader{path: filepath.Join(path, "journal.jsonl"), plan: r.Plan}
	return r, nil
}

// Path is the folder of the record.
func (r *Run) Path() string { return r.dir }

// Going says whether the run is still under way: its writer holds the lock.
func (r *Run) Going() bool {
	lock := flock.New(r.journal.path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if free {
		lock.Unlock()
	}
	return err == nil && !free
}

// Events yields the events of the run, in batches, as runner.Run did. The slice is used again. Afterwards Torn and Err
// tell how it ended.
func (r *Run) Events() iter.Seq[[]runner.Event] { return r.journal.events() }

// Torn is how many bytes at the end of the journal were no whole line, when it was last read: the end of a writer that
// was killed.
func (r *Run) Torn() int { return r.journal.torn }

// Err is why the events ended before their end, when they were last read.
func (r *Run) Err() error { return r.journal.err }

// Summary folds the journal. Where it was cut off every host is accounted for, unless the run is still going on: then
// the hosts that have not ended have no status.
func (r *Run) Summary() (*Summary, error) {
	going := r.Going()
	s := &Summary{}
	for batch := range r.Events() {
		s.Add(batch)
	}
	if s.Plan == nil { // cut off before the plan was journaled: run.json has it
		s.Add([]runner.Event{{Run: r.Plan.Run, Kind: runner.KindPlan, Time: r.Started, Plan: r.Plan}})
	}
	if !going {
		s.Settle()
	}
	return s, r.Err()
}
