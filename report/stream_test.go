package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"hail/runner"
)

func TestStream(t *testing.T) {
	files := printed{"web1 stdout": "one\ntwo, in two pieces\nthree\x1b[m", "web1 stderr": "oops\n"}
	var b bytes.Buffer
	s := &Stream{W: &b, Files: files}
	piece := func(stream runner.Stream, from, to int64) []runner.Event {
		text := files["web1 "+string(stream)]
		return []runner.Event{{Kind: runner.KindOutput, Host: "web1", Stream: stream, Offset: from, Length: to - from, Checksum: crcOf(text[:min(to, int64(len(text)))])}}
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
	b.Reset() // the record may lack the end, as after a power cut
	if err := errors.Join(s.Events(piece(runner.Stderr, 0, 6)), s.Events(piece(runner.Stderr, 6, 9)), s.Close()); err != nil {
		t.Fatal(err)
	}
	if want := "web1: stderr: oops\nweb1: stderr: \nweb1: stderr: … 4 bytes left out …\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestStreamCutOff: of hosts whose end is not in the journal, the last line is shown at the end, too, although it may be a part.
func TestStreamCutOff(t *testing.T) {
	var b bytes.Buffer
	files := printed{"web1 stdout": "one\nha", "web1 stderr": "oo", "web2 stdout": "al"}
	s := &Stream{W: &b, Files: files}
	for name, text := range files {
		host, stream, _ := strings.Cut(name, " ")
		if err := s.Events([]runner.Event{{Kind: runner.KindOutput, Host: host, Stream: runner.Stream(stream), Length: int64(len(text)), Checksum: crcOf(text)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "web1: one\nweb1: ha\nweb1: stderr: oo\nweb2: al\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
