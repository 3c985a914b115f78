package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"

	"hail/inventory"
	"hail/runner"
)

// TestFormatsAgree reads each report back, and compares the counts.
func TestFormatsAgree(t *testing.T) {
	for _, checks := range []bool{false, true} {
		r := reportOf(t, checks)
		unread := maps.Clone(Formats)
		written := func(name string) string {
			delete(unread, name)
			return r.written(t, name)
		}
		well := r.Counts[runner.OK] + r.Counts[runner.Changed]
		outcomes := r.Outcomes()
		is := func(what string, got, want any) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("with checks %v, %s: %v, want %v", checks, what, got, want)
			}
		}

		var read Summary
		if err := json.Unmarshal([]byte(written("json")), &read); err != nil {
			t.Fatal(err)
		}
		is("json", read.Counts, r.Counts)
		is("json's checks", read.Outcomes(), outcomes)
		for _, h := range r.Hosts {
			if got := read.Result(h.Host); got == nil || got.Host != h.Host {
				t.Errorf("json has %+v for %s", got, h.Host)
			}
		}
		if got := read.Result("nobody"); got != nil {
			t.Errorf("json has %+v for nobody", got)
		}

		var folded Summary
		for line := range strings.Lines(written("jsonl")) {
			var e runner.Event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			folded.Add([]runner.Event{e})
		}
		is("jsonl", folded.Counts, r.Counts)
		is("jsonl's checks", folded.Outcomes(), outcomes)

		_, data, _ := strings.Cut(written("html"), `id="data">`)
		data, _, _ = strings.Cut(data, "</script>")
		var page htmlData
		if err := json.Unmarshal([]byte(data), &page); err != nil {
			t.Fatal(err)
		}
		inPage, checksInPage := map[runner.Status]int{}, map[runner.Outcome]int{}
		for i, h := range page.Hosts {
			if h.Took != nil {
				is("html's times", *h.Took, r.Hosts[i].Took().Round(time.Millisecond).Seconds())
			}
			inPage[h.Status]++
			for _, c := range h.Checks {
				checksInPage[runner.Outcome(c[0])]++
			}
		}
		is("html", inPage, r.Counts)
		is("html's checks", checksInPage, outcomes)

		rows, err := csv.NewReader(strings.NewReader(written("csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		counts := map[runner.Status]int{}
		column := map[string]int{}
		for i, name := range rows[0] {
			column[name] = i
		}
		for i, row := range rows[1:] {
			counts[runner.Status(row[column["status"]])]++
			if n, err := strconv.Atoi(row[column["vars.cpus"]]); err != nil || n != 4+i || row[column["vars.formula"]] != "'=1+1" {
				t.Errorf("csv has the row %q", row)
			}
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("csv has the cell %q", cell)
				}
			}
		}
		is("csv", counts, r.Counts)
		if checks {
			is("csv's captures", rows[1][column["capture.size"]], 1024)
		}
		if _, secret := column["vars.token"]; secret {
			t.Error("csv has a secret var")
		}

		book, err := excelize.OpenReader(strings.NewReader(written("xlsx")))
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := book.GetRows("hosts")
		if err != nil {
			t.Fatal(err)
		}
		counts = map[runner.Status]int{}
		for i, row := range sheet[1:] {
			counts[runner.Status(row[column["status"]])]++
			at, _ := excelize.CoordinatesToCellName(column["vars.cpus"]+1, i+2)
			if kind, err := book.GetCellType("hosts", at); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber || row[column["vars.formula"]] != "=1+1" {
				t.Errorf("xlsx has at %s a %v, and the row %q", at, kind, row)
			}
			at, _ = excelize.CoordinatesToCellName(column["vars.formula"]+1, i+2)
			if formula, err := book.GetCellFormula("hosts", at); err != nil || formula != "" {
				t.Errorf("xlsx has the formula %q, %v", formula, err)
			}
		}
		is("xlsx", counts, r.Counts)
		if checks {
			sheet, err = book.GetRows("checks")
			is("xlsx's checks", len(sheet)-1, len(r.Hosts)*len(r.Plan.Checks)+len(r.Fleet))
		} else {
			sheet, err = book.GetRows("groups")
			is("xlsx's groups", len(sheet) > 3, true)
		}
		is("xlsx", err, nil)

		var suites junitSuites
		junit := written("junit")
		if err := xml.Unmarshal([]byte(junit), &suites); err != nil {
			t.Fatal(err)
		}
		validJUnit(t, junit)
		if checks {
			is("junit's failures", suites.Failures, outcomes[runner.Fail]+r.Counts[runner.Timeout]+1)
			is("junit's errors", suites.Errors, outcomes[runner.CheckError]+r.Counts[runner.Unreachable])
			is("junit's skipped", suites.Skipped, outcomes[runner.Skip]+outcomes[runner.Waived]+outcomes[runner.NotEvaluated])
		} else {
			is("junit's cases", suites.Tests, len(r.Hosts))
			is("junit's good", suites.Tests-suites.Failures-suites.Errors-suites.Skipped, well)
		}

		tap := written("tap")
		fleet := len(r.Fleet)
		is("tap's hosts", len(regexp.MustCompile(`(?m)^ok `).FindAllString(tap, -1)), well)
		is("tap's bad hosts", len(regexp.MustCompile(`(?m)^not ok `).FindAllString(tap, -1)), len(r.Hosts)-well+fleet)
		is("tap's checks", len(regexp.MustCompile(`(?m)^    (not )?ok `).FindAllString(tap, -1)), len(r.Hosts)*len(r.Plan.Checks)+fleet)
		prove(t, tap, len(r.Hosts)+fleet, len(r.Hosts)-well+fleet)

		prometheus := written("prometheus")
		for _, s := range runner.Statuses {
			if !strings.Contains(prometheus, fmt.Sprintf("hail_hosts{run=%q,status=%q} %d\n", r.title(), s, r.Counts[s])) {
				t.Errorf("prometheus does not have %d %s", r.Counts[s], s)
			}
		}
		is("prometheus's checks", strings.Count(prometheus, "\nhail_check{"), len(r.Hosts)*len(r.Plan.Checks))
		metric := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .*|[a-z_]+\{([a-z]+="([^"\\]|\\.)*",?)*\} [0-9.]+)$`)
		for line := range strings.Lines(prometheus) {
			if !metric.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Errorf("prometheus has the line %q", line)
			}
		}

		jobs := strings.Split(strings.TrimSpace(written("joblog")), "\n")[1:]
		good := 0
		for _, job := range jobs {
			if fields := strings.Split(job, "\t"); len(fields) == 9 && fields[6] == "0" && fields[7] == "0" {
				good++
			}
		}
		is("joblog", []int{len(jobs), good}, []int{len(r.Hosts), well})

		nagios := written("nagios")
		if !strings.HasPrefix(nagios, "HAIL CRITICAL - 40 hosts: ") || strings.Count(nagios, "|") != 1 || strings.Count(nagios, "\n") != 1 {
			t.Errorf("nagios: %s", nagios)
		}
		is("nagios", strings.Contains(nagios, fmt.Sprintf(" ok=%d;;;0;40 ", r.Counts[runner.OK])), true)

		markdown := written("markdown")
		for s, n := range r.Counts {
			is("markdown's "+string(s), strings.Contains(markdown, fmt.Sprintf("| %s | %d |\n", s, n)), true)
		}

		for name := range unread {
			t.Errorf("nothing here reads %s back", name)
		}
	}
}

