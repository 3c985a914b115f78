package report

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"
)

// PingTable writes how each host was reached: its status, the time of each phase, and the server that answered.
func PingTable(w io.Writer, s *Summary, style Style) error {
	rows := [][]string{{"HOST", "STATUS", "DNS", "TCP", "HANDSHAKE", "LOGIN", "SERVER", "KEY"}}
	for i := range s.Hosts {
		r := &s.Hosts[i]
		row := []string{r.Host, r.how(), "", "", "", "", "", ""}
		if p := r.Reach; p != nil {
			for j, d := range []time.Duration{p.DNS, p.TCP, p.Handshake, p.Login} {
				if d > 0 {
					row[2+j] = seconds(d)
				}
			}
			key, _, _ := strings.Cut(p.HostKey, " ")
			row[6], row[7] = strings.TrimPrefix(p.Server, "SSH-2.0-"), key
		}
		rows = append(rows, row)
	}
	for j := range rows[0] { // a column that is empty for all hosts needs no head
		if !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[j] != "" }) {
			rows[0][j] = ""
		}
	}
	var b bytes.Buffer
	for i, line := range pingLines(rows, style) {
		if i > 0 {
			host := line[:min(len(rows[i][0]), len(line))] // it may have the word, too
			line = host + strings.Replace(line[len(host):], rows[i][1], style.status(s.Hosts[i-1].Status, rows[i][1]), 1)
		}
		b.WriteString(line + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// pingLines returns a line for each row that fits on the screen: first the name of the server gives way.
func pingLines(rows [][]string, style Style) []string {
	const server, narrow = 6, 8
	lines, widest := Table(rows), 0
	for _, line := range lines {
		widest = max(widest, textWidth(line))
	}
	if style.Width > 0 && widest > style.Width {
		shorter := Style{Width: max(narrow, widthsOf(rows)[server]-(widest-style.Width))}
		for _, row := range rows {
			row[server] = shorter.cut(row[server], 0)
		}
		lines = Table(rows)
	}
	for i, line := range lines {
		lines[i] = style.cut(line, 0)
	}
	return lines
}
