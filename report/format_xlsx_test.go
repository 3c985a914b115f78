package report

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// xlsxSheet has the parts of a sheet (ECMA-376) that we write.
type xlsxSheet struct {
	Columns []struct {
		Min   int     `xml:"min,attr"`
		Width float64 `xml:"width,attr"`
	} `xml:"cols>col"`
	Pane struct {
		State string `xml:"state,attr"`
	} `xml:"sheetViews>sheetView>pane"`
	Rows []struct {
		Cells []xlsxCell `xml:"c"`
	} `xml:"sheetData>row"`
	Filter struct {
		Ref string `xml:"ref,attr"`
	} `xml:"autoFilter"`
}

type xlsxCell struct {
	Type    string  `xml:"t,attr"`
	Formula *string `xml:"f"`
	Value   string  `xml:"v"`
	Text    string  `xml:"is>t"`
}

// holds reports whether the cell has this value of a table, as the type that a spreadsheet takes it for.
func (c xlsxCell) holds(v any) bool {
	switch v := v.(type) {
	case string:
		text := legal(v)
		return c.Type == "inlineStr" && (c.Text == text || c.Text == text[:min(len(text), mostInCell)]+"…")
	case time.Time: // as a day of 2026
		days, err := strconv.ParseFloat(c.Value, 64)
		return err == nil && c.Type != "inlineStr" && days >= 46000 && days <= 47000
	}
	return (c.Type == "" || c.Type == "n") && c.Value == fmt.Sprint(v)
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
		head, table := r.hostsTable()
		rows := slices.Collect(table)
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
			for j, v := range row {
				if v == nil { // empty cells are left out
					continue
				}
				if !cells[0].holds(v) {
					t.Errorf("%s of %s is %+v, want %v", head[j], row[0], cells[0], v)
				}
				cells = cells[1:]
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

// TestXLSXWide: of very many columns, the first ones are as wide as what is in them. They are in their order, which not every
// reader does without.
func TestXLSXWide(t *testing.T) {
	book, err := newWorkbook()
	if err != nil {
		t.Fatal(err)
	}
	head := make([]string, 2*mostMeasured)
	for i := range head {
		head[i] = strings.Repeat("x", i%10)
	}
	if err := book.table("hosts", head, nil); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := book.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	columns := xlsxSheets(t, b.String())[0].Columns
	if len(columns) != mostMeasured {
		t.Errorf("%d columns have a width, want %d", len(columns), mostMeasured)
	}
	for i, c := range columns {
		if want := float64(i%10 + 4); c.Min != i+1 || c.Width != want {
			t.Fatalf("after %d columns comes the width %v of column %d, want %v", i, c.Width, c.Min, want)
		}
	}
}
