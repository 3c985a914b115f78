package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"hail/runner"
)

// TestPrune: records are removed only when there are over a tenth too many, and then down to the number to keep.
func TestPrune(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		plan := &runner.Plan{Run: fmt.Sprintf("20261123-1504%02d-k3f9", i)}
		r := finished(t, dir, plan)
		if err := errors.Join(os.Chtimes(filepath.Join(r.Path(), journalFile), time.Time{}, drawn(plan.Run).Add(100*time.Millisecond)), Prune(dir, 10)); err != nil {
			t.Fatal(err)
		}
		ids, _ := List(dir)
		if want := min(i+1, 11); i < 11 && len(ids) != want || i == 11 && (len(ids) != 10 || ids[9] != "20261123-150402-k3f9") {
			t.Errorf("after %d runs, the records %v are left", i+1, ids)
		}
	}
	if err := Prune(filepath.Join(dir, "none"), 10); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	// Another hail may remove the same records at the same time.
	if removed, err := Remove(dir, "20261123-150400-k3f9"); removed != nil || err != nil {
		t.Errorf("a record that is gone: removed %v, %v", removed, err)
	}
}

// TestPruneLongRun: a run that took long is not removed at its end because many others have begun meanwhile, but only
// when as many have begun afterwards.
func TestPruneLongRun(t *testing.T) {
	dir := t.TempDir()
	run := func(begun, ended time.Duration) string {
		plan := &runner.Plan{Run: NewRunID(start.Add(begun))}
		r := finished(t, dir, plan)
		if err := errors.Join(os.Chtimes(filepath.Join(r.Path(), journalFile), time.Time{}, start.Add(ended)), Prune(dir, 3)); err != nil {
			t.Fatal(err)
		}
		return plan.Run
	}
	for i := range 5 {
		run(time.Duration(1+i)*time.Second, time.Duration(1+i)*time.Second+500*time.Millisecond)
	}
	long := run(0, 6*time.Second)
	for i, want := range []bool{true, true, false} {
		run(time.Duration(7+i)*time.Second, time.Duration(7+i)*time.Second+500*time.Millisecond)
		if ids, _ := List(dir); slices.Contains(ids, long) != want {
			t.Errorf("after %d more runs there are %v; want %s among them: %v", i+1, ids, long, want)
		}
	}
}

// TestPruneKeepsOthers: Prune removes leftovers of earlier runs, and keeps everything that is not a record, whatever it
// is called.
func TestPruneKeepsOthers(t *testing.T) {
	dir := t.TempDir()
	const id = "20261123-150400-k3f9"
	plan := &runner.Plan{Run: "20261123-150401-k3f9"}
	r, err := Create(dir, Head{Plan: plan}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Finish(&Summary{Run: plan.Run})
	defer r.Close()
	defer func() {
		if _, err := os.Stat(filepath.Join(dir, ".reserved-"+plan.Run)); err != nil {
			t.Errorf("the reserved space of a running run was removed: %v", err)
		}
	}()
	for path, stays := range map[string]bool{
		".reserved-tables/1": true, ".removed-photos/1": true, ".unfinished-novel/1": true,
		id + "/run.json": true, ".reserved-" + id: false, ".removed-" + id + "/run.json": false, ".last-" + id: false,
		".unfinished-20200101-000000-k3f9/run.json": false, ".unfinished-20200102-000000-k3f9/" + journalFile: true,
	} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chtimes(filepath.Dir(path), time.Time{}, time.Now().Add(-2*time.Hour))); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) == journalFile {
			lock := flock.New(path)
			if err := lock.Lock(); err != nil {
				t.Fatal(err)
			}
			defer lock.Unlock()
		}
		defer func() {
			if _, err := os.Stat(path); stays != (err == nil) {
				t.Errorf("%s: %v, want it kept: %v", path, err, stays)
			}
		}()
	}
	if err := Prune(dir, 10); err != nil {
		t.Fatal(err)
	}
}

