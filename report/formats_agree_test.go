package report

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"hail/runner"
)

// agreements read a report back, and compare it with the run.
var agreements = map[string]func(t *testing.T, r *Report, text string){
	"csv":        csvAgrees,
	"html":       htmlAgrees,
	"joblog":     joblogAgrees,
	"json":       jsonAgrees,
	"jsonl":      jsonlAgrees,
	"junit":      junitAgrees,
	"markdown":   markdownAgrees,
	"nagios":     nagiosAgrees,
	"prometheus": prometheusAgrees,
	"tap":        tapAgrees,
	"xlsx":       xlsxAgrees,
}

// TestFormatsAgree reads each report back, and compares the counts.
func TestFormatsAgree(t *testing.T) {
	for _, name := range FormatNames() {
		agrees := agreements[name]
		if agrees == nil {
			t.Errorf("nothing here reads %s back", name)
			continue
		}
		for what, r := range map[string]*Report{"run": reportOf(t, false), "checks": reportOf(t, true)} {
			t.Run(name+" of "+what, func(t *testing.T) { agrees(t, r, r.written(t, name)) })
		}
	}
}

// is compares two values by how they are printed.
func is(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// wellIn returns how many hosts of the run ended well.
func wellIn(r *Report) (n int) {
	for status, hosts := range r.Counts {
		if status.Well() {
			n += hosts
		}
	}
	return n
}

func jsonAgrees(t *testing.T, r *Report, text string) {
	var read Summary
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		t.Fatal(err)
	}
	is(t, "counts", read.Counts, r.Counts)
	is(t, "checks", read.Outcomes(), r.Outcomes())
	for _, h := range r.Hosts {
		if got := read.Result(h.Host); got == nil || got.Host != h.Host {
			t.Errorf("there is %+v for %s", got, h.Host)
		}
	}
	if got := read.Result("nobody"); got != nil {
		t.Errorf("there is %+v for nobody", got)
	}
}

func jsonlAgrees(t *testing.T, r *Report, text string) {
	var folded Summary
	for line := range strings.Lines(text) {
		var e runner.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		folded.Add([]runner.Event{e})
	}
	is(t, "counts", folded.Counts, r.Counts)
	is(t, "checks", folded.Outcomes(), r.Outcomes())
}

func htmlAgrees(t *testing.T, r *Report, text string) {
	_, data, _ := strings.Cut(text, `id="data">`)
	data, _, _ = strings.Cut(data, "</script>")
	var page htmlData
	if err := json.Unmarshal([]byte(data), &page); err != nil {
		t.Fatal(err)
	}
	counts, outcomes := map[runner.Status]int{}, map[runner.Outcome]int{}
	for i, h := range page.Hosts {
		if h.Took != nil {
			is(t, "time", *h.Took, r.Hosts[i].Took().Round(time.Millisecond).Seconds())
		}
		counts[h.Status]++
		for _, c := range h.Checks {
			outcomes[runner.Outcome(c[0])]++
		}
	}
	is(t, "counts", counts, r.Counts)
	is(t, "checks", outcomes, r.Outcomes())
}

// placesOf returns where each column is, by its name.
func placesOf(head []string) map[string]int {
	at := map[string]int{}
	for i, name := range head {
		at[name] = i
	}
	return at
}

func csvAgrees(t *testing.T, r *Report, text string) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at, counts := placesOf(rows[0]), map[runner.Status]int{}
	for i, row := range rows[1:] {
		counts[runner.Status(row[at["status"]])]++
		if n, err := strconv.Atoi(row[at["vars.cpus"]]); err != nil || n != 4+i || row[at["vars.formula"]] != "'=1+1" {
			t.Errorf("there is the row %q", row)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("there is the cell %q", cell)
			}
		}
	}
	is(t, "counts", counts, r.Counts)
	if len(r.Plan.Checks) > 0 {
		is(t, "capture", rows[1][at["capture.size"]], 1024)
	}
	if _, secret := at["vars.token"]; secret {
		t.Error("there is a secret var")
	}
}

