package report

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"hail/inventory"
)

// hostsTable returns a row per host or, with columns, a row per row of theirs: what was known of the host, how it
// ended, what it printed. Cells are texts, numbers and times; nil is an empty one. The rows of a host are made when it is
// its turn: all of them may be more than fits into memory.
func (r *Report) hostsTable() (head []string, rows iter.Seq[[]any]) {
	vars := varNames(r.Plan.Hosts)
	head = []string{"host"}
	for _, v := range vars {
		head = append(head, "vars."+v)
	}
	head = append(head, "status", "reason", "exit", "started", "seconds", "stdout_bytes", "stderr_bytes", "error", "attempts")
	for _, c := range r.Plan.Checks {
		head = append(head, "check:"+c.ID)
	}
	said := r.extraColumns()
	head = append(head, said.head...)
	return head, func(yield func([]any) bool) {
		for i := range r.Hosts {
			further, why := said.rows(i)
			row := r.hostCells(i, vars, why)
			for _, cells := range further {
				if !yield(slices.Concat(row, cells)) {
					return
				}
			}
		}
	}
}

// hostCells returns the cells of a host that do not depend on what it printed; why says what is wrong with that.
func (r *Report) hostCells(i int, vars []string, why string) []any {
	h := &r.Hosts[i]
	row := []any{h.Host}
	for _, v := range vars {
		row = append(row, cellOf(r.Plan.Hosts[i].Vars[v]))
	}
	var exit, started any
	if status, ok := h.exit(); ok {
		exit = status
	}
	if !h.Began.IsZero() {
		started = h.Began.UTC()
	}
	row = append(row, string(h.Status), string(h.Reason), exit, started, h.Took().Round(time.Millisecond).Seconds(),
		h.Stdout.Length, h.Stderr.Length, OneLine(cmp.Or(h.Error, why)), h.Attempt)
	for _, v := range h.Checks {
		row = append(row, string(v.Outcome))
	}
	return row
}

// extraColumns are further columns of the table, from what hosts printed. rows returns at least one row for every host;
// why says what is wrong with them.
type extraColumns struct {
	head []string
	rows func(host int) (rows [][]any, why string)
}

// extraColumns returns the report's columns or, if it has none, what a test captured, or the fields of the JSON objects
// that hosts printed.
func (r *Report) extraColumns() extraColumns {
	switch {
	case r.Columns != nil:
		return r.columns()
	case len(r.Plan.Checks) > 0:
		return r.captures()
	}
	return r.jsonFields()
}

// columns returns the report's own columns.
func (r *Report) columns() extraColumns {
	return extraColumns{r.Columns.Names(), func(host int) (found [][]any, why string) {
		found, err := r.Columns.Rows(r.Plan.Hosts[host], &r.Hosts[host], r.Files)
		if err != nil {
			why = err.Error()
		}
		for _, cells := range found {
			for j := range cells {
				cells[j] = cellOf(cells[j])
			}
		}
		if found == nil {
			found = [][]any{nil}
		}
		return found, why
	}}
}

// jsonFields returns the fields of the JSON objects that hosts printed.
func (r *Report) jsonFields() extraColumns {
	const mostFields = 100
	names := map[string]bool{}
	for i := range r.Hosts {
		for _, name := range slices.Sorted(maps.Keys(r.jsonObject(i))) {
			if len(names) < mostFields {
				names["out."+name] = true
			}
		}
	}
	head := slices.Sorted(maps.Keys(names))
	return extraColumns{head, func(host int) ([][]any, string) {
		cells := make([]any, len(head))
		if len(head) > 0 {
			object := r.jsonObject(host) // again, for those of all hosts may be more than fits into memory
			for j, name := range head {
				cells[j] = cellOf(object[name[len("out."):]])
			}
		}
		return [][]any{cells}, ""
	}}
}

// jsonObject returns what the host printed, if that is one JSON object and nothing else, and not too long.
func (r *Report) jsonObject(host int) (object map[string]any) {
	const longest = 64 << 10
	h := &r.Hosts[host]
	if h.Stdout.Length == 0 || h.Stdout.Length > longest || h.Status.Bad() {
		return nil
	}
	f, err := wholeOutput(r.Files, h)
	if err != nil {
		return nil
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	dec.UseNumber()
	if dec.Decode(&object) != nil || dec.More() {
		return nil
	}
	return object
}

// captures returns the values that checks captured.
func (r *Report) captures() (said extraColumns) {
	var checks []int
	for i, c := range r.Plan.Checks {
		if c.Capture != "" {
			checks = append(checks, i)
			said.head = append(said.head, "capture."+c.Capture)
		}
	}
	said.rows = func(host int) ([][]any, string) {
		cells := make([]any, len(checks))
		for j, i := range checks {
			if value := r.Hosts[host].Checks[i].Value; value != nil {
				text := string(*value)
				cells[j] = text
				if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
					cells[j] = cellOf(json.Number(text))
				}
			}
		}
		return [][]any{cells}, ""
	}
	return said
}

// cellOf makes a cell of a value. A number stays one, unless a spreadsheet would round its digits away; what is
// neither text nor number becomes JSON.
func cellOf(v any) any {
	const mostDigits = 1e15
	switch v := v.(type) {
	case nil, string:
		return v
	case int, float64, *big.Int, json.Number:
		text := cellText(v)
		if n, err := strconv.Atoi(text); err == nil && math.Abs(float64(n)) < mostDigits {
			return n
		}
		if n, err := strconv.ParseFloat(text, 64); err == nil && strings.ContainsAny(text, ".eE") {
			return n
		}
		return text
	}
	return cellText(v)
}

// varNames returns the names of all vars of the hosts that are not secret, sorted.
func varNames(hosts []inventory.Host) []string {
	names := map[string]bool{}
	for _, h := range hosts {
		for name, value := range h.Vars {
			if value != inventory.Redacted {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
