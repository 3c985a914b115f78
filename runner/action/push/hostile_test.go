package push

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"hail/runner"
	"hail/runner/action/program"
	"hail/runner/connsuite"
)

// TestHostileOldContents: of the old contents that a host sends, no more are held than were asked for.
func TestHostileOldContents(t *testing.T) {
	s := &step{item: &Item{Path: "/x", Size: 10}, have: &state{size: 10}, what: content}
	_, err := Push{}.oldContents(t.Context(), connsuite.Target(t, connsuite.Flood), &comparison{steps: []*step{s}})
	if status, _ := runner.StatusOf(err); status != runner.Error || !strings.Contains(err.Error(), "changed on the host meanwhile") {
		t.Errorf("%v, want that a file has changed", err)
	}
}

// TestOldContentsBehindLogin: what a login prints is not part of the contents.
func TestOldContentsBehindLogin(t *testing.T) {
	to := connsuite.Target(t, func(cmd string, s runner.Stdio) error {
		_, err := io.WriteString(s.Out, "Welcome\n"+regexp.MustCompile("hail:[A-Z2-7]+:").FindString(cmd)+"\n0123456789")
		return err
	})
	s := &step{item: &Item{Path: "/x", Size: 10}, have: &state{size: 10}, what: content}
	olds, err := Push{}.oldContents(t.Context(), to, &comparison{steps: []*step{s}})
	if err != nil || olds[s] != "0123456789" {
		t.Errorf("the old content is %q, %v, want 0123456789", olds[s], err)
	}
}

// TestHostileTree: there is a limit on the entries of a folder that are held.
func TestHostileTree(t *testing.T) {
	p := newProbing(&Manifest{Deletes: []Prune{{Path: "/srv", All: true}}})
	p.named = mostNamed - 2
	if err := p.hear("tree", ""); err != nil {
		t.Fatal(err)
	}
	if err := p.hear("", "61 00 62 00 63 00"); err != program.ErrTooMuch || len(p.found.trees["/srv"]) != 2 {
		t.Errorf("want two entries and program.ErrTooMuch, got %q, %v", p.found.trees, err)
	}
}
