// Package program runs shell programs of ours on hosts, and reads what they answer.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// Run runs one of our programs on the host, and hands each line of what it says to each: kind is the first word behind
// "hail:NONCE:", and empty for a line between the marked ones. An error of each is the host's.
func Run(ctx context.Context, t *runner.Target, nonce, line string, given runner.Stdio, each func(kind, rest string) error) error {
	out := &answerReader{mark: "hail:" + nonce + ":", each: each}
	given.Out, given.Err, given.Program = out, t.Err, true
	if err := t.Exec(ctx, line, given); err != nil {
		return err
	}
	if out.err == nil && len(out.tail) > 0 {
		out.err = errors.New("the answer of the host is cut off")
	}
	if out.err != nil {
		return &runner.Failure{Status: runner.Error, Err: out.err}
	}
	return nil
}

// longestAnswer is how much a host may say; what is more is no answer of our program.
const longestAnswer = 256 << 20

// answerReader is the Writer for what a program of ours says.
type answerReader struct {
	mark string
	each func(kind, rest string) error // kind is empty for a line between the marked ones
	tail []byte
	size int64
	err  error
}

func (a *answerReader) Write(p []byte) (int, error) {
	if a.size += int64(len(p)); a.size > longestAnswer && a.err == nil {
		a.err = errors.New("the host says more than was asked")
	}
	if a.err != nil {
		return len(p), nil
	}
	a.tail = append(a.tail, p...)
	for a.err == nil {
		end := bytes.IndexByte(a.tail, '\n')
		if end < 0 {
			break
		}
		line, kind := string(a.tail[:end]), ""
		a.tail = a.tail[end+1:]
		if said, ok := strings.CutPrefix(line, a.mark); ok {
			kind, line, _ = strings.Cut(said, " ")
		}
		a.err = a.each(kind, line)
	}
	return len(p), nil
}
