package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// writeCSV writes the table. A text that a spreadsheet would take for a formula gets a quote in front.
func writeCSV(w io.Writer, r *Report) error {
	head, rows := r.hostsTable()
	out := csv.NewWriter(w)
	texts := make([]string, len(head))
	for i, name := range head {
		texts[i] = csvCell(name)
	}
	out.Write(texts) // Error, below, returns what goes wrong
	for row := range rows {
		clear(texts)
		for i, v := range row {
			texts[i] = csvCell(v)
		}
		out.Write(texts)
	}
	out.Flush()
	return out.Error()
}

// hostsCSV returns the text of hosts.csv in a record: how each host ended. The report in CSV also has what was known of
// the hosts, and what they printed.
func hostsCSV(s *Summary) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"host", "status", "reason", "exit", "seconds", "stdout_bytes", "stderr_bytes", "error", "attempts"})
	for i := range s.Hosts {
		r := &s.Hosts[i]
		exit := ""
		if status, ok := r.exit(); ok {
			exit = strconv.Itoa(status)
		}
		w.Write([]string{noFormula(r.Host), string(r.Status), string(r.Reason), exit, fmt.Sprintf("%.3f", r.Took().Seconds()),
			strconv.FormatInt(r.Stdout.Length, 10), strconv.FormatInt(r.Stderr.Length, 10), noFormula(r.Error), strconv.Itoa(r.Attempt)})
	}
	w.Flush()
	return b.Bytes()
}

func csvCell(v any) string {
	switch v := v.(type) {
	case string:
		return noFormula(string(Clean(nil, []byte(v))))
	case time.Time:
		return v.Format(time.RFC3339)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// noFormula returns text as a CSV cell that no spreadsheet takes for a formula.
func noFormula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
