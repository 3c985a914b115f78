package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hail/runner"
)

// TestColumnsOfMany: of too many rows, the first are shown, with an error that says so.
func TestColumnsOfMany(t *testing.T) {
	const most = 3
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": strings.Repeat("1\n", most+1)}, nil)
	for _, text := range []string{"name", "name=."} {
		columns, err := ParseColumns(text)
		if err != nil {
			t.Fatal(err)
		}
		columns.mostRows = most
		var b strings.Builder
		const want = "HOST  name\nweb1  1\nweb1  1\nweb1  1\nweb1: there are more than 3 rows\n"
		if err := ColumnsTable(&b, s, files, columns, Style{}); err != nil || b.String() != want {
			t.Errorf("%s: %v, %q, want %q", text, err, b.String(), want)
		}
		_, table := (&Report{Summary: s, Files: files, Columns: columns}).hostsTable()
		rows := slices.Collect(table)
		if got := rows[0][8]; len(rows) != most || got != "there are more than 3 rows" {
			t.Errorf("%s: %d rows, and the error %q, want %d rows and an error", text, len(rows), got, most)
		}
	}
}

// TestColumnsEnd: an expression that never ends is given up.
func TestColumnsEnd(t *testing.T) {
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": "{}"}, nil)
	columns, err := ParseColumns("x=def f: f; f")
	if err != nil {
		t.Fatal(err)
	}
	columns.mostTime = time.Millisecond
	if _, err := columns.Rows(s.Plan.Hosts[0], &s.Hosts[0], files); err == nil || err.Error() != "column x: it took longer than 1ms" {
		t.Errorf("error %v, want that column x takes longer than 1ms", err)
	}
}

// TestColumnsLeftOut: an output that is not all there gives no values: what is kept of it may well look like lines, or
// like JSON.
func TestColumnsLeftOut(t *testing.T) {
	out := `{"list": [1, 8, 9]}`
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": out}, nil)
	s.Hosts[0].Stdout.Length += 10
	for _, text := range []string{"name", "name=.list"} {
		columns, err := ParseColumns(text)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := columns.Rows(s.Plan.Hosts[0], &s.Hosts[0], files)
		if rows != nil || err == nil || err.Error() != "the record lacks 10 bytes of the output, perhaps because of --max-output" {
			t.Errorf("%s: rows %v, error %v, want none, and an error that says what was left out", text, rows, err)
		}
	}
	if head, _ := (&Report{Summary: s, Files: files}).hostsTable(); strings.HasPrefix(head[len(head)-1], "out.") {
		t.Errorf("the table has the columns %q, want none of the output", head)
	}
}
