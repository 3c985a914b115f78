package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hail/runner"
)

// TestTortureReaders has reports read by the programs that they are meant for. make torture installs those that make test
// does without.
func TestTortureReaders(t *testing.T) {
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture has the readers")
	}
	for name, r := range map[string]*Report{"run": reportOf(t, false), "test": reportOf(t, true), "hostile": hostileReport()} {
		t.Run(name, func(t *testing.T) {
			t.Run("LibreOffice", func(t *testing.T) { libreOffice(t, r) })
			t.Run("promtool", func(t *testing.T) { promtool(t, r) })
			t.Run("parallel", func(t *testing.T) { parallel(t, r) })
			t.Run("junit-to-ctrf", func(t *testing.T) { junitToCTRF(t, r) })
		})
	}
}

// file writes the report to a file, and returns its path.
func (r *Report) file(t *testing.T, format string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report."+format)
	if err := r.WriteFile(path, Formats[format]); err != nil {
		t.Fatal(err)
	}
	return path
}

// ran runs a program that must succeed, in a home folder of its own.
func ran(t *testing.T, path string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "PATH="+path+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// libreOffice converts the workbook to text: each cell has the value that was put into it.
func libreOffice(t *testing.T, r *Report) {
	dir := t.TempDir()
	// The numbers mean: comma, quote, UTF-8, from the first row on, values unformatted. -1 means all sheets.
	ran(t, "", "soffice", "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1", "--outdir", dir, r.file(t, "xlsx"))
	text, err := os.ReadFile(filepath.Join(dir, "report-hosts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head, table := r.hostsTable()
	rows := slices.Collect(table)
	if len(got) != 1+len(rows) {
		t.Fatalf("%d rows, want %d", len(got), 1+len(rows))
	}
	for i, row := range rows {
		for j, v := range row {
			want := fmt.Sprint(v)
			switch v := v.(type) {
			case nil:
				want = ""
			case string:
				want = legal(v)
			case time.Time:
				want = v.Format(time.DateTime)
			}
			if got[i+1][j] != want {
				t.Errorf("%s of %s is %q, want %q", head[j], row[0], got[i+1][j], want)
			}
		}
	}
}

// promtool accepts the metrics without a warning.
func promtool(t *testing.T, r *Report) {
	cmd := exec.Command("promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(r.written(t, "prometheus"))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// parallel repeats the jobs of exactly those hosts that did not end well.
func parallel(t *testing.T, r *Report) {
	dir := t.TempDir()
	said := filepath.Join(dir, "said")
	if err := os.WriteFile(filepath.Join(dir, "hail"), []byte("#!/bin/sh\necho \"$@\" >> "+said+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ran(t, dir, "parallel", "--jobs", "2", "--retry-failed", "--joblog", r.file(t, "joblog"))
	text, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(text)), "\n")
	var want []string
	for _, h := range r.Hosts {
		if h.Status.Bad() {
			want = append(want, "replay "+r.Run+" "+h.Host)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("parallel did %q, want %q", got, want)
	}
}

// junitToCTRF checks that a converter from npm counts the same.
func junitToCTRF(t *testing.T, r *Report) {
	out := filepath.Join(t.TempDir(), "ctrf.json")
	ran(t, "", "../.tools/node_modules/.bin/junit-to-ctrf", r.file(t, "junit"), "-o", out)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Results struct {
			Summary struct{ Tests, Passed, Failed, Skipped int }
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := got.Results.Summary
	want.Tests, want.Passed, want.Failed, want.Skipped = len(r.Hosts), r.Counts[runner.OK], len(r.Hosts)-r.Counts[runner.OK], 0
	if len(r.Plan.Checks) > 0 {
		outcomes := r.Outcomes()
		stuck := r.Counts[runner.Timeout] + r.Counts[runner.Unreachable] // each has an extra case that says so
		want.Tests = len(r.Hosts)*len(r.Plan.Checks) + len(r.Fleet) + stuck
		want.Passed = outcomes[runner.Pass]
		want.Failed = outcomes[runner.Fail] + outcomes[runner.CheckError] + len(r.Fleet) + stuck
		want.Skipped = outcomes[runner.Skip] + outcomes[runner.Waived] + outcomes[runner.NotEvaluated]
	}
	if got.Results.Summary != want {
		t.Errorf("junit-to-ctrf counts %+v, want %+v", got.Results.Summary, want)
	}
}
