package check_test

import (
	"os"
	"testing"

	"hail/runner"
	"hail/runner/action/check"
)

// TestGoss: files of goss have the verdicts of their form in our own language. Those of wrong-goss.yaml are what goss itself says of them
// (0.4.9).
func TestGoss(t *testing.T) {
	for _, row := range []struct {
		goss, native string
		pass         []string // of those that don't all
	}{
		{"../../../examples/goss/goss.yaml", "../../../examples/goss/linux.yaml", nil},
		{"testdata/wrong-goss.yaml", "testdata/wrong.yaml", []string{"command:whole", "command:either"}},
	} {
		m := &machine{}
		theirs, err := check.Read([]string{row.goss}, os.ReadFile)
		must(t, err)
		ours, err := check.Read([]string{row.native}, os.ReadFile)
		must(t, err)
		of, _ := m.run(t, theirs)
		native, _ := m.run(t, ours)
		if len(of) != len(native) || len(of) < 15 {
			t.Errorf("%s has %d checks, %s %d", row.goss, len(of), row.native, len(native))
		}
		passed := 0
		for id, v := range of {
			if v.Outcome != native[id].Outcome {
				t.Errorf("%s: %s %s in goss's form, %s %s in ours", id, v.Outcome, v.Text, native[id].Outcome, native[id].Text)
			}
			if v.Outcome == runner.Pass {
				passed++
			}
		}
		if row.pass == nil && passed != len(of)-1 || row.pass != nil && passed != len(row.pass) {
			t.Errorf("%s: %d pass: %v", row.goss, passed, of)
		}
		for _, id := range row.pass {
			if of[id].Outcome != runner.Pass {
				t.Errorf("%s: %v", id, of[id])
			}
		}
	}
}
