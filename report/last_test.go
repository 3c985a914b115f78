package report

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hail/runner"
)

// TestLast: however many records are made and removed at once, in the end the link leads to the newest, and nothing is
// left over.
func TestLast(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			plan := &runner.Plan{Run: NewRunID(start.Add(time.Duration(i) * time.Minute))}
			r, err := Create(dir, Head{Plan: plan}, nil, 1)
			if err == nil {
				err = errors.Join(r.Close(), r.Finish(&Summary{Run: plan.Run}))
			}
			if err == nil && i%4 > 0 {
				_, err = Remove(dir, plan.Run)
			}
			if err == nil {
				err = Prune(dir, 5)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ids, _ := List(dir)
	if to, err := os.Readlink(filepath.Join(dir, "last")); err != nil || to != ids[0] {
		t.Errorf("last leads to %q, %v; want %s", to, err, ids[0])
	}
	if entries, _ := os.ReadDir(dir); len(entries) != len(ids)+1 {
		t.Errorf("there is %v; want nothing but %d records and the link", entries, len(ids))
	}
	for _, id := range ids {
		if _, err := Remove(dir, id); err != nil {
			t.Error(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("without records there is %v", entries)
	}
}
