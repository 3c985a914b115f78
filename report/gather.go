package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// Files gives back what the hosts of a run printed. A Record has it live, a Run afterwards.
type Files interface {
	Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) // of its last attempt, empty if it printed nothing or is not known; the caller closes it
	LogPath(host string) string                                          // where its log is, or would be; empty where there are none
	Path() string                                                        // the folder of the record; empty where there is none
}

// Gathering says which hosts are shown together, and how. Its zero value is for those that printed the same bytes.
type Gathering struct {
	Alike bool // what differs only by a host's own name, address or vars is the same
	Diff  bool // only the largest group is shown whole, and of others what differs from it
}

// group is hosts that ended alike and printed the same, but for what their masks hide.
type group struct {
	results []*Result
	mask    mask // of the first; shown where they
	differ  bool // did not print the same, byte for byte
}

// Gather writes one block for the hosts that ended alike and printed the same: the larger first, and what did not end
// well last, so that it stays on the screen. Hosts that printed nothing show up in the summary alone.
func Gather(w io.Writer, s *Summary, files Files, by Gathering, style Style) error {
	groups, err := gather(s, files, by)
	if err != nil {
		return err
	}
	most := 0
	for i, g := range groups {
		if len(g.results) > len(groups[most].results) {
			most = i
		}
	}
	for i, g := range groups {
		if by.Diff && i != most {
			err = g.writeDiff(w, groups[most], files, style)
		} else {
			err = g.write(w, files, style)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// EachHost writes one block a host that printed something, in the order of the plan.
func EachHost(w io.Writer, s *Summary, files Files, style Style) error {
	for i := range s.Hosts {
		if r := &s.Hosts[i]; r.Stdout.Length+r.Stderr.Length > 0 {
			if err := (group{results: []*Result{r}}).write(w, files, style); err != nil {
				return err
			}
		}
	}
	return nil
}

func gather(s *Summary, files Files, by Gathering) ([]group, error) {
	groups, err := gatherSame(s, files)
	if err == nil && by.Alike {
		groups, err = joinAlike(groups, s, files)
	}
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Or(oneIf(bad(a.results[0].Status))-oneIf(bad(b.results[0].Status)), len(b.results)-len(a.results))
	})
	return groups, err
}

// gatherSame puts those together that printed the same bytes.
func gatherSame(s *Summary, files Files) (groups []group, err error) {
	type likeness struct {
		status   runner.Status
		reason   runner.Reason
		exit     int
		out, err Output
	}
	byLikeness := map[likeness][]group{}
	var order []likeness
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if r.Stdout.Length+r.Stderr.Length == 0 {
			continue
		}
		key := likeness{r.Status, r.Reason, r.Exit, r.Stdout, r.Stderr}
		if byLikeness[key] == nil {
			order = append(order, key)
		}
		if byLikeness[key], err = join(byLikeness[key], r, files); err != nil {
			return nil, err
		}
	}
	for _, key := range order {
		groups = append(groups, byLikeness[key]...)
	}
	return groups, nil
}

// bad says whether a host has ended, and not well.
func bad(s runner.Status) bool { return s != runner.OK && s != runner.Changed && s != "" }

// join puts r into the group that printed the same, byte for byte: equal checksums alone prove nothing.
func join(groups []group, r *Result, files Files) ([]group, error) {
	for i := range groups {
		same, err := samePrint(files, groups[i].results[0], r)
		if err != nil {
			return nil, err
		}
		if same {
			groups[i].results = append(groups[i].results, r)
			return groups, nil
		}
	}
	return append(groups, group{results: []*Result{r}}), nil
}