// TestRemoveClaimed: a run that is about to be continued stays, with all that the next run needs of it.
func TestRemoveClaimed(t *testing.T) {
	path := recorded(t)
	dir, id := filepath.Split(path)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := LineageOf(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	release, err := l.Claim()
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := Remove(dir, id); removed != nil || !errors.Is(err, ErrContinued) {
		t.Errorf("a claimed run: removed %v, %v", removed, err)
	}
	if old, err := Old(dir, 0); old != nil || err != nil {
		t.Errorf("a claimed run is old: %v, %v", old, err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if removed, err := Remove(dir, id); len(removed) != 1 || err != nil {
		t.Errorf("after the claim: removed %v, %v", removed, err)
	}
	if _, err := l.Claim(); !errors.Is(err, ErrRemoved) {
		t.Errorf("the claim of a run that is gone: %v", err)
	}
}

// TestRemovedWhileRead: who reads a record that is removed meanwhile is told so, and never that its hosts printed nothing
// or were never started.
func TestRemovedWhileRead(t *testing.T) {
	path := recorded(t)
	dir, id := filepath.Split(path)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	reads := map[string]func() error{
		"events":   func() error { _, err := r.Summary(); return err },
		"output":   func() error { _, err := r.Output("web1", runner.Stdout); return err },
		"nothing":  func() error { _, err := r.Output("db1", runner.Stdout); return err },
		"log":      func() error { _, err := OpenLog(r, "web1"); return err },
		"describe": func() error { _, err := Describe(dir, id); return err },
	}
	for what, read := range reads {
		if err := read(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := OpenLog(r, "db2"); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrRemoved) {
		t.Errorf("the log of a host that never started: %v", err)
	}
	if _, err := Remove(dir, id); err != nil {
		t.Fatal(err)
	}
	for what, read := range reads {
		if err := read(); !errors.Is(err, ErrRemoved) {
			t.Errorf("%s of a record that is gone: %v", what, err)
		}
	}
}

// recordOf makes the record of a run that has ended.
func recordOf(t *testing.T, dir string, plan *runner.Plan) {
	t.Helper()
	r, err := Create(dir, Head{Plan: plan}, nil, 1)
	if err == nil {
		err = errors.Join(r.Close(), r.Finish(&Summary{Run: plan.Run}))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOld: a run stays with those that repeat a part of it, and one with a name stays. Runs that say of each other that
// they are parts, as only a record from elsewhere may, are not looked through for ever.
func TestOld(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("20261123-15040%d-k3f9", n) }
	dir := t.TempDir()
	for _, plan := range []*runner.Plan{{Run: id(1)}, {Run: id(2)}, {Run: id(3), Parent: id(1)}, {Run: id(4), Name: "kept"}, {Run: id(5), Parent: id(2)}, {Run: id(6), Parent: id(6)},
		{Run: id(7), Parent: id(8)}, {Run: id(8), Parent: id(7)}} {
		recordOf(t, dir, plan)
	}
	for keep, want := range map[int][]string{8: nil, 7: nil, 4: {id(1)}, 3: {id(2), id(1)}, 0: {id(7), id(6), id(2), id(1)}} {
		if old, err := Old(dir, keep); err != nil || !slices.Equal(old, want) {
			t.Errorf("with %d kept, %v are old, %v; want %v", keep, old, err, want)
		}
	}
}

// TestRemoveInTheWay: a record that can't be put away is not said to be removed.
func TestRemoveInTheWay(t *testing.T) {
	dir := t.TempDir()
	const id = "20261123-150400-k3f9"
	recordOf(t, dir, &runner.Plan{Run: id})
	if err := os.MkdirAll(filepath.Join(dir, trashPrefix+id, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if removed, err := Remove(dir, id); len(removed) > 0 || err == nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	if _, err := Open(filepath.Join(dir, id)); err != nil {
		t.Errorf("the record is gone: %v", err)
	}
}
