package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
)

// TestRecordThatLies: a record whose plan has another id, or a path as that of its parent, or names that are none, is
// damaged. Whoever wrote it can't have anything else removed with it.
func TestRecordThatLies(t *testing.T) {
	const child = "20991123-150401-k3f9"
	for _, lie := range []func(id string, p *runner.Plan){
		func(_ string, p *runner.Plan) { p.Run = "../../other" },
		func(id string, p *runner.Plan) { p.Run, p.Parent = "../../other", id },
		func(_ string, p *runner.Plan) { p.Run, p.Parent = child, "../../other" },
		func(id string, p *runner.Plan) { p.Run, p.Parent, p.Hosts[0].Name = child, id, "web1\x1b[2J" },
	} {
		dir := filepath.Join(t.TempDir(), "state", "runs")
		other, id := filepath.Join(dir, "../../other"), "20261123-150405-k3f9"
		path := filepath.Join(dir, id)
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.Mkdir(other, 0o700), os.Rename(recorded(t), path)); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err == nil {
			err = (&Lineage{Runs: []*Run{r}}).Continue(child)
		}
		if err != nil {
			t.Fatal(err)
		}
		lie(id, r.Plan)
		text, _ := json.Marshal(r.Head)
		liar := filepath.Join(dir, child)
		if err := errors.Join(os.Mkdir(liar, 0o700), os.WriteFile(filepath.Join(liar, headFile), text, 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(liar); err == nil {
			t.Errorf("run %q with the parent %q is opened as %s", r.Plan.Run, r.Plan.Parent, child)
		}
		for _, id := range []string{id, child} {
			Remove(dir, id)
		}
		if _, err := os.Stat(other); err != nil {
			t.Errorf("run %q with the parent %q: %v", r.Plan.Run, r.Plan.Parent, err)
		}
		if ids, _ := List(dir); slices.Contains(ids, child) {
			t.Errorf("a damaged record can't be removed")
		}
	}
}

// TestManyOfOneName: many checks over the fleet that have one name are no reason to crash.
func TestManyOfOneName(t *testing.T) {
	s := &Summary{Plan: &runner.Plan{}}
	for i := range mostTexts + 2 {
		s.Plan.Fleet = append(s.Plan.Fleet, runner.Check{ID: "same"})
		s.Fleet = append(s.Fleet, runner.Verdict{Check: "same", Outcome: runner.Fail, Text: fmt.Sprint(i)})
	}
	if n := len(findings(s)); n != mostTexts+1 {
		t.Errorf("%d findings, want %d", n, mostTexts+1)
	}
}

// TestVerdictsOfStrangers: a run that repeats a part of another one has other checks than that, and both have a verdict on
// none of their checks. What is shown has one verdict on each check.
func TestVerdictsOfStrangers(t *testing.T) {
	dir := t.TempDir()
	hosts := []inventory.Host{{Name: "web1"}, {Name: "web2"}}
	root := &runner.Plan{Run: "20261123-150400-k3f9", Hosts: hosts, Checks: []runner.Check{{ID: "a"}}}
	child := &runner.Plan{Run: "20261123-150401-k3f9", Parent: root.Run, Hosts: hosts}
	for _, p := range []*runner.Plan{root, child} {
		r, err := Create(dir, Head{Plan: p}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		events := []runner.Event{{Kind: runner.KindPlan, Plan: p}, {Kind: runner.KindFinish, Host: "web1", Status: runner.OK},
			{Kind: runner.KindCheck, Verdicts: []runner.Verdict{{Check: "none", Outcome: runner.Fail}}}}
		if err := errors.Join(r.Events(events), r.Close(), r.Finish(&Summary{})); err != nil {
			t.Fatal(err)
		}
	}
	first, err := Open(filepath.Join(dir, root.Run))
	if err == nil {
		err = (&Lineage{Runs: []*Run{first}}).Continue(child.Run)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := LineageOf(dir, first)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := l.Summary()
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Hosts[0].Checks) != 1 || len(s.Fleet) != 0 {
		t.Errorf("the verdicts are %v, and %v over the fleet; want one, and none", s.Hosts[0].Checks, s.Fleet)
	}
	if err := Checks(io.Discard, s, Style{}); err != nil {
		t.Error(err)
	}
}

// TestRecordOfPipesAndLinks: where somebody has put a pipe or a link into a record, nothing waits for the pipe, and the
// link is not followed.
func TestRecordOfPipesAndLinks(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, put := range map[string]func(path string) error{
		"pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"link": func(path string) error { return os.Symlink(outside, path) },
	} {
		for file, read := range map[string]func(dir, id string, r *Run) error{
			headFile:             func(dir, id string, _ *Run) error { _, err := Find(dir, id); return err },
			journalFile:          func(dir, _ string, r *Run) error { Old(dir, 0); _, err := r.Summary(); return err },
			childrenFile:         func(dir, _ string, r *Run) error { _, err := LineageOf(dir, r); return err },
			"hosts/web1/stdout":  func(_, _ string, r *Run) error { _, err := r.Output("web1", runner.Stdout); return err },
			"hosts/web1/log":     func(_, _ string, r *Run) error { _, err := OpenLog(r, "web1"); return err },
			"blobs/0123456789ab": func(_, _ string, r *Run) error { _, _, err := r.Blob("0123456789ab"); return err },
		} {
			path := recorded(t)
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			dir, id := filepath.Split(path)
			at := filepath.Join(path, file)
			os.Remove(at)
			if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), put(at)); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- read(dir, id, r) }()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), "regular file") {
					t.Errorf("%s as a %s: %v", file, what, err)
				}
			case <-time.After(30 * time.Second):
				t.Errorf("%s as a %s: reading waits", file, what)
			}
		}
	}
}

