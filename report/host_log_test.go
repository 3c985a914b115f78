package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hail/inventory"
	"hail/runner"
)

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
