package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
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

func TestHostLog(t *testing.T) {
	dir := t.TempDir()
	plan := &runner.Plan{Run: NewRunID(start), Hosts: []inventory.Host{{Name: "web1", Connection: inventory.Connection{Address: "192.0.2.1", Port: 22, User: "www"}}}}
	r, err := Create(dir, Head{What: "cat\nfile", Plan: plan}, nil, 1) // with only one handle, files are closed and reopened all the time
	if err != nil {
		t.Fatal(err)
	}
	out, errs, err := r.Open(plan.Hosts[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(out, "one\ntw")
	io.WriteString(errs, "oops")
	io.WriteString(out, "o\n# ended   forged\n\x1b[2J\r\n")
	out.Close()
	errs.Close()
	if err := r.Events([]runner.Event{{Kind: runner.KindFinish, Host: "web1", Time: start, Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Error: "exit 3"}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.LogPath("web1"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			if _, err := time.Parse("15:04:05.000", line[:12]); err != nil {
				t.Errorf("%q does not begin with its time", line)
			}
			line = line[13:]
		}
		lines = append(lines, line)
	}
	lines[3] = "# attempt\n"
	want := "# run     " + plan.Run + "\n# host    web1 at 192.0.2.1 port 22 as www\n# what    cat file\n# attempt\n" +
		"out| one\nout| two\nout| # ended   forged\nout| \x1b[2J\r\nerr| oops\n" +
		"# ended   2026-11-23T15:04:05Z failed(exit 3)\n# output  31 bytes stdout, 4 bytes stderr\n"
	if got := strings.Join(lines, ""); got != want {
		t.Errorf("log\n%q\nwant\n%q", got, want)
	}
	for stream, want := range map[runner.Stream]string{runner.Stdout: "one\ntwo\n# ended   forged\n\x1b[2J\r\n", runner.Stderr: "oops"} {
		f, err := r.Output("web1", stream)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(f); string(got) != want {
			t.Errorf("%s is %q, want %q", stream, got, want)
		}
		f.Close()
	}
}

// TestHostLogAbridged: of a large output, the log has the beginning and the end of each piece, and says where the rest
// is. Every byte is accounted for.
func TestHostLogAbridged(t *testing.T) {
	r, err := Create(t.TempDir(), Head{Plan: &runner.Plan{Run: NewRunID(start)}}, nil, 8)
	if err != nil {
		t.Fatal(err)
	}
	hosts := 0
	rapid.Check(t, func(rt *rapid.T) {
		hosts++
		host := inventory.Host{Name: fmt.Sprint("web", hosts)}
		out, errs, err := r.Open(host, 1)
		if err != nil {
			rt.Fatal(err)
		}
		var all []byte
		for range rapid.IntRange(1, 12).Draw(rt, "pieces") {
			line := strings.Repeat("x", rapid.IntRange(50, 3000).Draw(rt, "line")) + "\n"
			piece := strings.Repeat(line, rapid.IntRange(1, 64<<10).Draw(rt, "size")/len(line)+1)
			piece = piece[:len(piece)-rapid.IntRange(0, len(line)-1).Draw(rt, "torn")]
			io.WriteString(out, piece)
			all = append(all, piece...)
		}
		out.Close()
		errs.Close()
		if err := r.Events([]runner.Event{{Kind: runner.KindFinish, Host: host.Name, Time: start, Status: runner.OK}}); err != nil {
			rt.Fatal(err)
		}
		text, err := os.ReadFile(r.LogPath(host.Name))
		if err != nil {
			rt.Fatal(err)
		}
		at, logged, noted := 0, 0, false
		for line := range strings.Lines(string(text)) {
			if _, rest, ok := strings.Cut(line, " out| "); ok {
				if !bytes.HasPrefix(all[at:], []byte(rest)) && !bytes.HasPrefix(all[at:], []byte(strings.TrimSuffix(rest, "\n"))) {
					rt.Fatalf("the output at byte %d does not begin with %.40q, which the log has", at, rest)
				}
				logged, noted = logged+len(rest), false
				at = min(at+len(rest), len(all))
				if at > 0 && all[at-1] != '\n' && at < len(all) { // the newline was added by the log
					at--
				}
			} else if n, unit, from := 0, "", 0; strings.Contains(line, " left out here, ") {
				if _, err := fmt.Sscanf(line[15:], "%d %s left out here, from byte %d on: see the file stdout", &n, &unit, &from); err != nil || from != at {
					rt.Fatalf("%q at byte %d: %v", line, at, err)
				}
				at, noted = at+n, true
			}
		}
		if at != len(all) || noted { // the last bytes are always shown
			rt.Errorf("the log accounts for %d bytes of %d", at, len(all))
		}
		if most := loggedWhole + 64<<10 + 12*2*loggedPiece; logged > most {
			rt.Errorf("the log has %d bytes of output, more than %d", logged, most)
		}
	})
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

// TestPlainLength: plainLength, which looks at eight bytes at a time, finds the same as a search byte by byte.
func TestPlainLength(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := []byte(strings.Repeat("plain \n\t~", 4)[:rapid.IntRange(0, 36).Draw(r, "length")])
		for range rapid.IntRange(0, 2).Draw(r, "changes") {
			if len(b) > 0 {
				b[rapid.IntRange(0, len(b)-1).Draw(r, "at")] = rapid.Byte().Draw(r, "byte")
			}
		}
		want := bytes.IndexFunc(b, func(c rune) bool { return c > 0x7e || c < ' ' && c != '\n' && c != '\t' })
		if want < 0 {
			want = len(b)
		}
		if got := plainLength(b); got != want {
			r.Errorf("%d of %q, want %d", got, b, want)
		}
	})
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":       "plain\ttext\n",
		"\x1b[1;31mred\x1b[m": "red",
		"\x1b[2J\x1b[31":      `\x1b[2J\x1b[31`,
		"line\r\n50%\r100%":   "line\n50%" + `\x0d` + "100%",
		"\x00\x07\x7f":        `\x00\x07\x7f`,
		"\xff\xfe":            `\xff\xfe`,
		"\u009b31m":           `\u009b31m`,
		"a\u202eb\u2066c":     `a\u202eb\u2066c`,
		"a\U000e0001b":        `a\U000e0001b`,
		"日本 ü 👩\u200d💻 العربية": "日本 ü 👩\u200d💻 العربية",
	} {
		if got := string(Clean(nil, []byte(in))); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestJSONWriter: what a host printed is harmless in JSON, too, and still what it printed.
func TestJSONWriter(t *testing.T) {
	for in, hidden := range map[string]string{
		"plain \ttext\n 日本 ü 👩\u200d💻": "",
		"\x1b[31m\x07\x7f \u009b31m":   "\x1b\x07\x7f\u009b",
		"a\u202eb\u2066c\U000e0001d":   "\u202e\u2066\U000e0001",
	} {
		var text bytes.Buffer
		if err := json.NewEncoder(JSONWriter{&text}).Encode(in); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(text.String(), hidden) {
			t.Errorf("%q became %q", in, text.String())
		}
		var got string
		if err := json.Unmarshal(text.Bytes(), &got); err != nil || got != in {
			t.Errorf("%q became %s, which is %q, %v", in, text.String(), got, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("\x1b]0;title\x07\u202e\xff\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := Clean(nil, in)
		for _, r := range string(out) { // removing a colour must not leave another one behind
			if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == '\ufeff' {
				t.Fatalf("%q became %q, with %q in it", in, out, r)
			}
		}
		if bytes.Count(in, []byte("\n")) != bytes.Count(out, []byte("\n")) {
			t.Fatalf("%q became %q: lines came or went", in, out)
		}
	})
}

func BenchmarkHostLog(b *testing.B) {
	plan := &runner.Plan{Run: NewRunID(start)}
	r, err := Create(b.TempDir(), Head{Plan: plan}, nil, 100)
	if err != nil {
		b.Fatal(err)
	}
	text := bytes.Repeat([]byte("a line of some output of a host\n"), 32)
	for i := 0; b.Loop(); i++ {
		h := inventory.Host{Name: "h" + strings.Repeat("x", i%3) + time.Duration(i).String()}
		out, errs, err := r.Open(h, 1)
		if err != nil {
			b.Fatal(err)
		}
		out.Write(text)
		out.Close()
		errs.Close()
		l, _ := r.openLogs.LoadAndDelete(h.Name)
		if err := l.(*hostLog).finish(&runner.Event{Time: start, Status: runner.OK}, false); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPrune: records are removed only when there are over a tenth too many, and then down to the number to keep.
func TestPrune(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		plan := &runner.Plan{Run: fmt.Sprintf("20261123-1504%02d-k3f9", i)}
		r, err := Create(dir, Head{Version: "1", Started: start, Plan: plan}, nil, 10)
		if err == nil {
			err = errors.Join(r.Close(), r.Finish(&Summary{Run: plan.Run}))
		}
		if err == nil {
			err = os.Chtimes(filepath.Join(r.Path(), journalFile), time.Time{}, drawn(plan.Run).Add(100*time.Millisecond))
		}
		if err == nil {
			err = Prune(dir, 10)
		}
		if err != nil {
			t.Fatal(err)
		}
		ids, _ := List(dir)
		if want := min(i+1, 11); i < 11 && len(ids) != want || i == 11 && (len(ids) != 10 || ids[9] != "20261123-150402-k3f9") {
			t.Errorf("after %d runs, the records %v are left", i+1, ids)
		}
	}
	if err := Prune(filepath.Join(dir, "none"), 10); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	// Another hail may remove the same records at the same time.
	if removed, err := Remove(dir, "20261123-150400-k3f9"); removed != nil || err != nil {
		t.Errorf("a record that is gone: removed %v, %v", removed, err)
	}
}

// TestPruneLongRun: a run that took long is not removed at its end because many others have begun meanwhile, but only
// when as many have begun afterwards.
func TestPruneLongRun(t *testing.T) {
	dir := t.TempDir()
	run := func(begun, ended time.Duration) string {
		plan := &runner.Plan{Run: NewRunID(start.Add(begun))}
		r, err := Create(dir, Head{Plan: plan}, nil, 1)
		if err == nil {
			err = errors.Join(r.Close(), r.Finish(&Summary{Run: plan.Run}), os.Chtimes(filepath.Join(r.Path(), journalFile), time.Time{}, start.Add(ended)))
		}
		if err == nil {
			err = Prune(dir, 3)
		}
		if err != nil {
			t.Fatal(err)
		}
		return plan.Run
	}
	for i := range 5 {
		run(time.Duration(1+i)*time.Second, time.Duration(1+i)*time.Second+500*time.Millisecond)
	}
	long := run(0, 6*time.Second)
	for i, want := range []bool{true, true, false} {
		run(time.Duration(7+i)*time.Second, time.Duration(7+i)*time.Second+500*time.Millisecond)
		if ids, _ := List(dir); slices.Contains(ids, long) != want {
			t.Errorf("after %d more runs there are %v; want %s among them: %v", i+1, ids, long, want)
		}
	}
}

// TestPruneKeepsOthers: Prune removes leftovers of earlier runs, and keeps everything that is not a record, whatever it
// is called.
func TestPruneKeepsOthers(t *testing.T) {
	dir := t.TempDir()
	const id = "20261123-150400-k3f9"
	plan := &runner.Plan{Run: "20261123-150401-k3f9"}
	r, err := Create(dir, Head{Plan: plan}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Finish(&Summary{Run: plan.Run})
	defer r.Close()
	defer func() {
		if _, err := os.Stat(filepath.Join(dir, ".reserved-"+plan.Run)); err != nil {
			t.Errorf("the reserved space of a running run was removed: %v", err)
		}
	}()
	for path, stays := range map[string]bool{
		".reserved-tables/1": true, ".removed-photos/1": true, ".unfinished-novel/1": true,
		id + "/run.json": true, ".reserved-" + id: false, ".removed-" + id + "/run.json": false, ".last-" + id: false,
		".unfinished-20200101-000000-k3f9/run.json": false, ".unfinished-20200102-000000-k3f9/" + journalFile: true,
	} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600), os.Chtimes(filepath.Dir(path), time.Time{}, time.Now().Add(-2*time.Hour))); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) == journalFile {
			lock := flock.New(path)
			if err := lock.Lock(); err != nil {
				t.Fatal(err)
			}
			defer lock.Unlock()
		}
		defer func() {
			if _, err := os.Stat(path); stays != (err == nil) {
				t.Errorf("%s: %v, want it kept: %v", path, err, stays)
			}
		}()
	}
	if err := Prune(dir, 10); err != nil {
		t.Fatal(err)
	}
}

// TestRemoveClaimed: a run that is about to be continued stays, with all that the next run needs of it.
func TestRemoveClaimed(t *testing.T) {
	path := recorded(t)
	dir, id := filepath.Split(path)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := LineageOf(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	release, err := l.Claim()
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := Remove(dir, id); removed != nil || !errors.Is(err, ErrContinued) {
		t.Errorf("a claimed run: removed %v, %v", removed, err)
	}
	if old, err := Old(dir, 0); old != nil || err != nil {
		t.Errorf("a claimed run is old: %v, %v", old, err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if removed, err := Remove(dir, id); len(removed) != 1 || err != nil {
		t.Errorf("after the claim: removed %v, %v", removed, err)
	}
	if _, err := l.Claim(); !errors.Is(err, ErrRemoved) {
		t.Errorf("the claim of a run that is gone: %v", err)
	}
}

// TestRemovedWhileRead: who reads a record that is removed meanwhile is told so, and never that its hosts printed nothing
// or were never started.
func TestRemovedWhileRead(t *testing.T) {
	path := recorded(t)
	dir, id := filepath.Split(path)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	reads := map[string]func() error{
		"events":   func() error { _, err := r.Summary(); return err },
		"output":   func() error { _, err := r.Output("web1", runner.Stdout); return err },
		"nothing":  func() error { _, err := r.Output("db1", runner.Stdout); return err },
		"log":      func() error { _, err := OpenLog(r, "web1"); return err },
		"describe": func() error { _, err := Describe(dir, id); return err },
	}
	for what, read := range reads {
		if err := read(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := OpenLog(r, "db2"); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrRemoved) {
		t.Errorf("the log of a host that never started: %v", err)
	}
	if _, err := Remove(dir, id); err != nil {
		t.Fatal(err)
	}
	for what, read := range reads {
		if err := read(); !errors.Is(err, ErrRemoved) {
			t.Errorf("%s of a record that is gone: %v", what, err)
		}
	}
}

// TestLineageOfStrangers: a run whose id is listed, but which does not repeat a part of these, does not belong to them.
func TestLineageOfStrangers(t *testing.T) {
	dir := t.TempDir()
	ids := []string{"20261123-150400-k3f9", "20261123-150401-k3f9", "20261123-150402-k3f9", "20261123-150403-k3f9"}
	var root *Run
	for i, parent := range []string{"", "", ids[0], "20261123-150402-gone"} {
		plan := &runner.Plan{Run: ids[i], Parent: parent}
		r, err := Create(dir, Head{Plan: plan}, nil, 1)
		if err == nil {
			err = errors.Join(r.Close(), r.Finish(&Summary{Run: ids[i]}))
		}
		if err == nil && i == 0 {
			root, err = Open(r.Path())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l := &Lineage{Runs: []*Run{root}}
	for _, id := range []string{ids[1], ids[2], "20261123-150402-gone", ids[3]} {
		if err := l.Continue(id); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	l, err := LineageOf(dir, root)
	for _, r := range l.Runs {
		got = append(got, r.Plan.Run)
	}
	if want := []string{ids[0], ids[2], ids[3]}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the runs %v, %v; want %v", got, err, want)
	}
}

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
			case <-time.After(5 * time.Second):
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

// TestLineageInACircle: of two runs that name each other as their parent, the earlier one is the root for both.
func TestLineageInACircle(t *testing.T) {
	dir := t.TempDir()
	ids := []string{"20261123-150400-k3f9", "20261123-150401-k3f9"}
	for i, id := range ids {
		plan := &runner.Plan{Run: id, Parent: ids[1-i]}
		r, err := Create(dir, Head{Plan: plan}, nil, 1)
		if err == nil {
			err = errors.Join(r.Close(), r.Finish(&Summary{Run: id}))
		}
		if err != nil {
			t.Fatal(err)
		}
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