// TestJournalThatLeadsAway: an event whose host or stream would be a path is damage, wherever it leads.
func TestJournalThatLeadsAway(t *testing.T) {
	for _, e := range []runner.Event{
		{Kind: runner.KindOutput, Host: "web1", Stream: "../../../outside", Length: 1},
		{Kind: runner.KindOutput, Host: "../../outside", Stream: runner.Stdout, Length: 1},
		{Kind: runner.KindOutput, Host: "web1", Stream: runner.Stderr, Length: 0},
	} {
		path := recorded(t)
		line := appendLine(nil, &e)
		if err := os.WriteFile(filepath.Join(path, journalFile), append(line, line...), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for range r.Events() {
		}
		if _, damaged := errors.AsType[*DamageError](r.Err()); damaged != (e.Stream != runner.Stderr) {
			t.Errorf("host %q, stream %q: %v", e.Host, e.Stream, r.Err())
		}
	}
}

// TestJournalOfEscapes: whoever wrote a journal reaches a terminal no more than a host does.
func TestJournalOfEscapes(t *testing.T) {
	const evil = "\x1b]52;c;eA==\a\u009b2J\u202e"
	path := recorded(t)
	var lines []byte
	for _, e := range []runner.Event{
		{Kind: runner.KindPlan},
		{Kind: runner.KindReach, Host: "web1", Reach: &runner.Reach{Address: evil, Server: evil, HostKey: evil}},
		{Kind: runner.KindReach, Host: "web2", Reach: &runner.Reach{Address: evil, Server: evil, HostKey: evil}},
		{Kind: runner.KindNote, Host: "web1", Key: runner.NoteLeft, Value: evil},
		{Kind: runner.KindFinish, Host: "web1", Status: evil, Reason: evil, Error: evil},
		{Kind: runner.KindEnd, Reason: evil, Error: evil},
	} {
		lines = appendLine(lines, &e)
	}
	if err := os.WriteFile(filepath.Join(path, journalFile), lines, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Summary()
	if err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	if err := Text(&shown, s, r, Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(shown.String(), "\x1b\a\u009b\u202e") || !strings.Contains(shown.String(), "one machine under 2 names") {
		t.Errorf("this is shown:\n%q", shown.String())
	}
}
