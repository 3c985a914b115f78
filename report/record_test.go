package report

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

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

func TestRunIDs(t *testing.T) {
	var before string
	for i := range 1000 {
		id := NewRunID(start.Add(time.Duration(i) * 2 * time.Millisecond))
		if !runID.MatchString(id) || id[:18] < before {
			t.Fatalf("run id %s is malformed or sorts before %s", id, before)
		}
		if late := start.Add(time.Duration(i) * 2 * time.Millisecond).Sub(drawn(id)); late < 0 || late > 2*time.Millisecond {
			t.Fatalf("run id %s seems to be drawn %v before it was", id, late)
		}
		before = id[:18]
	}
}

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

// TestFolders: every host has a folder of its own directly under hosts/, whatever its name.
func TestFolders(t *testing.T) {
	for name, want := range map[string]string{"web1": "web1", "..": "%2E%2E", ".": "%2E", "a/b": "a%2Fb", "con": "%63on", "Con.txt": "%43on.txt",
		"[::1]": "%5B%3A%3A1%5D", "x.": "x%2E"} {
		if got := inventory.FileName(name); got != want {
			t.Errorf("%q has the folder %q, want %q", name, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.OneOf(rapid.StringN(1, 300, -1), rapid.StringMatching(`(?i)(web|con|\.\.)[12]?`)), 1, 20, rapid.ID).Draw(t, "names")
		var hosts []inventory.Host
		for _, n := range names {
			hosts = append(hosts, inventory.Host{Name: n})
		}
		f := newHostFiles("run", hosts)
		seen := map[string]string{}
		for _, n := range names {
			dir := f.folder(n)
			key := strings.ToLower(dir)
			if other, ok := seen[key]; ok {
				t.Fatalf("%q and %q share %s", n, other, dir)
			}
			seen[key] = n
			if filepath.Dir(dir) != "run/hosts" || len(filepath.Base(dir)) > 160 || strings.ContainsAny(filepath.Base(dir), "/\\\x00\n ") {
				t.Fatalf("%q has the folder %q, which is not a plain name of up to 160 bytes in run/hosts", n, dir)
			}
		}
	})
}
