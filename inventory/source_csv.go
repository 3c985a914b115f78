package inventory

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"hail/inventory/strictyaml"
)

func isCSV(f file) bool { return f.ext() == ".csv" || f.ext() == ".tsv" }

// readCSV reads a table with a header. The column name, or host, has the hosts, and group or groups has their groups.
// A column that is called like a connection setting is that setting, and all others are vars: port is the setting, and
// vars.port a var. An empty cell sets nothing. TRUE and FALSE are booleans, which spreadsheets write like that.
func readCSV(b *builder, f file) {
	in := csv.NewReader(bytes.NewReader(f.text))
	in.Comma = separator(firstLine(f.text))
	in.Comment = '#'
	in.TrimLeadingSpace = in.Comma != '\t'
	header, err := in.Read()
	if err != nil {
		b.failCSV(f, err)
		return
	}
	r := csvReader{nodeReader: nodeReader{b, f.path}, in: in, lines: bytes.SplitAfter(f.text, []byte("\n")), header: header}
	if !r.checkHeader(f) {
		return
	}
	for len(b.errs) < maxErrors {
		row, err := in.Read()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			b.failCSV(f, err)
			return
		}
		r.row(row)
	}
}

// separator is the first of , ; and tab in the header: spreadsheets write all three.
func separator(header []byte) rune {
	if i := bytes.IndexAny(header, ",;\t"); i >= 0 {
		return rune(header[i])
	}
	return ','
}

func (b *builder) failCSV(f file, err error) {
	wrong, isSyntax := errors.AsType[*csv.ParseError](err)
	switch {
	case isSyntax && errors.Is(err, csv.ErrFieldCount):
		b.fail(f.place(wrong.Line, 1), "this row and the header differ in their number of cells", "")
	case isSyntax:
		b.fail(f.place(wrong.Line, wrong.Column), wrong.Err.Error(), "")
	case errors.Is(err, io.EOF):
		b.fail(f.place(1, 1), "there is no header", "name,address,role")
	default:
		b.fail(f.place(0, 0), err.Error(), "")
	}
}

type csvReader struct {
	nodeReader
	in     *csv.Reader
	lines  [][]byte
	header []string
	name   int // the column of the hosts
}

func (r *csvReader) checkHeader(f file) bool {
	before := len(r.b.errs)
	r.name = -1
	hint := "the first line names the columns: name,address,role"
	for i, column := range r.header {
		line, col := r.in.FieldPos(i)
		column = strings.TrimSpace(column)
		lower := strings.ToLower(column)
		switch {
		case column == "":
			r.b.fail(f.place(line, col), "this column has no name", "")
		case strings.ContainsFunc(column, unicode.IsControl):
			r.b.fail(f.place(line, col), fmt.Sprintf("the column name %q has to be a text on one line", column), "")
		case slices.Contains(r.header[:i], column):
			r.b.fail(f.place(line, col), fmt.Sprintf("duplicate column %q", column), "")
		case column == "name" || column == "host" && !slices.Contains(r.header, "name"):
			r.name = i
		case column != lower && (isGroups(lower) || slices.Contains(connectionKeys, lower)):
			r.b.remark(f.place(line, col), fmt.Sprintf("the column %s is a var: the setting is %s", column, lower))
		case column != lower && (lower == "name" || lower == "host"):
			hint = fmt.Sprintf("write %s for %s", lower, column)
		}
		r.header[i] = column
	}
	if r.name < 0 && len(r.b.errs) == before {
		r.b.fail(f.place(1, 1), "no column is called name or host, only "+strings.Join(r.header, ", "), hint)
	}
	return len(r.b.errs) == before
}

func isGroups(column string) bool { return column == "group" || column == "groups" }

func (r *csvReader) row(cells []string) {
	if strings.TrimSpace(strings.Join(cells, "")) == "" { // as a spreadsheet may have it below the table
		return
	}
	var said settings
	var groups []*groupDef
	vars := map[string]any{}
	for i, text := range cells {
		text = strings.TrimSpace(text)
		column := r.header[i]
		if !isGroups(column) && (text == "TRUE" || text == "FALSE") {
			text = strings.ToLower(text)
		}
		n := r.cell(i, text)
		switch {
		case i == r.name || text == "":
		case isGroups(column):
			groups = append(groups, r.groupsOf(words(n))...)
		case r.setting(column, n, &said.conn):
			r.b.note(&said, column, text, r.place(n), "host")
		default:
			name := strings.TrimPrefix(column, varsPrefix)
			vars[name] = n.Any()
			r.remarkAnsible(&said, name, r.place(n))
			r.b.note(&said, varsPrefix+name, vars[name], r.place(n), "host")
		}
	}
	if len(vars) > 0 {
		said.vars = vars
	}
	r.addHosts(r.cell(r.name, strings.TrimSpace(cells[r.name])), said, groups)
}

// cell returns a cell as a plain scalar: numbers are numbers, as in YAML.
func (r *csvReader) cell(i int, text string) *strictyaml.Node {
	line, col := r.in.FieldPos(i)
	quote := bytes.HasPrefix(r.lines[line-1][col-1:], []byte(`"`))
	return &strictyaml.Node{Kind: strictyaml.Scalar, AfterQuote: quote, Text: text, Line: line, Col: col}
}

// words splits a cell into a list of words.
func words(cell *strictyaml.Node) *strictyaml.Node {
	list := &strictyaml.Node{Kind: strictyaml.List, Line: cell.Line, Col: cell.Col}
	for _, word := range strings.FieldsFunc(cell.Text, func(c rune) bool { return strings.ContainsRune(" \t,;|", c) }) {
		item := *cell
		item.Text = word
		list.Items = append(list.Items, &item)
	}
	return list
}
