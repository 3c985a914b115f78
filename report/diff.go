package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"hail/runner"
)

// Diff writes which hosts ended or printed differently in the second run than in the first: hosts that differ in the same
// way together, the largest group first. by.Alike counts as the same way also what differs only by a host's own name,
// address or vars. Of the reports, only the Summary and the Files are needed.
func Diff(w io.Writer, before, after *Report, by Gathering, style Style) error {
	var same, onlyBefore, onlyAfter []string
	var changes inOrder[string, change]
	for i := range before.Hosts {
		a := &before.Hosts[i]
		b := after.Result(a.Host)
		if b == nil {
			onlyBefore = append(onlyBefore, a.Host)
			continue
		}
		text, err := changeOf(a, b, before.Files, after.Files)
		switch {
		case err != nil:
			return err
		case text == "":
			same = append(same, a.Host)
		default:
			masked := text
			if by.Alike {
				masked = string(before.mask(i).apply([]byte(text)))
			}
			c := changes.at(text, change{text: text, masked: masked})
			c.hosts, c.mixed = append(c.hosts, a.Host), c.mixed || c.masked != masked
		}
	}
	for i := range after.Hosts {
		if before.Result(after.Hosts[i].Host) == nil {
			onlyAfter = append(onlyAfter, after.Hosts[i].Host)
		}
	}
	all := joinMasked(changes.all, func(c *change) (string, bool) { return c.masked, !c.mixed },
		func(c, other *change) { c.hosts, c.text = append(c.hosts, other.hosts...), c.masked })
	slices.SortStableFunc(all, func(x, y *change) int { return cmp.Compare(len(y.hosts), len(x.hosts)) })
	var text bytes.Buffer
	for _, c := range all {
		fmt.Fprintf(&text, "%s\n", style.bold("── "+folded(c.hosts)))
		text.WriteString(paintDiff(c.text, style))
	}
	for _, l := range []struct {
		what  string
		hosts []string
	}{{"the same", same}, {"only in " + before.Run, onlyBefore}, {"only in " + after.Run, onlyAfter}} {
		if l.hosts != nil {
			fmt.Fprintf(&text, "%s: %s\n", l.what, style.fold(l.hosts, len(l.what)+2))
		}
	}
	_, err := w.Write(text.Bytes())
	return err
}

// change is the hosts that differ in the same way.
type change struct {
	hosts  []string
	text   string
	masked string // the text through the mask of a host
	mixed  bool   // through the masks of other hosts, it looks different
}

// changeOf says how a host differs between two runs; "" if it does not.
func changeOf(a, b *Result, filesA, filesB Files) (string, error) {
	var text strings.Builder
	if x, y := a.how(), b.how(); x != y {
		fmt.Fprintf(&text, "-%s\n+%s\n", x, y)
	}
	for _, stream := range streams {
		if *a.output(stream) == *b.output(stream) {
			continue
		}
		before, err := shown(filesA, a, stream, nil)
		if err != nil {
			return "", err
		}
		after, err := shown(filesB, b, stream, nil)
		if err != nil {
			return "", err
		}
		if before != after { // colours, or earlier states of a line, may be all that differs
			text.WriteString(unified(before, after, string(stream)))
		}
	}
	return text.String(), nil
}

// longestDiff is the longest output whose lines are compared; of a longer one only the size is shown.
const longestDiff = 1 << 20

// shown returns what the host printed on the stream, masked and harmless for a terminal. For what was left out of it,
// there is a line that is the same only if all was.
func shown(files Files, r *Result, stream runner.Stream, m mask) (string, error) {
	all := r.output(stream)
	if all.Length > longestDiff {
		return fmt.Sprintf("%d bytes, too many to compare line by line (CRC32C %08x)\n", all.Length, all.Checksum), nil
	}
	f, has, err := openKept(files, r, stream)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var text bytes.Buffer
	l := liner{w: &text}
	err = errors.Join(sayDamaged(&l, m.copy(&l, f)), l.end())
	if has.left > 0 {
		fmt.Fprintf(&text, "%d of %d bytes left out (CRC32C of all %08x)\n", has.left, all.Length, all.Checksum)
	}
	return text.String(), err
}

// unified returns the difference of two texts, with as much context as diff -u has.
func unified(before, after, name string) string {
	text := udiff.Unified(name, name, before, after)
	_, text, _ = strings.Cut(text, "\n") // the names, which are the same
	_, text, _ = strings.Cut(text, "\n")
	if name == string(runner.Stdout) {
		return text
	}
	return name + ":\n" + text
}

func paintDiff(text string, style Style) string {
	if !style.Color {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+"):
			line = style.paint("32", line)
		case strings.HasPrefix(line, "-"):
			line = style.paint("31", line)
		case strings.HasPrefix(line, "@@"):
			line = style.paint("36", line)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
