package program

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"hail/runner"
	"hail/runner/connsuite"
)

// TestWord: a text is the same after it was written as a word and read back.
func TestWord(t *testing.T) {
	for _, text := range []string{"", "plain/-_.", "a b", `\0101`, `\\`, "\n\x00\xff", "é", `\0`, "100%"} {
		if word := Word(text); Unword(word) != text || strings.ContainsAny(word, " \n'\"$*") {
			t.Errorf("%q, written as %s, is read back as %q", text, word, Unword(word))
		}
	}
	for word, want := range map[string]string{`\09`: `\09`, `a\0777`: `a\0777`, `\010`: `\010`} { // Word never writes these
		if got := Unword(word); got != want {
			t.Errorf("%s is %q, want %q", word, got, want)
		}
	}
}

// TestInstead: when a host has not run our program, the error shows what it said instead.
func TestInstead(t *testing.T) {
	exit := &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1, Err: errors.New("exit 1")}
	lost := &runner.Failure{Status: runner.Lost, Err: errors.New("cut")}
	for _, tt := range []struct {
		said   string
		ended  error
		status runner.Status
		want   string
	}{
		{"\nThis account is \x1b not available.\nmore\n", exit, runner.Error, `exit 1; the host said: "This account is \x1b not available."`},
		{"forced", nil, runner.Error, `the host did not run what it was sent; the host said: "forced"`},
		{strings.Repeat("é", 500) + "\n", exit, runner.Error, `exit 1; the host said: "` + strings.Repeat("é", 100) + `…"`},
		{"Welcome\nhail:N:end\n", exit, runner.Failed, "exit 1"},
		{"Welcome\n", lost, runner.Lost, "cut"},
		{"\n", exit, runner.Failed, "exit 1"},
		{"Welcome\nhail:N:end\n", nil, runner.OK, ""},
	} {
		to := connsuite.Target(t, func(_ string, s runner.Stdio) error {
			io.WriteString(s.Out, tt.said)
			return tt.ended
		})
		err := Run(t.Context(), to, "N", "program", runner.Stdio{}, func(string, string) error { return nil })
		if status, _ := runner.StatusOf(err); status != tt.status || err != nil && err.Error() != tt.want {
			t.Errorf("%q, %v: got %s, %v, want %s, %s", tt.said, tt.ended, status, err, tt.status, tt.want)
		}
	}
}

// TestAnswers: lines are read however they are split on the way, and a line that never ends is not held.
func TestAnswers(t *testing.T) {
	const said = "noise\nhail:N:kinds fd-\n\nhail:N:end\nhail:X:end\n"
	want := []string{"|noise", "kinds|fd-", "|", "end|", "|hail:X:end"}
	for piece := 1; piece <= len(said); piece++ {
		var got []string
		a := &answerReader{mark: "hail:N:", each: func(kind, rest string) error {
			got = append(got, kind+"|"+rest)
			return nil
		}}
		for part := range slices.Chunk([]byte(said), piece) {
			if n, err := a.Write(part); n != len(part) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
		}
		if !slices.Equal(got, want) || len(a.tail) > 0 || a.err != nil {
			t.Errorf("in pieces of %d: got %q, the rest %q, %v, want %q", piece, got, a.tail, a.err, want)
		}
	}

	a := &answerReader{each: func(string, string) error { return nil }}
	part := make([]byte, 32<<10)
	for range 2 * longestLine / len(part) {
		a.Write(part)
	}
	if a.err == nil || len(a.tail) > longestLine+len(part) {
		t.Errorf("%d bytes of an endless line are held, and the error is %v", len(a.tail), a.err)
	}

	lines := 0
	a = &answerReader{each: func(string, string) error { lines++; return nil }}
	for part := bytes.Repeat([]byte("\n"), 32<<10); a.err == nil && lines <= longestAnswer/costOfLine; {
		a.Write(part)
	}
	if a.err == nil {
		t.Errorf("%d lines were accepted without an error", lines)
	}
}
