package main

import (
	"io"
	"path/filepath"
	"testing"

	"hail/report"
)

// TestReportsBeforeTheEnd: --report is written while the record is still locked, so that no other hail can remove it before.
func TestReportsBeforeTheEnd(t *testing.T) {
	going := false
	report.Formats["probe"] = func(_ io.Writer, r *report.Report) error {
		run, err := report.Open(r.Files.Path())
		going = err == nil && run.Going()
		return err
	}
	defer delete(report.Formats, "probe")
	dir := t.TempDir()
	e := osEnvironment([]string{"run", "-w", "127.0.0.1", "-p", "1", "-F", "none", "--retries", "0", "--runs-dir", dir,
		"--report", "probe=" + filepath.Join(dir, "report"), "--", "true"})
	e.home, e.stdout, e.stderr = dir, io.Discard, io.Discard
	if code := run(e); code != exitUnreachable || !going {
		t.Errorf("exit %d, and the record was locked: %v", code, going)
	}
}
