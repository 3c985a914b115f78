package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hail/runner"
)

// TestFamilyByHeads: which runs belong together is in the beginnings of their records. The hosts are behind that, and
// nobody reads those of hundreds of runs to remove them.
func TestFamilyByHeads(t *testing.T) {
	dir := t.TempDir()
	ids := []string{"20261123-150400-k3f9", "20261123-150401-k3f9"}
	for i, parent := range []string{"", ids[0]} {
		plan := &runner.Plan{Run: ids[i], Parent: parent}
		r, err := Create(dir, Head{Plan: plan}, nil, 1)
		if err == nil {
			err = errors.Join(r.Close(), r.Finish(&Summary{Run: ids[i]}), os.WriteFile(filepath.Join(dir, ids[0], childrenFile), []byte(ids[1]), 0o600))
		}
		head := filepath.Join(dir, ids[i], headFile)
		text, e := os.ReadFile(head)
		if err = errors.Join(err, e, os.Truncate(head, int64(bytes.Index(text, []byte(`"action"`))+len(`"action":`)))); err != nil {
			t.Fatal(err)
		}
	}
	if family, err := Family(dir, ids[0]); err != nil || !slices.Equal(family, ids) {
		t.Errorf("the family of the first run is %v, %v", family, err)
	}
	if family, err := Family(dir, ids[1]); err == nil {
		t.Errorf("the second run has a family of its own, %v", family)
	}
	if removed, err := Remove(dir, ids[0]); err != nil || !slices.Equal(removed, ids) {
		t.Errorf("removed %v, %v", removed, err)
	}
}
