// Package program runs shell programs of ours on hosts, and reads what they answer.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hail/runner"
)

// Word writes a text as printf %b reads it, without a character that a shell or a line takes for something.
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

// Unword is the text that Word has written.
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

// Run runs one of our programs on the host, and hands each line of what it says to each, one after the other, from a goroutine of the
// Conn, and none after it has returned: kind is the first word behind "hail:NONCE:", and empty for a line between the marked ones. An
// error of each is the host's, and ends what is handed to it, but not the program. Out and Err of given are not used. A host that has
// answered with nothing but other words has not run it, which is an Error with the first of them.
func Run(ctx context.Context, t *runner.Target, nonce, line string, given runner.Stdio, each func(kind, rest string) error) error {
	out := &answerReader{mark: "hail:" + nonce + ":", each: each}
	given.Out, given.Err, given.Program = out, t.Err, true
	err := t.Exec(ctx, line, given)
	var f *runner.Failure
	ended := err == nil || errors.As(err, &f) && (f.Status == runner.Error || f.Reason == runner.ExitStatus)
	switch said := append(out.before, out.tail...); {
	case ended && !out.marked && len(bytes.TrimSpace(said)) > 0:
		if err == nil {
			err = errors.New("the host did not run what it was sent")
		}
		out.err = Instead(err, string(said))
	case err != nil:
		return err
	case out.err == nil && len(out.tail) > 0:
		out.err = errors.New("the answer of the host is cut off")
	}
	if out.err != nil {
		return &runner.Failure{Status: runner.Error, Err: out.err}
	}
	return nil
}

// Instead adds to err, and wraps it, the first line of what a host said in the place of our answer, as far as it is short. When it
// said nothing, that is err itself.
func Instead(err error, said string) error {
	const most = 200
	line, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if line == "" {
		return err
	}
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return fmt.Errorf("%w; the host said: %q", err, strings.TrimSpace(line))
}

// How many bytes a host may say, all together and in a line; what is more is no answer of our program. A line counts as so many at
// least, because that is what it costs to keep it.
const (
	longestAnswer = 256 << 20
	longestLine   = 8 << 20
	costOfLine    = 64
	mostBefore    = 1 << 10 // of what is kept that is none
)

// answerReader is the Writer for what a program of ours says.
type answerReader struct {
	mark string
	each func(kind, rest string) error // kind is empty for a line between the marked ones
	tail []byte                        // of a line that has not ended
	size int64
	err  error

	marked bool   // a marked line has come
	before []byte // the beginning of what has come before it
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
			a.err = errors.New("the host says more than was asked")
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
