// Package program runs hail's own shell programs on hosts, and reads their answers.
package program

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"hail/runner"
)

// Word encodes a text for printf %b, without any character that means something to a shell or ends a line.
func Word(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("/._-+:,@%=", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\0%03o`, c)
		}
	}
	return b.String()
}

// Unword decodes what Word has encoded.
func Unword(word string) string {
	var b strings.Builder
	for word != "" {
		if rest, ok := strings.CutPrefix(word, `\0`); ok && len(rest) >= 3 {
			if c, err := strconv.ParseUint(rest[:3], 8, 8); err == nil {
				b.WriteByte(byte(c))
				word = rest[3:]
				continue
			}
		}
		b.WriteByte(word[0])
		word = word[1:]
	}
	return b.String()
}

// Sums is a script that sets $sums to a program that prints the SHA-256 of files, or of its input, first on each line, and
// defines digests, which filters the digests out of what that prints.
//
//go:embed sh/sums.sh
var Sums string

// Limit is a script that defines find_limit, which finds what limits the time of a command.
//
//go:embed sh/limit.sh
var Limit string

// Line returns a function that returns a command line, without the arguments, that runs a program made of these scripts.
// The line is made at its first call: most runs need none of the programs.
func Line(scripts ...string) func() string {
	return sync.OnceValue(func() string {
		return "sh -c " + runner.Quote(runner.BareScript(strings.Join(scripts, ""))) + " hail"
	})
}

// Run runs one of hail's programs on the host and calls each for every line that it prints, one call at a time, from a
// goroutine of the Conn; no call comes after Run has returned. kind is the first word after "hail:NONCE:", and empty
// for a line without that mark. An error of each counts as the host's: each is not called again, but the program runs
// to its end. Out and Err of given are not used. A host that prints nothing but unmarked lines has not run the program;
// the error, with status Error, quotes the first of them.
func Run(ctx context.Context, t *runner.Target, nonce, line string, given runner.Stdio, each func(kind, rest string) error) error {
	out := &answerReader{mark: "hail:" + nonce + ":", each: each}
	given.Out, given.Err, given.Program = out, t.Err, true
	err := t.Exec(ctx, line, given)
	switch said := append(out.before, out.tail...); {
	case Ended(err) && !out.marked && len(bytes.TrimSpace(said)) > 0:
		out.err = Instead(err, string(said))
	case err != nil:
		return err
	case out.err == nil && len(out.tail) > 0:
		out.err = ErrCutOff
	}
	if out.err != nil {
		return &runner.Failure{Status: runner.Error, Err: out.err}
	}
	return nil
}

// ErrCutOff is that a command ended, and not all of its answer came.
var ErrCutOff = errors.New("the host's answer is cut off")

// Ended reports whether a command whose Exec has returned err was not cut off, so that its output tells more than err.
func Ended(err error) bool {
	f, ok := errors.AsType[*runner.Failure](err)
	return err == nil || ok && (f.Status == runner.Error || f.Reason == runner.ExitStatus)
}

// Instead returns the error of a command that printed said in place of an answer, with the first line of that,
// shortened. err is what Exec has returned, nil for an exit status of 0. If said is blank, the error says no more than
// that the command did not run, or is err itself.
func Instead(err error, said string) error {
	const most = 200
	if err == nil {
		err = errors.New("the host did not run what it was sent")
	}
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if line == "" {
		return err
	}
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return fmt.Errorf("%w; the host said: %q", err, strings.TrimSpace(line))
}

// How many bytes a host may print, in total and on one line; no program of hail's answers with more. A line counts as
// costOfLine bytes at least, because keeping it costs as much.
const (
	longestAnswer = 256 << 20
	longestLine   = 8 << 20
	costOfLine    = 64
	mostBefore    = 1 << 10 // kept of what comes before the first marked line
)

// answerReader is the io.Writer for what a program of hail's prints.
type answerReader struct {
	mark string
	each func(kind, rest string) error // kind is empty for a line without the mark
	tail []byte                        // the beginning of a line that has not ended
	size int64
	err  error

	marked bool   // a marked line has come
	before []byte // the beginning of what came before it
}

func (a *answerReader) Write(p []byte) (int, error) {
	n := len(p)
	for a.err == nil {
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		a.tail = append(a.tail, line...)
		if a.size += int64(len(line)); ended {
			a.size += max(1, costOfLine-int64(len(a.tail)))
		}
		if a.size > longestAnswer || len(a.tail) > longestLine {
			a.err = ErrTooMuch
		}
		if !ended || a.err != nil {
			break
		}
		text, kind := string(a.tail), ""
		a.tail, p = a.tail[:0], rest
		if said, ok := strings.CutPrefix(text, a.mark); ok {
			kind, text, _ = strings.Cut(said, " ")
			a.marked = true
		} else if !a.marked && len(a.before) < mostBefore {
			a.before = append(a.before, text[:min(len(text), mostBefore)]+"\n"...)
		}
		a.err = a.each(kind, text)
	}
	return n, nil
}
