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
	for i, line := range Table(rows) {
		line = style.cut(line, 0)
		if i > 0 {
			host := line[:min(len(rows[i][0]), len(line))] // it may have the word, too
			line = host + strings.Replace(line[len(host):], rows[i][1], style.status(s.Hosts[i-1].Status, rows[i][1]), 1)
		}
		b.WriteString(line + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}
