package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"hail/inventory"
	"hail/runner"
)

// writeXLSX writes a workbook: a sheet of the hosts, one of checks, one of what was noted about hosts (for a push: what
// has changed), and one of groups that printed the same. Heads stay in sight and can be filtered; a text is never a
// formula.
func writeXLSX(w io.Writer, r *Report) error {
	book, err := newWorkbook()
	if err != nil {
		return err
	}
	defer book.Close()
	head, rows := r.hostsTable()
	if err := book.table("hosts", head, slices.Collect(rows)); err != nil {
		return err
	}
	if len(r.Plan.Checks)+len(r.Plan.Fleet) > 0 {
		if err := book.table("checks", []string{"host", "check", "type", "severity", "outcome", "text", "value", "seconds"}, r.checkRows()); err != nil {
			return err
		}
	}
	if rows := r.noteRows(); rows != nil {
		if err := book.table("notes", []string{"host", "about", "note"}, rows); err != nil {
			return err
		}
	}
	groups, err := gather(r.Summary, r.Files, Gathering{})
	if err != nil {
		return err
	}
	if len(groups) > 0 {
		if err := book.table("groups", []string{"hosts", "count", "status", "reason", "exit", "stdout", "stderr"}, r.groupRows(groups)); err != nil {
			return err
		}
	}
	_, err = book.WriteTo(w)
	return err
}

func (r *Report) checkRows() (rows [][]any) {
	add := func(host string, v verdict) {
		value := ""
		if v.Value != nil {
			value = string(*v.Value)
		}
		rows = append(rows, []any{host, v.ID, v.Type, string(v.Severity), string(v.Outcome), v.Text, value, v.Took.Value().Seconds()})
	}
	for i := range r.Hosts {
		for _, v := range r.verdicts(&r.Hosts[i]) {
			add(r.Hosts[i].Host, v)
		}
	}
	for _, v := range r.fleet() {
		add("(the fleet)", v)
	}
	return rows
}

func (r *Report) noteRows() (rows [][]any) {
	for i := range r.Hosts {
		h := &r.Hosts[i]
		for _, about := range slices.Sorted(maps.Keys(h.Notes)) {
			rows = append(rows, []any{h.Host, about, h.Notes[about]})
		}
	}
	return rows
}

func (r *Report) groupRows(groups []*group) (rows [][]any) {
	for _, g := range groups {
		first := g.results[0]
		var exit any
		if status, ok := first.exit(); ok {
			exit = status
		}
		rows = append(rows, []any{inventory.Fold(g.hosts()), len(g.results), string(first.Status), string(first.Reason), exit,
			r.excerpt(first, runner.Stdout, mostInCell/2), r.excerpt(first, runner.Stderr, mostInCell/2)})
	}
	return rows
}

// mostInCell is how many bytes a cell gets at most: a spreadsheet takes 32,767 characters.
const mostInCell = 32_000

// workbook is a file of sheets whose cells are coloured by status.
type workbook struct {
	*excelize.File
	head, date int // styles
	colors     map[string]int
	mostRows   int // of a sheet, below its head
}

// Colours for what went well, what has changed, what needs a look, and what went wrong.
const green, blue, yellow, red = "C6EFCE", "DDEBF7", "FFEB9C", "FFC7CE"

// cellColors are the colours of cells with a status or an outcome.
var cellColors = map[string]string{
	"ok": green, "pass": green,
	"changed":     blue,
	"unreachable": yellow, "cancelled": yellow, "skipped": yellow, "waived": yellow, "not-evaluated": yellow,
	"failed": red, "timeout": red, "lost": red, "fail": red, "error": red,
}

func newWorkbook() (*workbook, error) {
	b := &workbook{File: excelize.NewFile(), colors: map[string]int{}, mostRows: excelize.TotalRows - 1}
	var err error
	if b.head, err = b.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return nil, err
	}
	format := "yyyy-mm-dd hh:mm:ss"
	if b.date, err = b.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
		return nil, err
	}
	for word, color := range cellColors {
		if b.colors[word], err = b.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}}); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// table adds a table. If it is longer than a sheet can be, it goes on in the next.
func (b *workbook) table(name string, head []string, rows [][]any) error {
	err := b.sheet(name, head, rows[:min(len(rows), b.mostRows)])
	for n := 2; err == nil && len(rows) > b.mostRows; n++ {
		rows = rows[b.mostRows:]
		err = b.sheet(fmt.Sprint(name, " ", n), head, rows[:min(len(rows), b.mostRows)])
	}
	return err
}

func (b *workbook) sheet(name string, head []string, rows [][]any) error {
	if err := b.newSheet(name); err != nil {
		return err
	}
	last, err := excelize.CoordinatesToCellName(len(head), len(rows)+1)
	if err != nil {
		return err
	}
	if err := b.AutoFilter(name, "A1:"+last, nil); err != nil { // first: once the rows are written, it would read them all again
		return err
	}
	out, err := b.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for i, width := range slices.Backward(sheetWidths(head[:min(len(head), mostMeasured)], rows)) { // the library puts each before the others
		if err := out.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}); err != nil {
		return err
	}
	cells := make([]any, len(head))
	for i, text := range head {
		cells[i] = excelize.Cell{StyleID: b.head, Value: legal(text)}
	}
	if err := out.SetRow("A1", cells); err != nil {
		return err
	}
	for i, row := range rows {
		for j := range cells {
			cells[j] = nil
			if j < len(row) {
				cells[j] = b.cell(row[j])
			}
		}
		at, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			return err
		}
		if err := out.SetRow(at, cells); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (b *workbook) newSheet(name string) error {
	if first := b.GetSheetList()[0]; first == "Sheet1" { // a new workbook has this one
		return b.SetSheetName(first, name)
	}
	_, err := b.NewSheet(name)
	return err
}

func (b *workbook) cell(v any) any {
	switch v := v.(type) {
	case string:
		text := legal(v)
		if len(text) > mostInCell {
			text = strings.ToValidUTF8(text[:mostInCell], "") + "…"
		}
		return excelize.Cell{StyleID: b.colors[text], Value: text}
	case time.Time:
		return excelize.Cell{StyleID: b.date, Value: v}
	}
	return v
}

// mostMeasured is how many columns get a width of their own: for each, the library goes through all that have one.
const mostMeasured = 200

// sheetWidths returns the widths of the columns of a sheet, judging by the first rows.
func sheetWidths(head []string, rows [][]any) []float64 {
	all := make([]float64, len(head))
	for j, name := range head {
		all[j] = float64(len(name)) + 4
		for i := range min(len(rows), 200) {
			if j < len(rows[i]) {
				if text, ok := rows[i][j].(string); ok {
					all[j] = max(all[j], float64(textWidth(text))+2)
				} else if _, isTime := rows[i][j].(time.Time); isTime {
					all[j] = max(all[j], 20)
				}
			}
		}
		all[j] = min(all[j], 60)
	}
	return all
}