func samePrint(files Files, a, b *Result) (bool, error) {
	for _, stream := range []runner.Stream{runner.Stdout, runner.Stderr} {
		if a.output(stream).Length == 0 {
			continue
		}
		same, err := sameBytes(files, a.Host, b.Host, stream)
		if err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (r *Result) output(s runner.Stream) Output {
	if s == runner.Stderr {
		return r.Stderr
	}
	return r.Stdout
}

func sameBytes(files Files, a, b string, stream runner.Stream) (bool, error) {
	fa, err := files.Output(a, stream)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := files.Output(b, stream)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	var bufA, bufB [32 << 10]byte
	for {
		n, errA := io.ReadFull(fa, bufA[:])
		m, errB := io.ReadFull(fb, bufB[:])
		switch {
		case !bytes.Equal(bufA[:n], bufB[:m]):
			return false, nil
		case errA != nil || errB != nil:
			return ended(errA) && ended(errB), nil
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// hosts are the names of the hosts.
func (g group) hosts() []string {
	names := make([]string, len(g.results))
	for i, r := range g.results {
		names[i] = r.Host
	}
	return names
}

func (g group) title(style Style) string {
	first := g.results[0]
	title, count, ended := OneLine(inventory.Fold(g.hosts())), "", ""
	if len(g.results) > 1 {
		count = fmt.Sprintf(" (%d)", len(g.results))
	}
	if bad(first.Status) {
		ended = first.how()
	}
	if style.Brief {
		title = style.cut(title, 4+len(count)+len(ended))
	}
	title += count
	if ended != "" {
		title += " " + style.status(first.Status, ended)
	}
	return style.bold("── " + title)
}

func (g group) write(w io.Writer, files Files, style Style) error {
	if _, err := fmt.Fprintln(w, g.title(style)); err != nil {
		return err
	}
	if err := g.writeStream(w, files, runner.Stdout, ""); err != nil {
		return err
	}
	return g.writeStream(w, files, runner.Stderr, "stderr: ")
}

// writeStream writes what the hosts printed on the stream, line by line behind the prefix, cleaned.
func (g group) writeStream(w io.Writer, files Files, stream runner.Stream, prefix string) error {
	f, err := files.Output(g.results[0].Host, stream)
	if err != nil {
		return err
	}
	defer f.Close()
	var m mask
	if g.differ {
		m = g.mask
	}
	l := liner{w: w, prefix: prefix}
	var text io.Reader = f
	if left, kept, err := missing(f, g.results[0].output(stream)); err != nil {
		return err
	} else if left > 0 {
		if err := m.copy(&l, io.LimitReader(f, kept/2)); err != nil {
			return err
		}
		text = io.MultiReader(strings.NewReader(leftOut(left)), f)
	}
	if err := m.copy(&l, text); err != nil {
		return err
	}
	return l.end()
}

// leftOut stands where bytes of an output are left out.
func leftOut(n int64) string { return fmt.Sprintf("\n… %d bytes left out …\n", n) }

// missing says how many bytes of an output were left out, and how many are kept: a half from its beginning, a half from its end.
func missing(f io.Seeker, o Output) (left, kept int64, err error) {
	if kept, err = f.Seek(0, io.SeekEnd); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return max(0, o.Length-kept), kept, err
}

// writeDiff writes what differs from the output of the largest group.
func (g group) writeDiff(w io.Writer, from group, files Files, style Style) error {
	var text strings.Builder
	for _, stream := range []runner.Stream{runner.Stdout, runner.Stderr} {
		before, err := shown(files, from.results[0], stream, from.mask)
		if err != nil {
			return err
		}
		after, err := shown(files, g.results[0], stream, g.mask)
		if err != nil {
			return err
		}
		if before != after {
			text.WriteString(unified(before, after, string(stream)))
		}
	}
	if text.Len() == 0 {
		text.WriteString(" the same output\n")
	}
	_, err := fmt.Fprintf(w, "%s\n%s", g.title(style), paintDiff(text.String(), style))
	return err
}

// liner writes lines behind a prefix, cleaned, each whole. A line without an end gets one.
type liner struct {
	w      io.Writer
	prefix string
	whole  bool // lines that were written over are shown whole
	tail   []byte
	buf    []byte
}

func (l *liner) Write(p []byte) (int, error) {
	l.buf = l.buf[:0]
	rest := p
	for {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			break
		}
		l.buf = append(l.buf, l.prefix...)
		line := rest[:end]
		if len(l.tail) > 0 {
			l.tail = append(l.tail, line...)
			line = l.tail
		}
		if !l.whole {
			line = lastState(line)
		}
		l.buf = Clean(l.buf, line)
		l.tail = l.tail[:0]
		rest = rest[end:]
	}
	if l.tail = append(l.tail, rest...); len(l.tail) > longestTail {
		l.buf = append(Clean(append(l.buf, l.prefix...), l.tail), '\n')
		l.tail = l.tail[:0]
	}
	if len(l.buf) == 0 {
		return len(p), nil
	}
	_, err := l.w.Write(l.buf)
	return len(p), err
}

func (l *liner) end() error {
	if len(l.tail) == 0 {
		return nil
	}
	_, err := l.Write([]byte{'\n'})
	return err
}

// CleanCopy copies text to w, made harmless for a terminal, and nothing left out.
func CleanCopy(w io.Writer, text io.Reader) error {
	l := liner{w: w, whole: true}
	if _, err := io.Copy(&l, text); err != nil {
		return err
	}
	return l.end()
}
