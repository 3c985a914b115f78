// Package fetch is the action that copies files from hosts to this machine: see Fetch.
package fetch

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"hail/runner"
	"hail/runner/action/program"
)

// Fetch copies files from hosts to this machine. Whatever names a host sends, its files stay in its own folder.
type Fetch struct {
	Paths   []runner.Text `json:"paths"`   // absolute or below the home folder, with * ? and [] as in the shell
	Dir     string        `json:"dir"`     // holds a folder for each host; or, with {host} in it, is the path for the one file of each host
	Entries int           `json:"entries"` // how many files, folders and links one host may send; 0: MostEntries
	Bytes   int64         `json:"bytes"`   // how many bytes they may have together; 0: MostBytes
	Depth   int           `json:"depth"`   // how deep folders may be nested; what is deeper is refused; 0: MostDepth
}

// The default limits of Fetch.
const (
	MostEntries = 1_000_000
	MostBytes   = 16 << 30
	MostDepth   = 64
)

// hostMark stands for the name of the host in Fetch.Dir.
const hostMark = "{host}"

// New builds the fetch that spec describes.
func New(spec runner.Spec) (f Fetch, err error) {
	err = spec.Decode(&f)
	return f, err
}

// Spec describes the action as data.
func (f Fetch) Spec() runner.Spec { return runner.NewSpec(runner.ActionFetch, f) }

// Do implements runner.Action.
func (f Fetch) Do(ctx context.Context, t *runner.Target) error {
	f.Entries, f.Bytes, f.Depth = cmp.Or(f.Entries, MostEntries), cmp.Or(f.Bytes, MostBytes), cmp.Or(f.Depth, MostDepth)
	in, err := f.open(t.Host)
	if err != nil {
		return err
	}
	defer in.root.Close()
	mark := program.NewMark()
	reader, writer := io.Pipe()
	received := make(chan error, 1)
	go func() {
		err := in.receive(reader)
		reader.CloseWithError(err)
		received <- err
	}()
	out := &program.Marked{W: writer, Mark: mark}
	err = t.Exec(ctx, f.line(mark), runner.Stdio{Out: out, Err: t.Err, Program: true})
	writer.CloseWithError(io.ErrUnexpectedEOF)
	e := <-received
	failure, ok := errors.AsType[*runner.Failure](err)
	exited := err == nil || ok && failure.Reason == runner.ExitStatus
	switch {
	case !out.Begun && (exited || errors.Is(err, program.ErrTooMuch)):
		return &runner.Failure{Status: runner.Error, Err: program.Instead(err, string(out.Before))}
	case e != nil && (err == nil || !errors.Is(e, io.ErrUnexpectedEOF)):
		return e
	case !exited:
		return err
	}
	isCut := e != nil
	e = in.verify(ctx, t)
	in.tell(t)
	switch {
	case isCut:
		return &runner.Failure{Status: runner.Failed, Reason: runner.NotFetched, Err: errors.New("the host's tar did not get to its end, so the rest is missing: see its stderr")}
	case e != nil:
		return e
	case err != nil:
		return &runner.Failure{Status: runner.Failed, Reason: runner.NotFetched, Err: errors.New("not everything could be read: see its stderr")}
	case in.refused > 0:
		return &runner.Failure{Status: runner.Failed, Reason: runner.NotFetched, Err: fmt.Errorf("%d refused, the rest is here; the first: %s", in.refused, in.why[0])}
	}
	return nil
}

// line returns the command line that prints the mark and then the files, as a tar stream.
func (f Fetch) line(mark string) string {
	begin, patterns := "cd /", ""
	for _, p := range f.Paths {
		home, rest := "", strings.TrimLeft(string(p), "/")
		if rest == string(p) {
			begin, home = `cd / && : "${HOME:?}"`, `"${HOME#/}"/`
			if rest = strings.TrimPrefix(rest, "~/"); p == "~" {
				rest = ""
			}
		}
		patterns += " ./" + home + glob(rest)
	}
	// A pattern that matches nothing stays as it is, and tar reports it as missing. GNU tar would take \n in a name for a
	// line break; other tars don't, and ignore the variable.
	begin += " && export LC_ALL=C TAR_OPTIONS=--no-unquote && x="
	if !f.wantsHidden() {
		begin += `"--exclude=` + hiddenFolder + ` --exclude=` + hiddenFolder + `.old" && { tar -c -f - $x ./dev/null >/dev/null 2>&1 || x=; }` // busybox may lack it
	}
	return "sh -c " + runner.Quote("echo "+mark+"; "+begin+" && set --"+patterns+" && set -f && "+sendFiles)
}

// sendFiles prints an archive of its arguments, without what the options in $x leave out. The tar of BSD and macOS ends a
// folder at the first file that it can't read: it gets each name by itself. It fails for a name that is not there, in
// place of find.
const sendFiles = `case $(tar --version 2>&1) in ` +
	`bsdtar*) { find "$@" -print0 || printf "%s\0" "what find could not read"; } | tar -c -f - $x --null -n -T - ;; ` +
	`*) tar -c -f - $x -- "$@" ;; esac`

// wantsHidden reports whether the hidden folders of pushes are what somebody is after.
func (f Fetch) wantsHidden() bool {
	return slices.ContainsFunc(f.Paths, func(p runner.Text) bool { return strings.Contains(string(p), ".hail") })
}

// hiddenFolder is a pattern for the names of the folders that a push at work has beside what it changes, and inHidden
// matches the paths of those and of what is in them.
var (
	hiddenFolder = ".hail-" + strings.Repeat("[A-Z2-7]", len(rand.Text()))
	inHidden     = regexp.MustCompile(`(^|/)\` + hiddenFolder + `(\.old)?(/|$)`)
)

// glob quotes a pattern for the shell: everything but its wildcards, also within brackets.
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
				return `"'"` // not \': to ksh, a backslash in brackets is one more character of the set
			}
			return "'" + one + "'"
		}) + "]"
	})
}

// Within brackets, ] may come first, and a class such as [:alpha:] is one part.
var (
	special  = regexp.MustCompile(`\[:[a-z]+:\]|[^-!^0-9A-Za-z]`)
	bracket  = regexp.MustCompile(`^\[([!^]?)((?:\]|\[:[a-z]+:\]|[^]/])(?:\[:[a-z]+:\]|[^]/])*)\]`)
	globPart = regexp.MustCompile(bracket.String()[1:] + `|[*?]|[^*?[]+|\[`)
)
