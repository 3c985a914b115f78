package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"hail/runner"
	"hail/runner/action/program"
)

// Fetch brings files of hosts here. What a host sends stays in the folder of the host, whatever it is called.
type Fetch struct {
	Paths   []runner.Text `json:"paths"`   // absolute or below the home folder, with * ? and [] as in the shell
	Dir     string        `json:"dir"`     // with {host} in it a single file is put there under that name; otherwise it holds a folder for each host
	Entries int           `json:"entries"` // files and folders that one host may send,
	Bytes   int64         `json:"bytes"`   // how many bytes together,
	Depth   int           `json:"depth"`   // and how many folders below one another
}

// Limits of what one host may send, unless said otherwise.
const (
	MostEntries = 1_000_000
	MostBytes   = 16 << 30
	MostDepth   = 64
)

// hostMark stands for the name of the host in Fetch.Dir.
const hostMark = "{host}"

// Spec describes the action as data.
func (f Fetch) Spec() runner.Spec { return runner.NewSpec(KindFetch, f) }

// Do implements runner.Action.
func (f Fetch) Do(ctx context.Context, t *runner.Target) error {
	in, err := f.open(t.Host)
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	defer in.root.Close()
	var patterns strings.Builder
	begin := "cd /"
	for _, p := range f.Paths {
		home, rest := "", strings.TrimLeft(string(p), "/")
		if rest == string(p) {
			begin, home = `cd / && : "${HOME:?}"`, `"${HOME#/}"/`
			if rest = strings.TrimPrefix(rest, "~/"); p == "~" {
				rest = ""
			}
		}
		patterns.WriteString(" ./" + home + glob(rest))
	}
	// What a pattern does not find stays as it is, and tar says that it is not there.
	mark := newMark()
	line := "sh -c " + runner.Quote("echo "+mark+"; "+begin+" && LC_ALL=C tar -c -f - --"+patterns.String())
	reader, writer := io.Pipe()
	received := make(chan error, 1)
	go func() {
		err := in.receive(reader)
		reader.CloseWithError(err)
		received <- err
	}()
	out := &marked{w: writer, mark: mark}
	err = t.Exec(ctx, line, runner.Stdio{Out: out, Err: t.Err})
	writer.CloseWithError(io.ErrUnexpectedEOF)
	e := <-received
	var failure *runner.Failure
	exited := err == nil || errors.As(err, &failure) && failure.Reason == runner.ExitStatus
	switch {
	case !out.begun && (exited || errors.Is(err, errTooMuch)):
		if err == nil {
			err = errors.New("the host did not run what it was sent")
		}
		return &runner.Failure{Status: runner.Error, Err: program.Instead(err, string(out.before))}
	case e != nil && (err == nil || !errors.Is(e, io.ErrUnexpectedEOF)):
		return &runner.Failure{Status: runner.Error, Err: e}
	case !exited:
		return err
	}
	if e := in.verify(ctx, t); e != nil {
		return e
	}
	in.tell(t)
	switch {
	case in.refused > 0:
		return &runner.Failure{Status: runner.Failed, Reason: runner.NotFetched, Err: fmt.Errorf("%d refused, the first: %s", in.refused, in.why[0])}
	case err != nil:
		return &runner.Failure{Status: runner.Failed, Reason: runner.NotFetched, Err: errors.New("not everything could be read: see its errors")}
	}
	return nil
}

// glob is a pattern for the shell: all but its wildcards is quoted, and so is what stands in brackets.
func glob(pattern string) string {
	return globPart.ReplaceAllStringFunc(pattern, func(part string) string {
		if part == "*" || part == "?" {
			return part
		}
		m := bracket.FindStringSubmatch(part)
		if m == nil {
			return runner.Quote(part)
		}
		return "[" + strings.ReplaceAll(m[1], "^", "!") + special.ReplaceAllStringFunc(m[2], func(one string) string {
			switch {
			case strings.HasPrefix(one, "[:"):
				return one
			case one == "'":
				return `"'"` // a backslash in brackets is one more for ksh
			}
			return "'" + one + "'"
		}) + "]"
	})
}

// In brackets, ] may come first, and [:alpha:] is one of their parts.
var (
	special  = regexp.MustCompile(`\[:[a-z]+:\]|[^-!^0-9A-Za-z]`)
	bracket  = regexp.MustCompile(`^\[([!^]?)((?:\]|\[:[a-z]+:\]|[^]/])(?:\[:[a-z]+:\]|[^]/])*)\]`)
	globPart = regexp.MustCompile(bracket.String()[1:] + `|[*?]|[^*?[]+|\[`)
)
