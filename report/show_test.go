package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hail/runner"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

// looks shows runs of one host, of a thousand hosts, and of hosts with output that is hard to show.
func looks(w io.Writer, style Style) error {
	one := []Result{{Host: "db1", Status: runner.OK}}
	var thousand []Result
	same := map[string]string{}
	for i := range 1000 {
		r := Result{Host: fmt.Sprintf("node%04d.rack%02d.example.com", i, i%20), Status: runner.OK}
		same[r.Host] = "6.1.0-30-amd64\n"
		if i%100 == 99 {
			r.Status, r.Reason, r.Error = runner.Unreachable, runner.ConnectTimeout, "not reached within 10s: no answer to the TCP connection"
			same[r.Host] = ""
		}
		thousand = append(thousand, r)
	}
	hard := map[string]string{
		"bars":    "  0% \r 50% \r100% done\nnext\n",
		"binary":  "\x7fELF\x02\x01\x00\x00\xff\xfe",
		"colours": "\x1b[01;34mbin\x1b[0m  \x1b[38;5;208metc\x1b[m\n",
		"escapes": "\x1b[2J\x1b]52;c;ZXZpbA==\a\x1b[1Aweb01: all is well\n",
		"long":    strings.Repeat("x", 1<<20) + "\n",
		"rtl":     "مرحبا \u202egpj.exe\n",
		"wide":    "日本語 ｆｕｌｌ ü é\u0301\n",
	}
	var odd []Result
	for _, name := range slices.Sorted(maps.Keys(hard)) {
		odd = append(odd, Result{Host: name, Status: runner.OK})
	}
	for _, run := range []struct {
		results []Result
		out     map[string]string
		by      Gathering
	}{
		{one, map[string]string{"db1": "up 3 days\n"}, Gathering{}},
		{thousand, same, Gathering{}},
		{thousand[:8], map[string]string{thousand[0].Host: "a\nb\n", thousand[1].Host: "a\nb\n", thousand[2].Host: "a\nc\n"}, Gathering{Diff: true}},
		{odd, hard, Gathering{}},
	} {
		s, files := fleet(run.results, run.out, nil)
		var b bytes.Buffer
		if err := Gather(&b, s, files, run.by, style); err != nil {
			return err
		}
		b = *bytes.NewBuffer(bytes.ReplaceAll(b.Bytes(), []byte(hard["long"]), []byte("(1048576 times x)\n")))
		if err := Text(&b, s, files, style); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\n", b.Bytes())
	}
	return nil
}

