package main

import (
	"io"
	"os"
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
	e, _, _ := environmentIn(dir, "run -w 127.0.0.1 -p 1 -F none --retries 0 --report probe="+filepath.Join(dir, "report")+" -- true")
	if code := run(e); code != exitUnreachable || !going {
		t.Errorf("exit %d, and the record was locked: %v", code, going)
	}
}

// TestBinaryOnTerminal: what is not text is refused where it would go to a terminal, before any host is reached.
func TestBinaryOnTerminal(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ args, want string }{
		{"run -w 127.0.0.1 -p 1 -F none --retries 0 --output xlsx -- true", "hail: --output: a terminal can't show xlsx\nhint: write it to a file: --report xlsx=run.xlsx\n"},
		{"run -w 127.0.0.1 -p 1 -F none --retries 0 --output stream,xlsx -- true", "hail: --output: a terminal can't show xlsx\nhint: write it to a file: --report xlsx=run.xlsx\n"},
		{"report last xlsx", "hail: a terminal can't show xlsx\nhint: write it to a file: -o run.xlsx\n"},
	} {
		e, stdout, stderr := environmentIn(dir, tt.args)
		e.stdoutTerminal = true
		if code := run(e); code != exitUsage || stdout.Len() > 0 || stderr.String() != tt.want {
			t.Errorf("hail %s: exit %d, %d bytes on stdout, and on stderr\n%swant\n%s", tt.args, code, stdout.Len(), stderr, tt.want)
		}
	}
	if runs, err := os.ReadDir(dir); err != nil || len(runs) > 0 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}
