package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/program"
)

// differ writes each step into the diff of c and, for a file, its difference as diff -u does; where that is
// secret, too long or not text, it says so.
func (p Push) differ(ctx context.Context, t *runner.Target, c *comparison) error {
	olds, err := p.oldContents(ctx, t, c)
	if err != nil {
		return err
	}
	for _, s := range c.steps {
		fmt.Fprintln(&c.diff, s.told())
		switch {
		case s.item.Kind != File || s.what == meta:
			continue
		case s.item.Secret:
			fmt.Fprintln(&c.diff, inventory.Redacted)
			continue
		case !s.shown():
			fmt.Fprintf(&c.diff, "(more than %d KiB)\n", longestShown>>10)
			continue
		}
		content, _, err := p.contents.blob(s.item.Digest)
		if err != nil {
			return err
		}
		now, err := io.ReadAll(content)
		content.Close()
		if err != nil {
			return err
		}
		c.diff.WriteString(textDiff(olds[s], string(now)))
		delete(olds, s)
	}
	return nil
}

// longestShown is the longest content whose lines are compared.
const longestShown = 256 << 10

// shown reports whether the lines of the file are compared, old and new.
func (s *step) shown() bool {
	return !s.item.Secret && max(s.item.Size, s.have.size) <= longestShown
}

// oldContents gets the old contents of the files that change, in one command.
func (p Push) oldContents(ctx context.Context, t *runner.Target, c *comparison) (map[*step]string, error) {
	var wanted []*step
	var in strings.Builder
	total := int64(0)
	for _, s := range c.steps {
		if s.what == content && s.shown() {
			wanted = append(wanted, s)
			in.WriteString(string(s.item.Path) + "\x00")
			total += s.have.size
		}
	}
	olds := map[*step]string{}
	if wanted == nil {
		return olds, nil
	}
	out, mark := program.Bounded{Most: total}, program.NewMark()
	err := t.Exec(ctx, "sh -c 'echo "+mark+"; xargs -r -0 cat --'", runner.Stdio{In: strings.NewReader(in.String()), Size: int64(in.Len()), Out: &program.Marked{W: &out, Mark: mark}, Err: t.Err})
	switch {
	case errors.Is(err, program.ErrTooMuch), err == nil && int64(out.Text.Len()) != total:
		return nil, errors.New("a file changed on the host meanwhile")
	case err != nil:
		return nil, err
	}
	for _, s := range wanted {
		olds[s] = string(out.Text.Next(int(s.have.size)))
	}
	return olds, nil
}

// textDiff returns the difference of two texts as diff -u shows it, or a note that they are not text. As git does, it
// shows CR at the end of a line: otherwise the lines of Windows would look the same.
func textDiff(before, after string) string {
	for _, text := range []string{before, after} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return "(not text)\n"
		}
	}
	_, diff, _ := strings.Cut(udiff.Unified("old", "new", before, after), "\n")
	_, diff, _ = strings.Cut(diff, "\n")
	return strings.ReplaceAll(diff, "\r\n", "^M\n")
}
