package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"hail/runner"
)

// group is hosts that ended alike and printed the same, except for what their masks hide.
type group struct {
	results []*Result
	mask    mask // of the first host
	differ  bool // they did not print the same byte for byte, so the output is shown masked
}

// hosts returns the names of the hosts.
func (g *group) hosts() []string {
	names := make([]string, len(g.results))
	for i, r := range g.results {
		names[i] = r.Host
	}
	return names
}

func (g *group) title(style Style) string {
	first := g.results[0]
	ended := ""
	if first.Status.Bad() {
		ended = first.how()
	}
	title := style.fold(g.hosts(), 4+len(ended))
	if ended != "" {
		title += " " + style.status(first.Status, ended)
	}
	return style.bold("── " + title)
}

// write writes a block for the group.
func (g *group) write(w io.Writer, files Files, style Style) error {
	if _, err := fmt.Fprintln(w, g.title(style)); err != nil {
		return err
	}
	if err := g.writeStream(w, files, runner.Stdout, "", style); err != nil {
		return err
	}
	return g.writeStream(w, files, runner.Stderr, "stderr: ", style)
}

// longestShown is how many bytes of an output are shown on a terminal, where more would push away everything else.
const longestShown = 256 << 10

// writeStream writes what the hosts printed on the stream, cleaned, with the prefix before each line.
func (g *group) writeStream(w io.Writer, files Files, stream runner.Stream, prefix string, style Style) error {
	f, has, err := openKept(files, g.results[0], stream)
	if err != nil {
		return err
	}
	defer f.Close()
	var m mask
	if g.differ {
		m = g.mask
	}
	l := liner{w: w, prefix: prefix}
	text := ""
	if has.left > 0 {
		text = gap(has.left)
	}
	if log := files.LogPath(g.results[0].Host); style.Width > 0 && log != "" && has.first+has.last > longestShown {
		all := has
		has = all.ends(longestShown / 2)
		text += fmt.Sprintf("\n… %s not shown: %s …\n", Plural(has.left-all.left, "byte"), filepath.Join(filepath.Dir(log), string(stream)))
	}
	if has.left > 0 {
		if err := m.copy(&l, io.LimitReader(f, has.first)); err != nil {
			return err
		}
		if _, err := io.WriteString(&l, text); err != nil {
			return err
		}
		if _, err := f.Seek(-has.last, io.SeekEnd); err != nil {
			return err
		}
	}
	if err := sayDamaged(&l, m.copy(&l, f)); err != nil {
		return err
	}
	return l.end()
}

// writeDiff writes how the output of the group differs from that of the largest group, or writes it whole if they have
// no line in common: of 40 groups, 39 would repeat the largest as removed.
func (g *group) writeDiff(w io.Writer, from *group, files Files, style Style) error {
	var text strings.Builder
	common := false
	for _, stream := range streams {
		before, err := shown(files, from.results[0], stream, from.mask)
		if err != nil {
			return err
		}
		after, err := shown(files, g.results[0], stream, g.mask)
		if err != nil {
			return err
		}
		if before == after {
			common = common || before != ""
			continue
		}
		diff := unified(before, after, string(stream))
		common = common || strings.Contains(diff, "\n ") || g.results[0].output(stream).Length > longestDiff
		text.WriteString(diff)
	}
	switch {
	case text.Len() == 0:
		text.WriteString(" the same output\n")
	case !common:
		return g.write(w, files, style)
	}
	_, err := fmt.Fprintf(w, "%s\n%s", g.title(style), paintDiff(text.String(), style))
	return err
}
