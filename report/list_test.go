package report

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"hail/runner"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	var ids []string
	var records []*Record // kept, because each holds a lock
	for i, name := range []string{"night0", "night1", "20261123", "night0"} {
		plan := &runner.Plan{Run: NewRunID(start.Add(time.Duration(i) * time.Hour)), Name: name}
		r, err := Create(dir, Head{Plan: plan}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
		ids = append(ids, plan.Run)
	}
	for ref, want := range map[string]string{"last": ids[3], "last~0": ids[3], "last~3": ids[0], ids[1]: ids[1], ids[1][:12]: ids[1], "night0": ids[3], "night1": ids[1],
		"20261123": ids[2], "last~4": "", "last~x": "", "last2": "", "2026": "", "nothing": "", "../x": ""} {
		r, err := Find(dir, ref)
		switch {
		case want == "" && err == nil:
			t.Errorf("%s finds %s, want an error", ref, r.Plan.Run)
		case want != "" && (err != nil || r.Plan.Run != want):
			t.Errorf("%s: %v, want %s", ref, err, want)
		}
	}
	damaged := filepath.Join(dir, ids[1], journalFile)
	if err := os.WriteFile(damaged, []byte("?\n?\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := Find(dir, "night1"); err != nil || r.Plan.Run != ids[1] { // damage is reported only when the journal is read
		t.Errorf("a run with a damaged journal is not found by its name: %v", err)
	}
	if r, err := Find(dir, "last"); err != nil || !r.Going() {
		t.Errorf("a run whose record is still open does not count as going on: %v", err)
	}
	runtime.KeepAlive(records)
}
