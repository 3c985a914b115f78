package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
)

// Text writes the summary for people: the counts, what went wrong folded by reason, where the time went, and where the
// record is.
func Text(w io.Writer, s *Summary, files Files, style Style) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", Counts(s, style))
	for _, t := range troubles(s) {
		t.write(&b, files, style)
	}
	if left := leftRunning(s); left != nil {
		const what, then = "  left running on ", ": what it prints from then on is not here"
		fmt.Fprintf(&b, "%s%s%s\n", what, style.cut(folded(left), len(what)+len(then)), then)
	}
	for _, line := range twins(s) {
		fmt.Fprintf(&b, "  %s\n", style.cut(line, 2))
	}
	if line := timing(s, style); line != "" {
		fmt.Fprintf(&b, "%s\n", line)
	}
	if s.Stopped != "" {
		fmt.Fprintf(&b, "stopped early: %s\n", stopText(s))
	}
	fmt.Fprintf(&b, "record %s\n", files.Path())
	_, err := w.Write(b.Bytes())
	return err
}

// leftRunning are the hosts on which something in the background had the output of a command open.
func leftRunning(s *Summary) (hosts []string) {
	for i := range s.Hosts {
		if s.Hosts[i].Notes[runner.NoteLeft] != "" {
			hosts = append(hosts, s.Hosts[i].Host)
		}
	}
	return hosts
}

// mostTwins is how many machines are told that have several names.
const mostTwins = 3

// twins tells which names stand for one machine: what was reached at one address and showed one key.
func twins(s *Summary) (lines []string) {
	type place struct{ address, key string }
	names := map[place][]string{}
	var several []place
	for i := range s.Hosts {
		r := s.Hosts[i].Reach
		if r == nil || r.Address == "" || r.HostKey == "" {
			continue
		}
		at := place{r.Address, r.HostKey}
		if names[at] = append(names[at], s.Hosts[i].Host); len(names[at]) == 2 {
			several = append(several, at)
		}
	}
	for i, at := range several {
		if i == mostTwins {
			return append(lines, fmt.Sprintf("and %s more under several names", Plural(len(several)-i, "machine")))
		}
		lines = append(lines, fmt.Sprintf("one machine under %d names, at %s: %s", len(names[at]), at.address, inventory.Fold(names[at])))
	}
	return lines
}

// Counts says how many hosts ended how.
func Counts(s *Summary, style Style) string {
	line := Plural(len(s.Hosts), "host")
	sep := ": "
	left := len(s.Hosts)
	for _, status := range runner.Statuses {
		if n := s.Counts[status]; n > 0 {
			line += sep + style.status(status, fmt.Sprintf("%d %s", n, Word(status, s.DryRun)))
			sep = ", "
			left -= n
		}
	}
	if left > 0 {
		line += fmt.Sprintf("%s%d %s", sep, left, unfinished)
	}
	if s.DryRun {
		line += " (" + nothingChanged + ")"
	}
	return line
}

// trouble is hosts that did not end well for one reason.
type trouble struct {
	first   *Result
	hosts   []string
	remains map[runner.Remains]int // of commands that were stopped
}

func troubles(s *Summary) (all []*trouble) {
	byReason := map[string]*trouble{}
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if badness(r.Status) == 0 {
			continue
		}
		key := r.how()
		t := byReason[key]
		if t == nil {
			t = &trouble{first: r, remains: map[runner.Remains]int{}}
			byReason[key] = t
			all = append(all, t)
		}
		t.hosts = append(t.hosts, r.Host)
		t.remains[r.Remains]++
	}
	slices.SortStableFunc(all, func(a, b *trouble) int { return len(b.hosts) - len(a.hosts) })
	return all
}

func (t *trouble) write(b *bytes.Buffer, files Files, style Style) {
	r := t.first
	what := r.how()
	count := ""
	if len(t.hosts) > 1 {
		count = fmt.Sprintf(" (%d)", len(t.hosts))
	}
	names := inventory.Fold(t.hosts)
	fmt.Fprintf(b, "  %s %s%s\n", style.status(r.Status, what), style.cut(names, len(what)+len(count)+3), count)
	of := ""
	if len(t.hosts) > 1 {
		of = r.Host + ": "
	}
	if r.Error != "" && r.Reason != runner.ExitStatus {
		attempts := ""
		if r.Attempt > 1 {
			attempts = fmt.Sprintf(" (attempt %d)", r.Attempt)
		}
		fmt.Fprintf(b, "    %s%s\n", of+r.Error, attempts)
	}
	var left []string
	for _, remains := range []runner.Remains{runner.Gone, runner.Alive, runner.Unknown} {
		if n := t.remains[remains]; n > 0 {
			left = append(left, fmt.Sprintf("%s on %d", remains, n))
		}
	}
	if left != nil {
		fmt.Fprintf(b, "    remote processes: %s\n", strings.Join(left, ", "))
	}
	if last := lastLine(files, r); last != "" && last != r.Error {
		fmt.Fprintf(b, "    %s\n", style.cut(of+last, 4))
	}
	if hint := Hint(r.Status, r.Reason); hint != "" {
		fmt.Fprintf(b, "    hint: %s\n", hint)
	}
	if r.Attempt > 0 && r.Reason == runner.ExitStatus {
		fmt.Fprintf(b, "    log: %s\n", files.LogPath(r.Host))
	}
}

// lastLine is the last line of what the host printed on stderr. Of a handler that failed, the error has it: others may have run since.
func lastLine(files Files, r *Result) string {
	if r.Stderr.Length == 0 || r.Reason == runner.HandlerFailed {
		return ""
	}
	f, err := files.Output(r.Host, runner.Stderr)
	if err != nil {
		return ""
	}
	defer f.Close()
	const most = 400
	if r.Stderr.Length > most {
		f.Seek(-most, io.SeekEnd)
	}
	text, _ := io.ReadAll(io.LimitReader(f, most))
	lines := bytes.Split(bytes.TrimRight(text, "\r\n"), []byte("\n"))
	return OneLine(string(lines[len(lines)-1]))
}

// PingTable writes how each host was reached: status, the time of each phase, who answered.
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
	for j := range rows[0] { // what no host has needs no head
		if !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[j] != "" }) {
			rows[0][j] = ""
		}
	}
	var b bytes.Buffer
	for i, line := range Table(rows) {
		line = style.cut(line, 0)
		if i > 0 {
			line = strings.Replace(line, rows[i][1], style.status(s.Hosts[i-1].Status, rows[i][1]), 1)
		}
		b.WriteString(line + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// hostsCSV is the results as a spreadsheet. A cell that a spreadsheet would take for a formula gets a quote in front.
func hostsCSV(s *Summary) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"host", "status", "reason", "exit", "seconds", "stdout_bytes", "stderr_bytes", "error"})
	for i := range s.Hosts {
		r := &s.Hosts[i]
		w.Write([]string{noFormula(r.Host), string(r.Status), string(r.Reason), strconv.Itoa(r.Exit), fmt.Sprintf("%.3f", r.Took().Seconds()),
			strconv.FormatInt(r.Stdout.Length, 10), strconv.FormatInt(r.Stderr.Length, 10), noFormula(r.Error)})
	}
	w.Flush()
	return b.Bytes()
}

// noFormula is a cell of a table in CSV that no spreadsheet takes for a formula.
func noFormula(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