// validJUnit validates text with xmllint, against the JUnit schema in testdata.
func validJUnit(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "junit.xml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("xmllint", "--noout", "--schema", "testdata/junit.xsd", file).CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v (make tools gets it)\n%s", err, out)
	}
}

// prove checks that Perl's TAP reader counts the same. In Debian 12 it knows only version 13, for which subtests are
// comments.
func prove(t *testing.T, text string, tests, failed int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.tap")
	if err := os.WriteFile(file, []byte(strings.Replace(text, "version 14", "version 13", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("prove", "--exec", "cat", file).CombinedOutput()
	want := fmt.Sprintf("Failed %d/%d subtests", failed, tests)
	if err == nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "Parse errors") {
		t.Errorf("prove: %v\n%s\nwant %s", err, out, want)
	}
}

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

// TestOutputInJSON: the report has the end of each output as the host printed it, and says where that is not all.
func TestOutputInJSON(t *testing.T) {
	long := strings.Repeat("x", jsonText)
	s, files := fleet([]Result{{Host: "web1"}, {Host: "web2"}, {Host: "web3"}},
		map[string]string{"web1": "one\n\x1b[31m<two>\n", "web2": "lost" + long}, map[string]string{"web1": "oops"})
	var read struct {
		Hosts []struct {
			Host           string
			Stdout, Stderr struct {
				Length int
				Text   string
				Cut    bool
			}
		}
	}
	text := (&Report{Summary: s, Files: files}).written(t, "json")
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	got := fmt.Sprintf("%+v", read.Hosts)
	want := fmt.Sprintf("[{Host:web1 Stdout:{Length:15 Text:one\n\x1b[31m<two>\n Cut:false} Stderr:{Length:4 Text:oops Cut:false}} "+
		"{Host:web2 Stdout:{Length:%d Text:%s Cut:true} Stderr:{Length:0 Text: Cut:false}} {Host:web3 Stdout:{Length:0 Text: Cut:false} Stderr:{Length:0 Text: Cut:false}}]", 4+len(long), long)
	if got != want {
		t.Errorf("the hosts are %s\nwant %s", got, want)
	}

	text = (&Report{Summary: s, Files: unreadable{}}).written(t, "json")
	if err := json.Unmarshal([]byte(text), &read); err != nil || !read.Hosts[0].Stdout.Cut {
		t.Errorf("an output that can't be read is not said to be cut: %v: %s", err, text)
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
	s.Hosts[0].Stdout.Length, s.Plan.MaxOutput = 1000, 22
	is(100, "… \nother half\n")
	is(5, "… \nhalf\n")
	s.Plan.MaxOutput = 44
	is(100, "first half\nother half\n… \n")
	is(5, "… \nhalf\n… \n")
	var b strings.Builder
	if err := Gather(&b, s, files, Gathering{}, Style{}); err != nil || !strings.HasSuffix(b.String(), "first half\nother half\n\n… 978 bytes left out …\n") {
		t.Errorf("%v, %q, want what was left out at the end", err, b.String())
	}
	r.Files = unreadable{files}
	is(100, "… can't be read: permission denied\n")
}

// TestManyFields: of objects with too many fields, every format has the same ones.
func TestManyFields(t *testing.T) {
	object := map[string]int{}
	for i := range 200 {
		object[fmt.Sprintf("f%03d", i)] = i
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": string(text)}, nil)
	r := &Report{Summary: s, Files: files}
	if head := r.jsonFields().head; len(head) != 100 || head[0] != "out.f000" || head[99] != "out.f099" {
		t.Errorf("%q, want the first 100 fields", head)
	}
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

// TestExitOfHosts: all tables have the same exit statuses, and none for a host whose command did not end.
func TestExitOfHosts(t *testing.T) {
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}, {Host: "web2", Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3},
		{Host: "web3", Status: runner.Lost}, {Host: "web4", Status: runner.Unreachable, Reason: runner.Auth}},
		map[string]string{"web1": "a", "web2": "b", "web3": "c", "web4": "d"}, nil)
	r := &Report{Summary: s, Files: files}
	rows, err := csv.NewReader(bytes.NewReader(hostsCSV(s))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	_, table := r.hostsTable()
	groups, err := gather(s, files, Gathering{})
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range r.groupRows(groups) {
		i := slices.IndexFunc(table, func(row []any) bool { return row[0] == group[0] })
		want := []any{0, 3, nil, nil}[i]
		if fmt.Sprint(want) != fmt.Sprint(table[i][3]) || fmt.Sprint(want) != fmt.Sprint(group[4]) || strings.ReplaceAll(fmt.Sprint(want), "<nil>", "") != rows[i+1][3] {
			t.Errorf("%s: %v in the table, %v in the groups, %q in hosts.csv, want %v", group[0], table[i][3], group[4], rows[i+1][3], want)
		}
	}
	if big := r.durationChart().Big; big != "57ms" { // the median of 50, 57 and 64, as in the summary
		t.Errorf("the median is %s, want 57ms", big)
	}
}

// TestNagiosNamesOnce: a check that fails with another text on each host is named once.
func TestNagiosNamesOnce(t *testing.T) {
	plan := &runner.Plan{Checks: []runner.Check{{ID: "a"}, {ID: "b"}}, Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}}
	s := &Summary{}
	s.Add([]runner.Event{{Kind: runner.KindPlan, Plan: plan}})
	for _, h := range plan.Hosts {
		s.Add([]runner.Event{{Kind: runner.KindCheck, Host: h.Name, Verdicts: []runner.Verdict{{Check: "a", Outcome: runner.Fail, Text: h.Name}, {Check: "b", Outcome: runner.Fail, Text: h.Name}}}})
	}
	if got := (&Report{Summary: s}).written(t, "nagios"); !strings.Contains(got, "; a, b |") {
		t.Errorf("want each check named once, \"; a, b |\", got %s", got)
	}
}

// TestNagiosNotEvaluated: a check over the fleet is UNKNOWN, not CRITICAL, when no host was tested.
func TestNagiosNotEvaluated(t *testing.T) {
	plan := &runner.Plan{Fleet: []runner.Check{{ID: "same"}}, Hosts: []inventory.Host{{Name: "web1"}}}
	for outcome, want := range map[runner.Outcome]string{runner.NotEvaluated: "UNKNOWN", runner.Fail: "CRITICAL", runner.CheckError: "CRITICAL"} {
		s := &Summary{}
		s.Add([]runner.Event{{Kind: runner.KindPlan, Plan: plan}, {Kind: runner.KindFinish, Host: "web1", Status: runner.Skipped},
			{Kind: runner.KindCheck, Verdicts: []runner.Verdict{{Check: "same", Outcome: outcome}}}, {Kind: runner.KindEnd}})
		if got := (&Report{Summary: s}).written(t, "nagios"); !strings.HasPrefix(got, "HAIL "+want+" ") {
			t.Errorf("%s: want %s, got %s", outcome, want, got)
		}
	}
}

// TestPrometheusUnfinished: a host that has not finished yet has no metrics, as nothing is known of how it ends.
func TestPrometheusUnfinished(t *testing.T) {
	s := &Summary{}
	s.Add([]runner.Event{{Kind: runner.KindPlan, Plan: &runner.Plan{Name: "n", Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}}},
		{Kind: runner.KindFinish, Host: "web1", Status: runner.Failed}})
	got := (&Report{Summary: s}).written(t, "prometheus")
	if !strings.Contains(got, `hail_host_ok{run="n",host="web1"} 0`) || strings.Contains(got, "web2\"}") {
		t.Errorf("want web1 failed, and nothing of web2, got\n%s", got)
	}
}

func TestMarkdownText(t *testing.T) {
	if got, want := mdText("~~a~~ &lt; *b* <c>"), `\~\~a\~\~ &amp;lt; \*b\* &lt;c>`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
