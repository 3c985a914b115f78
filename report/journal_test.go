package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hail/runner"
)

func TestTheJournalIsTheSequence(t *testing.T) {
	r, events := read(t, recorded(t))
	if r.Err() != nil || r.Torn() != 0 {
		t.Fatal(r.Err(), r.Torn())
	}
	want, _ := json.Marshal(story())
	got, _ := json.Marshal(events)
	if !bytes.Equal(want, got) {
		t.Errorf("read back\n%s\nwant\n%s", got, want)
	}
}

// TestTortureTheJournalCutAnywhere: wherever the writer was killed, every host is accounted for correctly. A host that
// had finished keeps its status, one whose command had begun is lost, and the others were never started. The short form
// kills it around each newline and within each line, the long one after each byte.
func TestTortureTheJournalCutAnywhere(t *testing.T) {
	path := recorded(t)
	file := filepath.Join(path, "journal.jsonl")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	events := story()
	for n := range len(whole) + 1 {
		if !inPlaces(whole, n) {
			continue
		}
		if err := os.WriteFile(file, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.Summary()
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		lines := bytes.Count(whole[:n], []byte("\n"))
		if torn := n - bytes.LastIndexByte(whole[:n], '\n') - 1; r.Torn() != torn {
			t.Fatalf("cut at %d: %d bytes torn, want %d", n, r.Torn(), torn)
		}
		want := map[string]runner.Status{}
		for _, h := range events[0].Plan.Hosts {
			want[h.Name] = runner.Skipped
		}
		for _, e := range events[:lines] {
			switch e.Kind {
			case runner.KindExec:
				want[e.Host] = runner.Lost
			case runner.KindFinish:
				want[e.Host] = e.Status
			}
		}
		total := 0
		for _, c := range s.Counts {
			total += c
		}
		if total != len(want) {
			t.Fatalf("cut at %d: the counts add up to %d of %d hosts", n, total, len(want))
		}
		for _, h := range s.Hosts {
			if h.Status != want[h.Host] {
				t.Fatalf("cut at %d: %s is %s, want %s", n, h.Host, h.Status, want[h.Host])
			}
		}
	}
}

// TestNoFlipIsBelieved: whichever bit of a line is flipped, it is no line of a journal, whatever newlines come into it.
func TestNoFlipIsBelieved(t *testing.T) {
	for _, e := range story() {
		line := bytes.TrimSuffix(appendLine(nil, &e), []byte("\n"))
		for i := range line {
			for bit := range 8 {
				line[i] ^= 1 << bit
				for part := range bytes.SplitSeq(line, []byte("\n")) {
					if _, ok := parseLine(part); ok {
						t.Fatalf("bit %d of byte %d: %s is believed", bit, i, part)
					}
				}
				line[i] ^= 1 << bit
			}
		}
	}
}

// TestTortureFlippedJournal: when a bit of the journal is flipped, exactly the events before the damage are read. The
// short form flips bits around each newline and within each line, the long one in each byte.
func TestTortureFlippedJournal(t *testing.T) {
	path := recorded(t)
	file := filepath.Join(path, "journal.jsonl")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := jsonLines(story())
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		if !inPlaces(whole, i) {
			continue
		}
		damaged := slices.Clone(whole)
		damaged[i] ^= 1 << (i % 8)
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		r, events := read(t, path)
		got, err := jsonLines(events)
		if err != nil {
			t.Fatal(err)
		}
		line := bytes.Count(whole[:i], []byte("\n"))
		if len(got) != line || !slices.Equal(got, want[:line]) {
			t.Fatalf("byte %d: %d events were read, want the %d before the damage", i, len(got), line)
		}
		var damage *DamageError
		last := line == len(want)-1 || line == len(want)-2 && whole[i] == '\n' // two lines joined at their newline count as the tail
		switch {
		case last && (r.Err() != nil || r.Torn() == 0):
			t.Fatalf("byte %d, in the tail: %v, %d bytes torn", i, r.Err(), r.Torn())
		case !last && (!errors.As(r.Err(), &damage) || damage.Line != line+1):
			t.Fatalf("byte %d: %v, want damage in line %d", i, r.Err(), line+1)
		}
	}
}

// inPlaces reports whether a test takes this place of a journal: around each newline and, in its short form, at few others.
func inPlaces(journal []byte, i int) bool {
	around := journal[max(0, i-2):min(len(journal), i+2)]
	return os.Getenv("HAIL_TORTURE") != "" || bytes.Contains(around, []byte("\n")) || i%67 == 0
}

func jsonLines(events []runner.Event) (lines []string, err error) {
	for _, e := range events {
		b, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		lines = append(lines, string(b))
	}
	return lines, nil
}

func BenchmarkJournal(b *testing.B) {
	f, err := createFile(filepath.Join(b.TempDir(), "journal"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	j := journalWriter{file: f}
	batch := make([]runner.Event, 0, 40)
	for i := range 10 {
		host := fmt.Sprint("web", i)
		batch = append(batch, runner.Event{Kind: runner.KindAttempt, Host: host}, runner.Event{Kind: runner.KindExec, Host: host},
			runner.Event{Kind: runner.KindOutput, Host: host, Length: 100}, runner.Event{Kind: runner.KindFinish, Host: host, Status: runner.OK})
	}
	for b.Loop() {
		if err := errors.Join(j.write(batch), j.sync()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*10)/b.Elapsed().Seconds(), "finishes/s")
}
