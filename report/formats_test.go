package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"hail/runner"
)

// TestFormatsOfHostileOutput: in every format, what a host printed is only data.
func TestFormatsOfHostileOutput(t *testing.T) {
	r := hostileReport()
	for name := range Formats {
		if name == "xlsx" || name == "jsonl" || name == "json" { // xlsx is compressed, JSON escapes by its own rules
			continue
		}
		text := r.written(t, name)
		for _, c := range text {
			if unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && c != '\n' && c != '\t' && c != '\r' && c != '\u200d' {
				t.Errorf("%s has the character %U", name, c)
				break
			}
		}
	}
	validJUnit(t, r.written(t, "junit"))
	prove(t, r.written(t, "tap"), len(r.Hosts), len(r.Hosts))
	if n := strings.Count(r.written(t, "joblog"), "\n"); n != len(r.Hosts)+1 {
		t.Errorf("joblog has %d lines, want %d", n, len(r.Hosts)+1)
	}
	if strings.Contains(r.written(t, "markdown"), "\n# not a title\n```\n#") {
		t.Error("output of a host closed its code fence")
	}
}

// TestReportFile: a report is written completely, or the file stays as it was.
func TestReportFile(t *testing.T) {
	r := reportOf(t, false)
	path := filepath.Join(t.TempDir(), "report")
	if err := r.WriteFile(path, Formats["csv"]); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := func(w io.Writer, _ *Report) error {
		io.WriteString(w, "half")
		return io.ErrUnexpectedEOF
	}
	if err := r.WriteFile(path, broken); err == nil {
		t.Error("WriteFile does not return the error of the format")
	}
	after, err := os.ReadFile(path)
	info, _ := os.Stat(path)
	if err != nil || !bytes.Equal(before, after) || info.Mode().Perm() != 0o600 {
		t.Errorf("%v; %d bytes with mode %v, want the %d bytes from before with mode 0600", err, len(after), info.Mode(), len(before))
	}
	for _, bad := range []string{filepath.Dir(path), filepath.Join(path, "x"), "/nowhere/x"} {
		if CanWrite(bad) == nil {
			t.Errorf("CanWrite does not refuse %s", bad)
		}
	}
}

// unreadable is Files whose output cannot be read.
type unreadable struct{ printed }

func (unreadable) Output(string, runner.Stream) (io.ReadSeekCloser, error) {
	return nil, os.ErrPermission
}

// TestExcerpt: the end of an output is shown, also if its middle was not kept, and a mark stands for what is not shown.
// If hail was killed before it put both parts together, there is only the first.
func TestExcerpt(t *testing.T) {
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": "first half\nother half\n"}, nil)
	r := &Report{Summary: s, Files: files}
	is := func(most int64, want string) {
		t.Helper()
		if got := r.excerpt(&s.Hosts[0], runner.Stdout, most); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	is(100, "first half\nother half\n")
	is(5, "… \nhalf\n")
	s.Hosts[0].Stdout.Length, s.Hosts[0].limit = 1000, 22
	is(100, "… \nother half\n")
	is(5, "… \nhalf\n")
	s.Hosts[0].limit = 44
	is(100, "first half\nother half\n… \n")
	is(5, "… \nhalf\n… \n")
	var b strings.Builder
	if err := Gather(&b, s, files, Gathering{}, Style{}); err != nil || !strings.HasSuffix(b.String(), "first half\nother half\n\n… 978 bytes left out …\n") {
		t.Errorf("%v, %q, want what was left out at the end", err, b.String())
	}
	r.Files = unreadable{files}
	is(100, "… can't be read: permission denied\n")
}

// TestTitles: a title says what was done and where, or the name of the run, and is escaped for its format.
func TestTitles(t *testing.T) {
	r := reportOf(t, false)
	r.What = "grep -c '<b>|*'\n \"x\\"
	const on = " on web[01-40]"
	for name, want := range map[string]string{
		"markdown":   `# grep -c '&lt;b>\|\*'  "x\\` + " on web\\[01-40]: 40 hosts",
		"html":       "<title>grep -c &#39;&lt;b&gt;|*&#39;  &#34;x\\" + on + ": 40 hosts",
		"junit":      `<testsuites name="hail grep -c &#39;&lt;b&gt;|*&#39;  &#34;x\` + on + " 20261123-",
		"prometheus": `hail_run_dry_run{run="grep -c '<b>|*'  \"x\\` + on + `"} 0`,
	} {
		if got := r.written(t, name); !strings.Contains(got, want) {
			t.Errorf("%s does not contain %s:\n%.1200s", name, want, got)
		}
	}
	r.Name = "nightly"
	for name, want := range map[string]string{
		"markdown":   "# nightly: 40 hosts",
		"html":       "<title>nightly: 40 hosts",
		"junit":      `<testsuites name="hail nightly 20261123-`,
		"prometheus": `hail_run_dry_run{run="nightly"} 0`,
	} {
		if got := r.written(t, name); !strings.Contains(got, want) {
			t.Errorf("%s of a run with a name does not contain %s:\n%.1200s", name, want, got)
		}
	}
	if got := r.written(t, "markdown"); !strings.Contains(got, "\n\ngrep -c '&lt;b>") {
		t.Errorf("the report of a run with a name does not say what the run did:\n%.500s", got)
	}
	r.Name, r.What = "", strings.Repeat("long ", 100)
	for i := range r.Plan.Hosts {
		r.Plan.Hosts[i].Name = fmt.Sprintf("%c%d.example", 'a'+i%26, i*i)
	}
	if got := r.title(); len(got) > 200 || !strings.HasSuffix(got, "… on 40 hosts") {
		t.Errorf("the title is %q", got)
	}
}

// TestChecksAreHarmless: no format has a hidden character of what the checks and vars of a run are called.
func TestChecksAreHarmless(t *testing.T) {
	const evil = "\x1b[2J\u202e\u009b"
	r := reportOf(t, true)
	r.Name, r.What = evil, evil
	for i := range r.Plan.Checks {
		c := &r.Plan.Checks[i]
		was := c.ID
		c.ID, c.Title, c.Capture = c.ID+evil, evil, evil+c.ID
		for j := range r.Hosts {
			if v := &r.Hosts[j].Checks[i]; v.Check == was {
				v.Check = c.ID
			}
		}
	}
	r.Plan.Fleet[0].ID += evil
	r.Summary.Fleet[0].Check += evil
	for i := range r.Plan.Hosts {
		r.Plan.Hosts[i].Vars[evil] = evil
	}
	r.Events = eventsOf(r.Summary)
	for _, name := range FormatNames() {
		if IsBinary(name) {
			continue
		}
		text := r.written(t, name)
		if i := strings.IndexFunc(text, func(c rune) bool { return c != '\n' && c != '\t' && hidden(c) }); i >= 0 {
			t.Errorf("%s has %q", name, text[max(0, i-60):min(len(text), i+20)])
		}
	}
}
