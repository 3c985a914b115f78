package report

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"hail/runner"
)

// These tests read reports with other readers than our own. Readers that make test does not install are used by make
// torture.

// xlsxSheet has the parts of a sheet (ECMA-376) that we write.
type xlsxSheet struct {
	Pane struct {
		State string `xml:"state,attr"`
	} `xml:"sheetViews>sheetView>pane"`
	Rows []struct {
		Cells []struct {
			Type    string  `xml:"t,attr"`
			Formula *string `xml:"f"`
			Value   string  `xml:"v"`
			Text    string  `xml:"is>t"`
		} `xml:"c"`
	} `xml:"sheetData>row"`
	Filter struct {
		Ref string `xml:"ref,attr"`
	} `xml:"autoFilter"`
}

// xlsxSheets reads a workbook with only the standard library.
func xlsxSheets(t *testing.T, text string) (sheets []xlsxSheet) {
	t.Helper()
	files, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; ; i++ {
		f, err := files.Open(fmt.Sprintf("xl/worksheets/sheet%d.xml", i))
		if err != nil {
			return sheets
		}
		var s xlsxSheet
		if err := xml.NewDecoder(f).Decode(&s); err != nil {
			t.Fatalf("sheet %d: %v", i, err)
		}
		f.Close()
		sheets = append(sheets, s)
	}
}

// TestXLSXPlain reads workbooks as XML: texts are texts, numbers are numbers, and there are no formulas.
func TestXLSXPlain(t *testing.T) {
	for _, r := range []*Report{reportOf(t, false), reportOf(t, true), hostileReport()} {
		head, rows := r.hostsTable()
		sheets := xlsxSheets(t, r.written(t, "xlsx"))
		for i, s := range sheets {
			if s.Pane.State != "frozen" || !strings.HasPrefix(s.Filter.Ref, "$A$1:") || !strings.HasSuffix(s.Filter.Ref, fmt.Sprint("$", len(s.Rows))) {
				t.Errorf("sheet %d: its head is %q, its filter %q", i+1, s.Pane.State, s.Filter.Ref)
			}
			for _, row := range s.Rows {
				for _, c := range row.Cells {
					if c.Formula != nil {
						t.Errorf("sheet %d has the formula %q", i+1, *c.Formula)
					}
				}
			}
		}
		hosts := sheets[0].Rows
		if len(hosts) != 1+len(rows) {
			t.Fatalf("%d rows, want %d", len(hosts), 1+len(rows))
		}
		for i, row := range rows {
			cells := hosts[i+1].Cells
			at := 0
			for j, v := range row {
				if v == nil { // empty cells are left out
					continue
				}
				c := cells[at]
				at++
				switch v := v.(type) {
				case string:
					if c.Type != "inlineStr" || c.Text != legal(v) && c.Text != legal(v)[:min(len(legal(v)), mostInCell)]+"…" {
						t.Errorf("%s of %s has type %q and text %q, want the text %q", head[j], row[0], c.Type, c.Text, v)
					}
				case time.Time:
					if days, err := strconv.ParseFloat(c.Value, 64); err != nil || c.Type == "inlineStr" || days < 46000 || days > 47000 {
						t.Errorf("%s of %s has type %q and value %q, want a day of 2026", head[j], row[0], c.Type, c.Value)
					}
				default:
					if c.Type != "" && c.Type != "n" || c.Value != fmt.Sprint(v) {
						t.Errorf("%s of %s has type %q and value %q, want the number %v", head[j], row[0], c.Type, c.Value, v)
					}
				}
			}
		}
	}
}

// TestXLSXLong: a table that does not fit into a sheet continues on the next.
func TestXLSXLong(t *testing.T) {
	book, err := newWorkbook()
	if err != nil {
		t.Fatal(err)
	}
	book.mostRows = 2
	if err := book.table("checks", []string{"n"}, [][]any{{1}, {2}, {3}, {4}, {5}}); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := book.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range xlsxSheets(t, b.String()) {
		got = append(got, s.Rows[0].Cells[0].Text)
		for _, row := range s.Rows[1:] {
			got = append(got, row.Cells[0].Value)
		}
	}
	if want := "[n 1 2 n 3 4 n 5]"; fmt.Sprint(got) != want || fmt.Sprint(book.GetSheetList()) != "[checks checks 2 checks 3]" {
		t.Errorf("%v in %v, want %s", got, book.GetSheetList(), want)
	}
}

// TestNumbers: a number in the output of a host is a number in a report, unless a spreadsheet would round it.
func TestNumbers(t *testing.T) {
	out := map[string]string{"web1": `{"big": 12345678901234567890, "id": 9007199254740993, "less": -3, "load": 0.250, "n": 7, "tiny": 1e-7, "yes": true, "list": [1]}`}
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, out, nil)
	columns, err := ParseColumns("big=.big,id=.id,less=.less,list=.list,load=.load,n=.n,tiny=.tiny,yes=.yes")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Report{{Summary: s, Files: files}, {Summary: s, Files: files, Columns: columns}} {
		head, rows := r.hostsTable()
		got := fmt.Sprintf("%#v", rows[0][len(head)-8:])
		if want := `[]interface {}{"12345678901234567890", "9007199254740993", -3, "[1]", 0.25, 7, 1e-07, "true"}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

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
		_, rows := (&Report{Summary: s, Files: files, Columns: columns}).hostsTable()
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
