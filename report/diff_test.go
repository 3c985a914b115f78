package report

import (
	"strings"
	"testing"

	"hail/runner"
)

// TestDiffOfLeftOut: outputs are the same only if what --max-output left out of them was, too; colours make no
// difference.
func TestDiffOfLeftOut(t *testing.T) {
	run := func(printed string, length int64, checksum uint32) (*Summary, Files) {
		s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, nil, map[string]string{"web1": printed})
		if length > 0 {
			s.Hosts[0].Stderr = Output{length, checksum}
		}
		return s, files
	}
	a, filesA := run("kept\n", 1000, 1)
	for _, row := range []struct {
		printed  string
		length   int64
		checksum uint32
		want     string
	}{
		{"kept\n", 1000, 1, "the same: web1\n"},
		{"kept\n", 1000, 2, "-995 of 1000 bytes left out (CRC32C of all 00000001)\n+995 of 1000 bytes left out (CRC32C of all 00000002)\n"},
		{"kept\n", 0, 0, "-995 of 1000 bytes left out (CRC32C of all 00000001)\n"},
	} {
		b, filesB := run(row.printed, row.length, row.checksum)
		var text strings.Builder
		if err := Diff(&text, a, b, filesA, filesB, Style{}); err != nil || !strings.HasSuffix(text.String(), row.want) {
			t.Errorf("%+v: %v, %q", row, err, text.String())
		}
	}
	plain, filesA := run("ok\n", 0, 0)
	colored, filesB := run("\x1b[32mok\x1b[0m\n", 0, 0)
	var text strings.Builder
	if err := Diff(&text, plain, colored, filesA, filesB, Style{}); err != nil || text.String() != "the same: web1\n" {
		t.Errorf("colours: %v, %q", err, text.String())
	}
}
