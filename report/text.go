package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

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
		fmt.Fprintf(&b, "%s%s%s\n", what, style.cut(folded(hosts), len(what)+len(then)), then)
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
		if n := s.again(status); n > 0 && !bad(status) {
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

// overcome returns a summary of the attempts before the last, for the hosts that ended well in the end; nil if there
// are none.
func (s *Summary) overcome() *Summary {
	did := func(r *Result) bool { return r.before != nil && r.Status != "" && !bad(r.Status) }
	if !slices.ContainsFunc(s.Hosts, func(r Result) bool { return did(&r) }) {
		return nil
	}
	all := *s
	all.Hosts = make([]Result, len(s.Hosts))
	for i := range s.Hosts {
		if r := &s.Hosts[i]; did(r) {
			all.Hosts[i] = Result{Host: r.Host, Status: r.before.Status, Reason: r.before.Reason, Exit: r.before.Exit, Error: r.before.Error, Remains: r.before.Remains}
		}
	}
	return &all
}

// trouble is the hosts that did not end well for one reason.
type trouble struct {
	first   *Result
	hosts   []string
	places  []int                       // indexes of the hosts in the summary
	remains map[runner.Remains][]string // hosts, by what is left running of a stopped command
}

func troubles(s *Summary) (all []*trouble) {
	byReason := map[string]*trouble{}
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if !bad(r.Status) {
			continue
		}
		key := r.how()
		t := byReason[key]
		if t == nil {
			t = &trouble{first: r, remains: map[runner.Remains][]string{}}
			byReason[key] = t
			all = append(all, t)
		}
		t.hosts = append(t.hosts, r.Host)
		t.places = append(t.places, i)
		t.remains[r.Remains] = append(t.remains[r.Remains], r.Host)
	}
	slices.SortStableFunc(all, func(a, b *trouble) int { return len(b.hosts) - len(a.hosts) })
	return all
}

// message is what hosts say about how they ended, equal except for what is specific to each host.
type message struct {
	first       *Result
	error, last string // of the first host: its error, and the last line that it printed; either may be empty
	hosts       []string
}

// messages returns what the hosts say, what most of them say first.
func (t *trouble) messages(s *Summary, files Files) (all []*message) {
	known := map[string]*message{}
	for _, i := range t.places {
		r := &s.Hosts[i]
		own := maskOf(s.Plan.Hosts[i])
		if r.Reach != nil {
			own = own.with(r.Reach.Address, "{address}")
		}
		m := &message{first: r, error: r.why(), last: lastLine(files, r)}
		if m.last == m.error {
			m.last = ""
		}
		if m.error+m.last == "" {
			continue
		}
		key := string(own.apply([]byte(m.error + "\n" + m.last)))
		if known[key] == nil {
			known[key] = m
			all = append(all, m)
		}
		known[key].hosts = append(known[key].hosts, r.Host)
	}
	slices.SortStableFunc(all, func(a, b *message) int { return len(b.hosts) - len(a.hosts) })
	return all
}

// mostMessages is how many different messages are shown for hosts that ended for one reason.
const mostMessages = 5

func (t *trouble) write(b *bytes.Buffer, lead string, s *Summary, files Files, style Style) {
	what := t.first.how()
	fmt.Fprintf(b, "%s%s %s\n", lead, style.status(t.first.Status, what), style.fold(t.hosts, len(lead)+len(what)+1))
	example := t.first
	messages := t.messages(s, files)
	for i, m := range messages {
		if i == 0 {
			example = m.first
		}
		if i == mostMessages {
			fmt.Fprintf(b, "    and %s\n", Plural(len(messages)-i, "more message"))
			break
		}
		of := ""
		switch {
		case len(messages) > 1:
			of = style.fold(m.hosts, style.Width/2) + ": "
		case len(t.hosts) > 1:
			of = m.first.Host + ": "
		}
		m.write(b, of, style)
	}
	if hosts := t.remains[runner.Gone]; hosts != nil {
		fmt.Fprintf(b, "    %s on %s\n", remainsText(runner.Gone), Plural(len(hosts), "host"))
	}
	for _, remains := range []runner.Remains{runner.Alive, runner.Unknown} { // each of these needs looking after
		if hosts := t.remains[remains]; hosts != nil {
			on, why := remainsText(remains)+" on ", ""
			if remains == runner.Unknown && s.Plan.NoWrap {
				why = ": --no-wrap only hangs up"
			}
			fmt.Fprintf(b, "    %s%s%s\n", on, style.fold(hosts, 4+len(on)+len(why)), why)
		}
	}
	if hint := hint(t.first, s.Plan, t.places[0]); hint != "" {
		fmt.Fprintf(b, "    hint: %s\n", hint)
	}
	printed := example.Attempt > 0 && example.Reason == runner.ExitStatus || example.Stdout.Length+example.Stderr.Length > 0
	if path := files.LogPath(example.Host); printed && path != "" {
		fmt.Fprintf(b, "    log: %s\n", path)
	}
}

func (m *message) write(b *bytes.Buffer, of string, style Style) {
	if m.error != "" {
		attempts := ""
		if m.first.Attempt > 1 {
			attempts = fmt.Sprintf(" (attempt %d)", m.first.Attempt)
		}
		fmt.Fprintf(b, "    %s%s%s\n", of, m.error, attempts)
	}
	if m.last != "" {
		fmt.Fprintf(b, "    %s\n", style.cut(of+m.last, 4))
	}
}

// boilerplate are lines with which tools end after they have said what went wrong.
var boilerplate = []string{
	"tar: Error exit delayed from previous errors",
	"tar: Error is not recoverable: exiting now",
	"tar: Exiting with failure status due to previous errors",
	"sudo: error initializing audit plugin",
}

// lastLine returns the last line that the host printed on stderr, not counting boilerplate. For a handler that failed,
// it is empty: the error has the line, and other handlers may have run since.
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
	lines := strings.Split(strings.TrimRight(string(text), "\r\n"), "\n")
	for _, line := range slices.Backward(lines) {
		if !slices.ContainsFunc(boilerplate, func(f string) bool { return strings.HasPrefix(line, f) }) {
			return OneLine(line)
		}
	}
	return OneLine(lines[len(lines)-1])
}
