package program

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestWord: any text is the same when it was written as a word and read back.
func TestWord(t *testing.T) {
	for _, text := range []string{"", "plain/-_.", "a b", `\0101`, `\\`, "\n\x00\xff", "é", `\0`, "100%"} {
		if word := Word(text); Unword(word) != text || strings.ContainsAny(word, " \n'\"$*") {
			t.Errorf("%q as %s is %q", text, word, Unword(word))
		}
	}
	for word, want := range map[string]string{`\09`: `\09`, `a\0777`: `a\0777`, `\010`: `\010`} { // no words of ours
		if got := Unword(word); got != want {
			t.Errorf("%s is %q, want %q", word, got, want)
		}
	}
}

// TestAnswers: lines are the same however they are cut on their way, and one without an end is not held.
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
			t.Errorf("in pieces of %d: %q, %q, %v", piece, got, a.tail, a.err)
		}
	}

	a := &answerReader{each: func(string, string) error { return nil }}
	part := make([]byte, 32<<10)
	for range 2 * longestLine / len(part) {
		a.Write(part)
	}
	if a.err == nil || len(a.tail) > longestLine+len(part) {
		t.Errorf("%d bytes of a line are held, %v", len(a.tail), a.err)
	}

	lines := 0
	a = &answerReader{each: func(string, string) error { lines++; return nil }}
	for part := bytes.Repeat([]byte("\n"), 32<<10); a.err == nil && lines <= longestAnswer/costOfLine; {
		a.Write(part)
	}
	if a.err == nil {
		t.Errorf("%d lines were handed on", lines)
	}
}
