package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

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

var many = regexp.MustCompile("x{100}x+")

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
		b = *bytes.NewBuffer(many.ReplaceAllFunc(b.Bytes(), func(x []byte) []byte { return fmt.Appendf(nil, "(%d times x)", len(x)) }))
		if err := Text(&b, s, files, style); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\n", b.Bytes())
	}
	return nil
}

func TestGolden(t *testing.T) {
	s, files := forty()
	for name, show := range map[string]func(w io.Writer) error{
		"gather.txt":     func(w io.Writer) error { return Gather(w, s, files, Gathering{}, Style{}) },
		"gather.ansi":    func(w io.Writer) error { return Gather(w, s, files, Gathering{}, Style{Color: true}) },
		"summary.txt":    func(w io.Writer) error { return Text(w, s, files, Style{Width: 80}) },
		"summary200.txt": func(w io.Writer) error { return Text(w, s, files, Style{Width: 200}) },
		"ping.txt":       func(w io.Writer) error { return PingTable(w, s, Style{Width: 80}) },
		"hosts.csv":      func(w io.Writer) error { _, err := w.Write(hostsCSV(s)); return err },
		"looks.txt":      func(w io.Writer) error { return looks(w, Style{Width: 80}) },
		"looks.ansi":     func(w io.Writer) error { return looks(w, Style{Width: 200, Color: true}) },
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
