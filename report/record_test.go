package report

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
)

func TestRecordFiles(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0)) // the modes do not depend on the umask
	path := recorded(t)
	var names []string
	filepath.WalkDir(path, func(p string, d fs.DirEntry, _ error) error {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", p, info.Mode().Perm(), want)
		}
		if !d.IsDir() {
			rel, _ := filepath.Rel(path, p)
			names = append(names, rel)
		}
		return nil
	})
	want := "failed.hosts hosts/db1/log hosts/web1/log hosts/web1/stdout hosts/web2/log hosts/web2/stdout hosts/web3/log hosts/web3/stdout " +
		"hosts.csv journal.jsonl ok.hosts run.json skipped.hosts summary.json summary.txt timeout.hosts unreachable.hosts"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("files\n%s\nwant\n%s", got, want)
	}
	if text, _ := os.ReadFile(filepath.Join(path, "skipped.hosts")); string(text) != "db2\ndb3\n" {
		t.Errorf("skipped.hosts is %q, want db2 and db3", text)
	}
	if to, _ := os.Readlink(filepath.Join(filepath.Dir(path), "last")); to != filepath.Base(path) {
		t.Errorf("last is a link to %q, want %q", to, filepath.Base(path))
	}
}

// TestFullDiskOfOne: once output of one host could not be written, output of the others does not use the reserved space
// either.
func TestFullDiskOfOne(t *testing.T) {
	plan := &runner.Plan{Run: NewRunID(start), Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}}
	r, err := Create(t.TempDir(), Head{What: "cat", Plan: plan}, nil, 8)
	if err != nil {
		t.Fatal(err)
	}
	full := &fs.PathError{Op: "write", Path: r.LogPath("web1"), Err: syscall.ENOSPC}
	for _, h := range plan.Hosts {
		out, _, err := r.Open(h, 1)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "web1" {
			r.reserve.noteError(full)
			continue
		}
		if n, err := io.WriteString(out, "much\n"); n != 0 || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("web2: %d bytes were written, %v, want none and ENOSPC", n, err)
		}
	}
	if err := r.Events([]runner.Event{{Kind: runner.KindFinish, Host: "web2", Time: start, Status: runner.Cancelled, Reason: runner.Unrecorded}}); err != nil {
		t.Error(err)
	}
}

// TestJournalNotSynced: a batch that was written, but not synced, is not written again.
func TestJournalNotSynced(t *testing.T) {
	r, err := Create(t.TempDir(), Head{Plan: &runner.Plan{Run: NewRunID(start)}}, nil, 8)
	if err != nil {
		t.Fatal(err)
	}
	from, to, err := os.Pipe() // a pipe cannot be synced
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	r.journal.file.Close()
	r.journal.file = to
	if err := r.Events([]runner.Event{{Kind: runner.KindFinish, Host: "web1"}}); err == nil || r.Failed() == nil {
		t.Errorf("the error is %v, and Failed returns %v, want an error from both", err, r.Failed())
	}
	to.Close()
	if text, err := io.ReadAll(from); err != nil || bytes.Count(text, []byte("\n")) != 1 {
		t.Errorf("the journal has %q, %v, want one line", text, err)
	}
}

// TestAttemptsAside: the output of an earlier attempt can be read during the run and from the record afterwards.
func TestAttemptsAside(t *testing.T) {
	plan := &runner.Plan{Run: NewRunID(start), Hosts: []inventory.Host{{Name: "web1"}}}
	dir := t.TempDir()
	r, err := Create(dir, Head{Plan: plan}, nil, 8)
	if err != nil {
		t.Fatal(err)
	}
	read := func(files interface {
		Attempt(host string, attempt int, stream runner.Stream) (io.ReadSeekCloser, error)
	}, attempt int) string {
		f, err := files.Attempt("web1", attempt, runner.Stdout)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	texts := []string{"", "first", "second"}
	for attempt := 1; attempt <= 2; attempt++ {
		out, _, err := r.Open(plan.Hosts[0], attempt)
		if err == nil {
			_, err = io.WriteString(out, texts[attempt])
		}
		if err = errors.Join(err, out.Close()); err != nil {
			t.Fatal(err)
		}
		for i := 1; i <= attempt; i++ {
			if got := read(r, i); got != texts[i] {
				t.Errorf("during attempt %d, the output of attempt %d is %q, want %q", attempt, i, got, texts[i])
			}
		}
	}
	if err := errors.Join(r.Close(), r.Finish(&Summary{Run: plan.Run})); err != nil {
		t.Fatal(err)
	}
	run, err := Open(filepath.Join(dir, plan.Run))
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 2; i++ {
		if got := read(run, i); got != texts[i] {
			t.Errorf("after the run, the output of attempt %d is %q, want %q", i, got, texts[i])
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	plan := &runner.Plan{Run: NewRunID(start)}
	dir := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, plan.Run)); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, Head{Plan: plan}, nil, 1); !errors.Is(err, fs.ErrExist) {
		t.Errorf("where the folder of the run is a link: error %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(file, Head{Plan: plan}, nil, 1); err == nil || !strings.Contains(err.Error(), "can't be recorded") {
		t.Errorf("where the folder of all runs is a file: error %v", err)
	}
	dir = t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "last", "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Create(dir, Head{Plan: plan}, nil, 1)
	if left, _ := os.ReadDir(dir); err == nil || len(left) != 1 {
		t.Errorf("with a folder called last: error %v, want one, and only last left, not %v", err, left)
	}
}

// TestCreateRefusesIDs: a record under an id that is not one of NewRunID would never be found again, and might be anywhere.
func TestCreateRefusesIDs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	for _, id := range []string{"", "r1", "../x", "20261123-150405-k3f9/x", "20269999-150405-k3f9"} {
		if _, err := Create(dir, Head{Plan: &runner.Plan{Run: id}}, nil, 1); err == nil || !strings.Contains(err.Error(), "is not the id of a run") {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := Create(dir, Head{}, nil, 1); err == nil {
		t.Error("a record without a plan")
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestCreateKnowsTheTime: a head without a time has that of Create.
func TestCreateKnowsTheTime(t *testing.T) {
	dir := t.TempDir()
	before := time.Now()
	r, err := Create(dir, Head{Plan: &runner.Plan{Run: NewRunID(before)}}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Drain(runner.Run(t.Context(), *r.head.Plan, nil, nil, r), r)
	if err := errors.Join(err, r.Finish(s)); err != nil {
		t.Fatal(err)
	}
	if run, err := Open(r.Path()); err != nil || run.Started.Before(before.Truncate(0)) {
		t.Errorf("started %v, %v; want after %v", run.Started, err, before)
	}
}

// TestRecordThatFailed: the first error in writing is kept to the end, and told once; so is one in writing the files of
// the summary.
func TestRecordThatFailed(t *testing.T) {
	for _, full := range []bool{true, false} {
		plan := &runner.Plan{Run: NewRunID(start)}
		r, err := Create(t.TempDir(), Head{Plan: plan}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		if full {
			first, again := r.reserve.noteError(errors.New("no space")), r.reserve.noteError(errors.New("no space either"))
			if !first || again {
				t.Errorf("the first error frees space: %v, the second: %v", first, again)
			}
		} else if err := os.Mkdir(filepath.Join(r.Path(), summaryFile), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); (err != nil) != full || full && err.Error() != "the record is incomplete: no space" {
			t.Errorf("full %v: it is closed with %v", full, err)
		}
		if err := r.Finish(&Summary{Run: plan.Run}); (err == nil) != full {
			t.Errorf("full %v: it is finished with %v", full, err)
		}
	}
}
