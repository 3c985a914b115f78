package report

import (
	"bytes"
	"fmt"
	"io"

	"hail/inventory"
	"hail/runner"
)

// Text writes the summary for people: the counts, what went wrong, grouped by reason, where the time went, and where
// the record is.
func Text(w io.Writer, s *Summary, files Files, style Style) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", Counts(s, style))
	for _, t := range troubles(s) {
		t.write(&b, "  ", s, files, style)
	}
	if overcome := s.overcome(); overcome != nil {
		for _, t := range troubles(overcome) {
			t.write(&b, "  retried after ", overcome, files, style)
		}
	}
	if hosts := leftRunning(s); hosts != nil {
		const what, then = "  left running on ", ": its later output is not recorded"
		fmt.Fprintf(&b, "%s%s%s\n", what, style.fold(hosts, len(what)+len(then)), then)
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
	if path := files.Path(); path != "" {
		fmt.Fprintf(&b, "record %s\n", path)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Troubles writes the part of Text about hosts that did not end well: nothing if all did. Failed checks are left out if
// checksShown says that they are shown elsewhere.
func Troubles(w io.Writer, s *Summary, files Files, checksShown bool, style Style) error {
	var b bytes.Buffer
	for _, t := range troubles(s) {
		if !checksShown || t.first.Reason != runner.CheckFailed {
			t.write(&b, "  ", s, files, style)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// leftRunning returns the hosts on which something in the background still had the output of a command open.
func leftRunning(s *Summary) (hosts []string) {
	for i := range s.Hosts {
		if s.Hosts[i].Notes[runner.NoteLeft] != "" {
			hosts = append(hosts, s.Hosts[i].Host)
		}
	}
	return hosts
}

// mostTwins is how many machines with several names are listed.
const mostTwins = 3

// twins says which names stand for one machine: they were reached at the same address and showed the same key.
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
		if n := s.again(status); n > 0 && status.Well() {
			line += fmt.Sprintf(" (%d at the second attempt or later)", n)
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

// again returns how many hosts ended with the status, but not at the first attempt.
func (s *Summary) again(status runner.Status) (n int) {
	for i := range s.Hosts {
		if s.Hosts[i].Status == status && s.Hosts[i].Attempt > 1 {
			n++
		}
	}
	return n
}

// overcome returns a summary of how the attempts before the last ended, on the hosts that ended well after all; nil if
// there are none.
func (s *Summary) overcome() *Summary {
	var hosts []Result
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if r.before == nil || !r.Status.Well() {
			continue
		}
		if hosts == nil {
			hosts = make([]Result, len(s.Hosts)) // in their places; the others have no status
		}
		hosts[i].Host = r.Host
		hosts[i].endAs(r.before)
	}
	if hosts == nil {
		return nil
	}
	before := *s
	before.Hosts = hosts
	return &before
}
