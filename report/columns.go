package report

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"hail/inventory"
	"hail/runner"
)

// Columns turns what hosts print into rows of a table. ParseColumns makes it; it may be used any number of times.
type Columns struct {
	all      []column
	fields   int           // how many of them are fields of a line; 0: the output is JSON
	mostTime time.Duration // for the expressions over the output of one host
	mostRows int           // of one host
}

type column struct {
	name  string
	query *gojq.Code // over JSON output; nil for other columns
	vars  string     // the name of a var of the host; empty for other columns
	field int        // otherwise: which field of a line, 0 for the first
}

// ParseColumns reads a comma-separated list of columns. NAME=EXPR is a jq expression over JSON output, with a row for
// each value that a host printed; vars.NAME is a var of the host; any other word names the next field of a line, with a
// row for each line.
func ParseColumns(text string) (*Columns, error) {
	c := &Columns{mostTime: mostTime, mostRows: mostRows}
	queries := 0
	for _, part := range splitColumns(text) {
		name, expr, isQuery := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		col := column{name: name}
		switch v, isVar := strings.CutPrefix(name, "vars."); {
		case name == "":
			return nil, fmt.Errorf("a column has no name: %q", part)
		case isQuery:
			query, err := gojq.Parse(expr)
			if err != nil {
				return nil, fmt.Errorf("column %s: %q is not a jq expression: %w", name, expr, err)
			}
			if col.query, err = gojq.Compile(query); err != nil {
				return nil, fmt.Errorf("column %s: %w", name, err)
			}
			queries++
		case isVar && v != "":
			col.name, col.vars = v, v
		default:
			col.field = c.fields
			c.fields++
		}
		c.all = append(c.all, col)
	}
	if c.fields > 0 && queries > 0 {
		return nil, errors.New("fields of lines and jq expressions don't go together")
	}
	if c.fields+queries == 0 {
		return nil, errors.New("no column comes from the output")
	}
	return c, nil
}

// splitColumns splits at the commas that are not in brackets or quotes.
func splitColumns(text string) (parts []string) {
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

// Names returns the heads of the columns.
func (c *Columns) Names() (names []string) {
	for _, col := range c.all {
		names = append(names, col.name)
	}
	return names
}

// Limits for the columns of one host: bytes of its output; rows, which take much more memory than the output; and the
// time for expressions, which may never end.
const (
	longestOutput = 16 << 20
	mostRows      = 100_000
	mostTime      = 10 * time.Second
)

// Rows returns the rows for what the host printed; a cell is a text, a value that jq made of JSON, or the value of a
// var. The error says why there are no rows, or not all.
func (c *Columns) Rows(h inventory.Host, r *Result, files Files) (rows [][]any, err error) {
	if r.Stdout.Length > longestOutput {
		return nil, fmt.Errorf("the output is too long for columns: %d bytes", r.Stdout.Length)
	}
	f, err := wholeOutput(files, r)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if c.fields == 0 {
		return c.jsonRows(h, f)
	}
	return c.lineRows(h, f)
}

// wholeOutput opens what the host printed on stdout, if nothing of it is left out or damaged: the rest might still look like
// lines, or like JSON. The caller closes it.
func wholeOutput(files Files, r *Result) (io.ReadCloser, error) {
	f, has, err := openKept(files, r, runner.Stdout)
	if err != nil {
		return nil, err
	}
	if has.left > 0 {
		err = fmt.Errorf("the record lacks %s of the output, perhaps because of --max-output", Plural(has.left, "byte"))
	} else if _, err = io.Copy(io.Discard, f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lineRows returns a row for each line that is not empty.
func (c *Columns) lineRows(h inventory.Host, in io.Reader) (rows [][]any, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestOutput)
	for lines.Scan() {
		if cells := strings.Fields(lines.Text()); len(cells) > 0 {
			if len(rows) == c.mostRows {
				return rows, c.tooMany()
			}
			rows = append(rows, c.row(h, func(col column) any {
				if col.field >= len(cells) {
					return nil
				}
				if col.field == c.fields-1 { // the last field takes the rest of the line
					return strings.Join(cells[col.field:], " ")
				}
				return cells[col.field]
			}))
		}
	}
	return rows, lines.Err()
}

// jsonRows returns a row for each JSON value.
func (c *Columns) jsonRows(h inventory.Host, in io.Reader) (rows [][]any, failed error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), c.mostTime, fmt.Errorf("it took longer than %v", c.mostTime))
	defer cancel()
	dec := json.NewDecoder(in)
	dec.UseNumber()
	for {
		var value any
		switch err := dec.Decode(&value); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return rows, fmt.Errorf("the output is not JSON: %w", err)
		case len(rows) == c.mostRows:
			return rows, c.tooMany()
		}
		rows = append(rows, c.row(h, func(col column) any {
			v, _ := col.query.RunWithContext(ctx, value).Next() // nil if there is none
			if err, ok := v.(error); ok {
				failed = fmt.Errorf("column %s: %w", col.name, cmp.Or(context.Cause(ctx), err))
				return nil
			}
			return v
		}))
		if failed != nil {
			return rows, failed
		}
	}
}

// row returns a row of the host: its vars, and what cell returns for each other column.
func (c *Columns) row(h inventory.Host, cell func(column) any) (row []any) {
	for _, col := range c.all {
		if col.vars != "" {
			row = append(row, h.Vars[col.vars])
		} else {
			row = append(row, cell(col))
		}
	}
	return row
}

func (c *Columns) tooMany() error { return fmt.Errorf("there are more than %d rows", c.mostRows) }

// ColumnsTable writes the table of what hosts printed, in the order of the plan. A host without a row gets an empty
// one, and the reason stands below the table.
func ColumnsTable(w io.Writer, s *Summary, files Files, c *Columns, style Style) error {
	table := [][]string{append([]string{"HOST"}, c.Names()...)}
	type note struct {
		why   string // hosts have no rows, or not all
		hosts []string
	}
	var notes inOrder[string, note]
	for i := range s.Hosts {
		r := &s.Hosts[i]
		rows, err := c.Rows(s.Plan.Hosts[i], r, files)
		why := ""
		switch {
		case r.Status.Bad():
			why = r.how()
		case err != nil:
			why = OneLine(err.Error())
		}
		if why != "" {
			n := notes.at(why, note{why: why})
			n.hosts = append(n.hosts, r.Host)
		}
		if len(rows) == 0 {
			rows = [][]any{c.row(s.Plan.Hosts[i], func(column) any { return nil })}
		}
		for _, row := range rows {
			cells := []string{r.Host}
			for _, v := range row {
				cells = append(cells, cellText(v))
			}
			table = append(table, cells)
		}
	}
	var b bytes.Buffer
	for _, line := range Table(table) {
		b.WriteString(style.cut(line, 0) + "\n")
	}
	for _, n := range notes.all {
		fmt.Fprintf(&b, "%s: %s\n", folded(n.hosts), n.why)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// cellText formats the value of a cell for people.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	text, err := gojq.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
