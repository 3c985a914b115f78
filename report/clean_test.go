package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPlainLength: plainLength, which looks at eight bytes at a time, finds the same as a search byte by byte.
func TestPlainLength(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := []byte(strings.Repeat("plain \n\t~", 4)[:rapid.IntRange(0, 36).Draw(r, "length")])
		for range rapid.IntRange(0, 2).Draw(r, "changes") {
			if len(b) > 0 {
				b[rapid.IntRange(0, len(b)-1).Draw(r, "at")] = rapid.Byte().Draw(r, "byte")
			}
		}
		want := bytes.IndexFunc(b, func(c rune) bool { return c > 0x7e || c < ' ' && c != '\n' && c != '\t' })
		if want < 0 {
			want = len(b)
		}
		if got := plainLength(b); got != want {
			r.Errorf("%d of %q, want %d", got, b, want)
		}
	})
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":            "plain\ttext\n",
		"\x1b[1;31mred\x1b[m":      "red",
		"\x1b[1;31mr\x1b[38:5:1mr": "rr",
		"\x1b[2Jm\x1b[!m\x1b[<m":   `\x1b[2Jm\x1b[!m\x1b[<m`,
		"\x1b[2J\x1b[31":           `\x1b[2J\x1b[31`,
		"line\r\n50%\r100%":        "line\n50%" + `\x0d` + "100%",
		"\x00\x07\x7f":             `\x00\x07\x7f`,
		"\xff\xfe":                 `\xff\xfe`,
		"\u009b31m":                `\u009b31m`,
		"a\u202eb\u2066c":          `a\u202eb\u2066c`,
		"a\U000e0001b":             `a\U000e0001b`,
		"日本 ü 👩\u200d💻 العربية": "日本 ü 👩\u200d💻 العربية",
	} {
		if got := string(Clean(nil, []byte(in))); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestJSONWriter: what a host printed is harmless in JSON, too, and still what it printed.
func TestJSONWriter(t *testing.T) {
	for in, hidden := range map[string]string{
		"plain \ttext\n 日本 ü 👩\u200d💻": "",
		"\x1b[31m\x07\x7f \u009b31m":   "\x1b\x07\x7f\u009b",
		"a\u202eb\u2066c\U000e0001d":   "\u202e\u2066\U000e0001",
	} {
		var text bytes.Buffer
		if err := json.NewEncoder(JSONWriter{&text}).Encode(in); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(text.String(), hidden) {
			t.Errorf("%q became %q", in, text.String())
		}
		var got string
		if err := json.Unmarshal(text.Bytes(), &got); err != nil || got != in {
			t.Errorf("%q became %s, which is %q, %v", in, text.String(), got, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte("\x1b]0;title\x07\u202e\xff\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := Clean(nil, in)
		for _, r := range string(out) { // removing a colour must not leave another one behind
			if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == '\ufeff' {
				t.Fatalf("%q became %q, with %q in it", in, out, r)
			}
		}
		if bytes.Count(in, []byte("\n")) != bytes.Count(out, []byte("\n")) {
			t.Fatalf("%q became %q: lines came or went", in, out)
		}
	})
}
