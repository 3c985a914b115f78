package report

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"

	"hail/runner"
)

// mostPings is for how many hosts a terminal shows a row each.
const mostPings = 50

// PingTable writes how each host was reached: its status, the time of each phase, and the server that answered. On a
// terminal, where there are too many hosts for that, those that ended alike share a row, with the longest times.
func PingTable(w io.Writer, s *Summary, style Style) error {
	rows := [][]string{{"HOST", "STATUS", "DNS", "TCP", "HANDSHAKE", "LOGIN", "SERVER", "KEY"}}
	pings := pingsOf(s, style.Width > 0 && len(s.Hosts) > mostPings)
	for _, p := range pings {
		row := []string{p.name(style), p.how, "", "", "", "", p.server, p.key}
		for j, d := range p.times {
			if d > 0 {
				row[2+j] = p.mark() + seconds(d)
			}
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
			line = host + strings.Replace(line[len(host):], rows[i][1], style.status(pings[i-1].status, rows[i][1]), 1)
		}
		b.WriteString(line + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// ping is how hosts were reached that have a row of the table in common.
type ping struct {
	pingEnd
	hosts []string
	times [4]time.Duration // the longest of each phase
}

// pingEnd is what such hosts have in common.
type pingEnd struct {
	status           runner.Status
	how, server, key string
}

// pingsOf returns a ping for each host or, if alike ones are gathered, for each way in which hosts ended.
func pingsOf(s *Summary, gather bool) []*ping {
	type row struct {
		pingEnd
		own int
	}
	var pings inOrder[row, ping]
	for i := range s.Hosts {
		r := &s.Hosts[i]
		end, times := pingEnd{status: r.Status, how: r.how()}, [4]time.Duration{}
		if reach := r.Reach; reach != nil {
			end.server = strings.TrimPrefix(reach.Server, "SSH-2.0-")
			end.key, _, _ = strings.Cut(reach.HostKey, " ")
			times = [4]time.Duration{reach.DNS, reach.TCP, reach.Handshake, reach.Login}
		}
		at := row{end, i}
		if gather {
			at.own = 0
		}
		p := pings.at(at, ping{pingEnd: end})
		p.hosts = append(p.hosts, r.Host)
		for j, d := range times {
			p.times[j] = max(p.times[j], d)
		}
	}
	return pings.all
}

// name leaves half of a terminal to the other columns, if it is that of several hosts.
func (p *ping) name(style Style) string {
	if len(p.hosts) == 1 {
		return p.hosts[0]
	}
	return style.fold(p.hosts, style.Width/2)
}

// mark stands before times that are the longest of several hosts.
func (p *ping) mark() string {
	if len(p.hosts) == 1 {
		return ""
	}
	return "≤"
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
