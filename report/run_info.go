package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"hail/runner"
)

// RunInfo is what a list says about a run.
type RunInfo struct {
	Run     string                `json:"run"`
	Name    string                `json:"name,omitempty"`
	Parent  string                `json:"parent,omitempty"`
	What    string                `json:"what"`
	User    string                `json:"user"`
	Started time.Time             `json:"started"`
	Hosts   int                   `json:"hosts"` // how many were selected
	Going   bool                  `json:"going,omitempty"`
	DryRun  bool                  `json:"dry_run,omitempty"`
	Counts  map[runner.Status]int `json:"counts"` // of the hosts that have ended
}

// Describe reads what a list says about a run, and no more of its files than it has to. The error wraps ErrRemoved if
// the record is gone.
func Describe(dir, id string) (RunInfo, error) {
	record := filepath.Join(dir, id)
	info := RunInfo{Run: id}
	if err := info.readHead(record); err != nil {
		return info, unlessRemoved(record, fmt.Errorf("%s is not a complete record: %w", id, err))
	}
	if info.readCounts(record) == nil {
		return info, nil
	}
	r, err := Open(record)
	if err != nil {
		return info, unlessRemoved(record, err)
	}
	info.Going = r.Going() // first: it may end while it is read
	s, err := r.Summary()
	info.DryRun, info.Counts, info.Hosts = s.DryRun, s.Counts, len(s.Hosts)
	return info, err
}

// readHead reads the beginning of run.json, up to the action of the plan. It is an error if that is of another run.
func (info *RunInfo) readHead(record string) error {
	f, err := openRegular(filepath.Join(record, headFile))
	if err != nil {
		return err
	}
	defer f.Close()
	dec := json.NewDecoder(bufio.NewReader(f))
	run := ""
	err = decodeUntil(dec, "plan", map[string]any{"started": &info.Started, "user": &info.User, "what": &info.What})
	if err == nil {
		err = decodeUntil(dec, "action", map[string]any{"run": &run, "name": &info.Name, "parent": &info.Parent})
	}
	return cmp.Or(err, checkIDs(record, run, info.Parent))
}

// readCounts reads the beginning of summary.json, up to the hosts.
func (info *RunInfo) readCounts(record string) error {
	f, err := openRegular(filepath.Join(record, summaryFile))
	if err != nil {
		return err
	}
	defer f.Close()
	dec := json.NewDecoder(bufio.NewReader(f))
	err = decodeUntil(dec, "hosts", map[string]any{"dry_run": &info.DryRun, "counts": &info.Counts})
	for _, n := range info.Counts {
		info.Hosts += n
	}
	return err
}

// decodeUntil reads a JSON object up to the value of the field last, or to its end if there is no such field. Fields
// before that are decoded into what is given for them, or skipped.
func decodeUntil(dec *json.Decoder, last string, into map[string]any) error {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errors.New("not a JSON object"))
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil || name == last {
			return err
		}
		field, wanted := into[name.(string)]
		if !wanted {
			field = new(json.RawMessage)
		}
		if err := dec.Decode(field); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}