func xlsxAgrees(t *testing.T, r *Report, text string) {
	book, err := excelize.OpenReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	rows := func(sheet string) [][]string {
		all, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	hosts := rows("hosts")
	at, counts := placesOf(hosts[0]), map[runner.Status]int{}
	for i, row := range hosts[1:] {
		counts[runner.Status(row[at["status"]])]++
		cell, _ := excelize.CoordinatesToCellName(at["vars.cpus"]+1, i+2)
		if kind, err := book.GetCellType("hosts", cell); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber || row[at["vars.formula"]] != "=1+1" {
			t.Errorf("there is at %s a %v, and the row %q", cell, kind, row)
		}
		cell, _ = excelize.CoordinatesToCellName(at["vars.formula"]+1, i+2)
		if formula, err := book.GetCellFormula("hosts", cell); err != nil || formula != "" {
			t.Errorf("there is the formula %q, %v", formula, err)
		}
	}
	is(t, "counts", counts, r.Counts)
	if len(r.Plan.Checks) > 0 {
		is(t, "checks", len(rows("checks"))-1, len(r.Hosts)*len(r.Plan.Checks)+len(r.Fleet))
	} else if n := len(rows("groups")); n <= 3 {
		t.Errorf("there are %d rows of groups", n)
	}
}

func junitAgrees(t *testing.T, r *Report, text string) {
	var suites junitSuites
	if err := xml.Unmarshal([]byte(text), &suites); err != nil {
		t.Fatal(err)
	}
	validJUnit(t, text)
	if len(r.Plan.Checks) == 0 {
		is(t, "cases", suites.Tests, len(r.Hosts))
		is(t, "good cases", suites.Tests-suites.Failures-suites.Errors-suites.Skipped, wellIn(r))
		return
	}
	outcomes := r.Outcomes()
	is(t, "failures", suites.Failures, outcomes[runner.Fail]+r.Counts[runner.Timeout]+len(r.Fleet))
	is(t, "errors", suites.Errors, outcomes[runner.CheckError]+r.Counts[runner.Unreachable])
	is(t, "skipped", suites.Skipped, outcomes[runner.Skip]+outcomes[runner.Waived]+outcomes[runner.NotEvaluated])
}

func tapAgrees(t *testing.T, r *Report, text string) {
	lines := func(expr string) int { return len(regexp.MustCompile("(?m)"+expr).FindAllString(text, -1)) }
	bad := len(r.Hosts) - wellIn(r) + len(r.Fleet) // the one check over the fleet has failed
	is(t, "good hosts", lines(`^ok `), wellIn(r))
	is(t, "bad hosts", lines(`^not ok `), bad)
	is(t, "checks", lines(`^    (not )?ok `), len(r.Hosts)*len(r.Plan.Checks)+len(r.Fleet))
	prove(t, text, len(r.Hosts)+len(r.Fleet), bad)
}

func prometheusAgrees(t *testing.T, r *Report, text string) {
	for _, s := range runner.Statuses {
		if !strings.Contains(text, fmt.Sprintf("hail_hosts{run=%q,status=%q} %d\n", r.title(), s, r.Counts[s])) {
			t.Errorf("there are not %d %s", r.Counts[s], s)
		}
	}
	is(t, "checks", strings.Count(text, "\nhail_check{"), len(r.Hosts)*len(r.Plan.Checks))
	metric := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .*|[a-z_]+\{([a-z]+="([^"\\]|\\.)*",?)*\} [0-9.]+)$`)
	for line := range strings.Lines(text) {
		if !metric.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("there is the line %q", line)
		}
	}
}

func joblogAgrees(t *testing.T, r *Report, text string) {
	jobs := strings.Split(strings.TrimSpace(text), "\n")[1:]
	good := 0
	for _, job := range jobs {
		if fields := strings.Split(job, "\t"); len(fields) == 9 && fields[6] == "0" && fields[7] == "0" {
			good++
		}
	}
	is(t, "jobs", len(jobs), len(r.Hosts))
	is(t, "good jobs", good, wellIn(r))
}

func nagiosAgrees(t *testing.T, r *Report, text string) {
	if !strings.HasPrefix(text, "HAIL CRITICAL - 40 hosts: ") || strings.Count(text, "|") != 1 || strings.Count(text, "\n") != 1 {
		t.Errorf("there is %q", text)
	}
	if want := fmt.Sprintf(" ok=%d;;;0;40 ", r.Counts[runner.OK]); !strings.Contains(text, want) {
		t.Errorf("%q is not in %q", want, text)
	}
}

func markdownAgrees(t *testing.T, r *Report, text string) {
	for s, n := range r.Counts {
		if want := fmt.Sprintf("| %s | %d |\n", s, n); !strings.Contains(text, want) {
			t.Errorf("there is no row %q", want)
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
