package report

import (
	"path/filepath"
	"slices"
	"testing"

	"hail/runner"
)

// TestLineageOfStrangers: a run whose id is listed, but which does not repeat a part of these, does not belong to them.
func TestLineageOfStrangers(t *testing.T) {
	dir := t.TempDir()
	ids := []string{"20261123-150400-k3f9", "20261123-150401-k3f9", "20261123-150402-k3f9", "20261123-150403-k3f9"}
	for i, parent := range []string{"", "", ids[0], "20261123-150402-gone"} {
		finished(t, dir, &runner.Plan{Run: ids[i], Parent: parent})
	}
	root, err := Open(filepath.Join(dir, ids[0]))
	if err != nil {
		t.Fatal(err)
	}
	l := &Lineage{Runs: []*Run{root}}
	for _, id := range []string{ids[1], ids[2], "20261123-150402-gone", ids[3]} {
		if err := l.Continue(id); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	l, err = LineageOf(dir, root)
	for _, r := range l.Runs {
		got = append(got, r.Plan.Run)
	}
	if want := []string{ids[0], ids[2], ids[3]}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the runs %v, %v; want %v", got, err, want)
	}
}

// TestLineageInACircle: of two runs that name each other as their parent, the earlier one is the root for both.
func TestLineageInACircle(t *testing.T) {
	dir := t.TempDir()
	ids := []string{"20261123-150400-k3f9", "20261123-150401-k3f9"}
	for i, id := range ids {
		finished(t, dir, &runner.Plan{Run: id, Parent: ids[1-i]})
	}
	for _, id := range ids {
		r, err := Open(filepath.Join(dir, id))
		if err != nil {
			t.Fatal(err)
		}
		if l, err := LineageOf(dir, r); err != nil || l.Root().Plan.Run != ids[0] {
			t.Errorf("%s: error %v, or its root is not %s", id, err, ids[0])
		}
	}
}
