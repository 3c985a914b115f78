package report

import (
	"bytes"
	"io"
	"testing"

	"hail/runner"
)

// TestZero: zero values and nothing at all are no reason to crash.
func TestZero(t *testing.T) {
	files := &Memory{}
	for name, show := range map[string]func(w io.Writer, s *Summary) error{
		"Text":     func(w io.Writer, s *Summary) error { return Text(w, s, files, Style{}) },
		"Troubles": func(w io.Writer, s *Summary) error { return Troubles(w, s, files, false, Style{}) },
		"EachHost": func(w io.Writer, s *Summary) error { return EachHost(w, s, files, Style{}) },
		"Gather":   func(w io.Writer, s *Summary) error { return Gather(w, s, files, Gathering{}, Style{}) },
		"Diff": func(w io.Writer, s *Summary) error {
			r := &Report{Summary: s, Files: files}
			return Diff(w, r, r, Gathering{}, Style{})
		},
		"PingTable": func(w io.Writer, s *Summary) error { return PingTable(w, s, Style{}) },
		"Checks":    func(w io.Writer, s *Summary) error { return Checks(w, s, Style{}) },
		"Counts":    func(w io.Writer, s *Summary) error { Counts(s, Style{}); return nil },
		"Outcomes":  func(w io.Writer, s *Summary) error { s.Outcomes(); return nil },
		"Only":      func(w io.Writer, s *Summary) error { s.Only(nil); return nil },
		"Settle":    func(w io.Writer, s *Summary) error { s.Settle(); return nil },
		"Result":    func(w io.Writer, s *Summary) error { s.Result("x"); return nil },
		"Add": func(w io.Writer, s *Summary) error {
			s.Add([]runner.Event{{Kind: runner.KindFinish, Host: "x"}, {Kind: runner.KindEnd}})
			return nil
		},
	} {
		for _, s := range []*Summary{{}, {Plan: &runner.Plan{}}} {
			func() {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("%s of a summary with the plan %v: %v", name, s.Plan, p)
					}
				}()
				if err := show(io.Discard, s); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}()
		}
	}
	var b bytes.Buffer
	if err := Checks(&b, &Summary{Plan: &runner.Plan{}}, Style{}); err != nil || b.Len() > 0 {
		t.Errorf("of no checks: %q, %v", b.String(), err)
	}
	l := NewLive(&b, 1, true, nil)
	l.List()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
