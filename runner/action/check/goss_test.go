package check_test

import (
	"os"
	"strings"
	"testing"

	"hail/runner"
	"hail/runner/action/check"
)

// TestGoss: a file of goss has the same verdicts as its checks in our own form. For wrong-goss.yaml, these are the
// verdicts of goss itself (0.4.9).
func TestGoss(t *testing.T) {
	for _, row := range []struct {
		goss, native string
		pass         []string // nil: all but one
	}{
		{"../../../examples/goss/goss.yaml", "../../../examples/goss/linux.yaml", nil},
		{"testdata/wrong-goss.yaml", "testdata/wrong.yaml", []string{"command:whole", "command:either"}},
	} {
		m := newMachine(t, "gnu")
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
			t.Errorf("%s: %d checks pass, want %v (nil: all but one): %v", row.goss, passed, row.pass, of)
		}
		for _, id := range row.pass {
			if of[id].Outcome != runner.Pass {
				t.Errorf("%s: %v, want it to pass", id, of[id])
			}
		}
	}
}

// TestGossPorts: a port of goss is an IPv4 port unless its protocol ends with 6.
func TestGossPorts(t *testing.T) {
	suite, err := check.Read([]string{"a.yaml"}, func(string) ([]byte, error) {
		return []byte("port: {tcp:80: {listening: true}, udp6:53: {listening: true}, '25': {listening: true}}\n"), nil
	})
	must(t, err)
	for i, want := range []string{"tcp4", "udp6", "tcp4"} {
		if got := suite.Checks[i].Params["proto"]; got != want {
			t.Errorf("%s is of %s, want %s", suite.Checks[i].ID, got, want)
		}
	}
}

// TestGossFiles: a check of goss is named once, even in two files, each mistake is reported, and filetypes are translated
// wherever they occur.
func TestGossFiles(t *testing.T) {
	text := "file:\n  /etc/x: {filetype: {or: [symlink, {equal: directory}]}}\n"
	open := func(string) ([]byte, error) { return []byte(text), nil }
	_, err := check.Read([]string{"a.yaml", "b.yaml"}, open)
	if want := `b.yaml:2:3: the id "file:/etc/x" is already used at a.yaml:2:3`; err == nil || err.Error() != want {
		t.Errorf("two files: %v, want %s", err, want)
	}
	_, err = check.Read([]string{"a.yaml"}, func(string) ([]byte, error) { return []byte("file:\n  a: {}\n  b: {}\n"), nil })
	if want := "a.yaml:2:3: \"a\" is not an absolute path\na.yaml:3:3: \"b\" is not an absolute path"; err == nil || err.Error() != want {
		t.Errorf("two mistakes: %v, want %s", err, want)
	}
	suite, err := check.Read([]string{"a.yaml"}, open)
	must(t, err)
	spec := string(suite.Spec().Args)
	if !strings.Contains(spec, `"want":"link"`) || !strings.Contains(spec, `"want":"dir"`) {
		t.Errorf("the filetypes are not link and dir: %s", spec)
	}
}
