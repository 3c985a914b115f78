package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"hail/runner"
)

// trouble is the hosts that did not end well for one reason.
type trouble struct {
	first  *Result
	hosts  []string
	places []int // indexes of the hosts in the summary
}

func troubles(s *Summary) []*trouble {
	var byEnding inOrder[string, trouble]
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if !r.Status.Bad() {
			continue
		}
		t := byEnding.at(r.how(), trouble{first: r})
		t.hosts = append(t.hosts, r.Host)
		t.places = append(t.places, i)
	}
	slices.SortStableFunc(byEnding.all, func(a, b *trouble) int { return len(b.hosts) - len(a.hosts) })
	return byEnding.all
}

// message is what hosts say about how they ended, equal except for what is specific to each host.
type message struct {
	first       *Result
	error, last string // of the first host: its error, and the last line that it printed; either may be empty
	hosts       []string
	masked      string // both through the mask of the first host
	mixed       bool   // through the masks of other hosts, they look different
}

// messages returns what the hosts say, what most of them say first.
func (t *trouble) messages(s *Summary, files Files) []*message {
	var byText inOrder[string, message]
	for _, i := range t.places {
		r := &s.Hosts[i]
		m := message{first: r, error: r.why(), last: lastLine(files, r)}
		if strings.HasSuffix(m.error, m.last) {
			m.last = ""
		}
		if m.error+m.last == "" {
			continue
		}
		text := m.error + "\n" + m.last
		m.masked = string(s.mask(i).apply([]byte(text)))
		one := byText.at(text, m)
		one.hosts = append(one.hosts, r.Host)
		one.mixed = one.mixed || one.masked != m.masked
	}
	all := joinMasked(byText.all, func(m *message) (string, bool) { return m.masked, !m.mixed },
		func(m, other *message) { m.hosts = append(m.hosts, other.hosts...) })
	slices.SortStableFunc(all, func(a, b *message) int { return len(b.hosts) - len(a.hosts) })
	return all
}

// mostMessages is how many different messages are shown for hosts that ended for one reason.
const mostMessages = 5

func (t *trouble) write(b *bytes.Buffer, lead string, s *Summary, files Files, style Style) {
	what := t.first.how()
	fmt.Fprintf(b, "%s%s %s\n", lead, style.status(t.first.Status, what), style.fold(t.hosts, len(lead)+len(what)+1))
	messages := t.messages(s, files)
	for _, m := range messages[:min(len(messages), mostMessages)] {
		of := ""
		switch {
		case len(messages) > 1:
			of = style.fold(m.hosts, style.Width/2) + ": "
		case len(t.hosts) > 1:
			of = m.first.Host + ": "
		}
		m.write(b, of, style)
	}
	if left := len(messages) - mostMessages; left > 0 {
		fmt.Fprintf(b, "    and %s\n", Plural(left, "more message"))
	}
	t.writeRemains(b, s, style)
	if hint := hint(t.first, s.Plan, t.places[0]); hint != "" {
		fmt.Fprintf(b, "    hint: %s\n", hint)
	}
	example := t.first
	if len(messages) > 0 {
		example = messages[0].first
	}
	logged := example.Attempt > 0 && example.Reason == runner.ExitStatus || example.printed()
	if path := files.LogPath(example.Host); logged && path != "" {
		fmt.Fprintf(b, "    log: %s\n", path)
	}
}

// leaving returns the hosts on which a stopped command has left so much running, and whether commands are sent bare to all
// of them.
func (t *trouble) leaving(remains runner.Remains, s *Summary) (hosts []string, bare bool) {
	bare = true
	for _, i := range t.places {
		if s.Hosts[i].Remains == remains {
			hosts = append(hosts, s.Hosts[i].Host)
			bare = bare && s.Plan.Hosts[i].Connection.Bare()
		}
	}
	return hosts, bare
}

// writeRemains says what the stopped commands have left running.
func (t *trouble) writeRemains(b *bytes.Buffer, s *Summary, style Style) {
	if hosts, _ := t.leaving(runner.Gone, s); hosts != nil {
		fmt.Fprintf(b, "    %s on %s\n", remainsText(runner.Gone), Plural(len(hosts), "host"))
	}
	for _, remains := range []runner.Remains{runner.Alive, runner.Unknown} { // each of these needs looking after
		if hosts, bare := t.leaving(remains, s); hosts != nil {
			on, why := remainsText(remains)+" on ", ""
			if bare {
				why = ": a command sent bare is only hung up on"
			}
			fmt.Fprintf(b, "    %s%s%s\n", on, style.fold(hosts, 4+len(on)), why)
		}
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

// lastLine returns the last line that the host printed on stderr, not counting boilerplate. For a command of a push that
// failed, it is empty: the error has what that said, and handlers may have run since.
func lastLine(files Files, r *Result) string {
	if r.Stderr.Length == 0 || slices.Contains([]runner.Reason{runner.Validation, runner.HandlerFailed, runner.Unhealthy}, r.Reason) {
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
	last := lines[len(lines)-1]
	for _, line := range slices.Backward(lines) {
		if !slices.ContainsFunc(boilerplate, func(b string) bool { return bytes.HasPrefix(line, []byte(b)) }) {
			last = line
			break
		}
	}
	return OneLine(string(lastState(bytes.TrimRight(last, "\r"))))
}