// TestPingTableColor: the status has its colour, and not a part of the host's name.
func TestPingTableColor(t *testing.T) {
	var b strings.Builder
	if err := PingTable(&b, &Summary{Hosts: []Result{{Host: "tokyo", Status: runner.OK}}}, Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	if want := "HOST   STATUS\ntokyo  \x1b[32mok\x1b[0m\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestPingTableWidth: where a line is too long, the name of the server is shortened, and not the columns after it.
func TestPingTableWidth(t *testing.T) {
	reach := func(server string) *runner.Reach {
		return &runner.Reach{TCP: time.Millisecond, Handshake: 30 * time.Millisecond, Login: 20 * time.Millisecond,
			Server: "SSH-2.0-" + server, HostKey: "ssh-ed25519 SHA256:x"}
	}
	s := &Summary{Hosts: []Result{
		{Host: "web01", Status: runner.OK, Reach: reach("OpenSSH_9.2p1 Debian-2+deb12u10")},
		{Host: "web02", Status: runner.OK, Reach: reach("dropbear_2022.83")},
	}}
	for width, want := range map[int]string{
		0: "web01  ok      1ms  30ms       20ms   OpenSSH_9.2p1 Debian-2+deb12u10  ssh-ed25519\n" +
			"web02  ok      1ms  30ms       20ms   dropbear_2022.83                 ssh-ed25519\n",
		80: "web01  ok      1ms  30ms       20ms   OpenSSH_9.2p1 Debian-2+deb12…  ssh-ed25519\n" +
			"web02  ok      1ms  30ms       20ms   dropbear_2022.83               ssh-ed25519\n",
		40: "web01  ok      1ms  30ms       20ms   O…\nweb02  ok      1ms  30ms       20ms   d…\n",
	} {
		var b strings.Builder
		if err := PingTable(&b, s, Style{Width: width}); err != nil {
			t.Fatal(err)
		}
		if _, got, _ := strings.Cut(b.String(), "\n"); got != want {
			t.Errorf("width %d:\n%s, want\n%s", width, got, want)
		}
	}
}

func TestGolden(t *testing.T) {
	s, files := forty()
	for name, show := range map[string]func(w io.Writer) error{
		"gather.txt":     func(w io.Writer) error { return Gather(w, s, files, Gathering{}, Style{Width: 80}) },
		"gather.ansi":    func(w io.Writer) error { return Gather(w, s, files, Gathering{}, Style{Width: 80, Color: true}) },
		"summary.txt":    func(w io.Writer) error { return Text(w, s, files, Style{Width: 80}) },
		"summary200.txt": func(w io.Writer) error { return Text(w, s, files, Style{Width: 200}) },
		"ping.txt":       func(w io.Writer) error { return PingTable(w, s, Style{Width: 80}) },
		"hosts.csv":      func(w io.Writer) error { _, err := w.Write(hostsCSV(s)); return err },
		"looks.txt":      func(w io.Writer) error { return looks(w, Style{Width: 80, Brief: true}) },
		"looks.ansi":     func(w io.Writer) error { return looks(w, Style{Width: 200, Brief: true, Color: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := show(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
			for line := range strings.Lines(b.String()) {
				if name != "hosts.csv" && name != "summary200.txt" && name != "looks.txt" && !strings.Contains(name, "ansi") && len([]rune(strings.TrimRight(line, "\n"))) > 80 {
					t.Errorf("more than 80 columns: %s", line)
				}
			}
		})
	}
}

// TestGatherLosesNobody: every host that printed something is in exactly one block, together with exactly those that
// printed the same and ended in the same way.
func TestGatherLosesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "hosts")
		var results []Result
		out, errs := map[string]string{}, map[string]string{}
		text := rapid.SampledFrom([]string{"", "a\n", "b\n", "a", "long\nlonger\n"})
		for i := range n {
			h := fmt.Sprint("h", i)
			results = append(results, Result{Host: h, Status: rapid.SampledFrom([]runner.Status{runner.OK, runner.Failed}).Draw(t, "status")})
			out[h], errs[h] = text.Draw(t, "out"), text.Draw(t, "err")
		}
		s, files := fleet(results, out, errs)
		groups, err := gather(s, files, Gathering{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		looks := map[string]bool{}
		for _, g := range groups {
			look := func(r *Result) string { return fmt.Sprintf("%s|%q|%q", r.Status, out[r.Host], errs[r.Host]) }
			if looks[look(g.results[0])] {
				t.Fatalf("two groups look like %s", look(g.results[0]))
			}
			looks[look(g.results[0])] = true
			for _, r := range g.results {
				seen[r.Host]++
				if look(r) != look(g.results[0]) {
					t.Fatalf("%s is in the group of %s", look(r), look(g.results[0]))
				}
			}
		}
		for _, r := range results {
			want := 1
			if out[r.Host]+errs[r.Host] == "" {
				want = 0
			}
			if seen[r.Host] != want {
				t.Fatalf("%s is in %d blocks, want %d", r.Host, seen[r.Host], want)
			}
		}
	})
}

func TestStream(t *testing.T) {
	files := printed{"web1 stdout": "one\ntwo, in two pieces\nthree\x1b[m", "web1 stderr": "oops\n"}
	var b bytes.Buffer
	s := &Stream{W: &b, Files: files}
	piece := func(stream runner.Stream, from, to int64) []runner.Event {
		return []runner.Event{{Kind: runner.KindOutput, Host: "web1", Stream: stream, Offset: from, Length: to - from}}
	}
	for _, batch := range [][]runner.Event{piece(runner.Stdout, 0, 8), piece(runner.Stderr, 0, 5), piece(runner.Stdout, 8, int64(len(files["web1 stdout"]))), {{Kind: runner.KindFinish, Host: "web1"}}} {
		if err := s.Events(batch); err != nil {
			t.Fatal(err)
		}
	}
	want := "web1: one\nweb1: stderr: oops\nweb1: two, in two pieces\nweb1: three\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if err := s.Events(piece(runner.Stderr, 0, 6)); err == nil {
		t.Error("output that is missing from the record is not noticed")
	}
}

func TestDrain(t *testing.T) {
	var order []string
	fail := errors.New("no")
	sinks := []Sink{&spy{name: "a", order: &order}, &spy{name: "b", order: &order, fail: fail}, &spy{name: "c", order: &order}}
	events := func(yield func([]runner.Event) bool) {
		for e := range slices.Chunk(story(), 8) {
			if !yield(e) {
				t.Error("a sink's error ended the sequence")
				return
			}
		}
	}
	s, err := Drain(events, sinks...)
	if !errors.Is(err, fail) || !s.Whole || s.Counts[runner.Skipped] != 2 {
		t.Errorf("%v, %+v", err, s.Counts)
	}
	if got, want := strings.Join(order, " "), "a b c a c a c a! b! c!"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestDrainPanic: when a sink panics, the other sinks are still closed.
func TestDrainPanic(t *testing.T) {
	var order []string
	defer func() {
		if p, got := recover(), strings.Join(order, " "); p == nil || got != "a ended a! b!" {
			t.Errorf("%v after %s", p, got)
		}
	}()
	Drain(func(yield func([]runner.Event) bool) {
		defer func() { order = append(order, "ended") }()
		yield(story())
	}, &spy{name: "a", order: &order}, panicking{&spy{name: "b", order: &order}})
}

type panicking struct{ *spy }

func (panicking) Events([]runner.Event) error { panic("the sink's") }

type spy struct {
	name  string
	order *[]string
	fail  error
}

func (s *spy) Events([]runner.Event) error { *s.order = append(*s.order, s.name); return s.fail }

func (s *spy) Close() error { *s.order = append(*s.order, s.name+"!"); return nil }
