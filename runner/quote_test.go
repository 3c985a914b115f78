package runner_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hail/runner"
)

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"":           "''",
		"uptime":     "uptime",
		"/etc/hosts": "/etc/hosts",
		"azAZ09":     "azAZ09",
		"-_./:,+@":   "-_./:,+@",
		"a b":        "'a b'",
		"$HOME":      "'$HOME'",
		"it's":       `'it'\''s'`,
		`a\b`:        `'a'\\'b'`,
		"hi!":        `'hi'\!`,
		"~":          "'~'",
		"%self":      "'%self'",
		"ü":          "'ü'",
	} {
		if got := runner.Quote(word); got != want {
			t.Errorf("Quote(%q) = %s, want %s", word, got, want)
		}
	}
	if got := runner.QuoteWords([]string{"grep", "-c", "a b", "file"}); got != "grep -c 'a b' file" {
		t.Errorf("Words: %s", got)
	}
}

func TestIsVariable(t *testing.T) {
	for name, want := range map[string]bool{
		"A": true, "z": true, "_": true, "aZ_09": true, "": false, "0a": false, "a-b": false, "a b": false, "a=b": false, "a;b": false, "ä": false,
		"@": false, "[": false, "`": false, "{": false, "a/": false, "a:": false,
	} {
		if got := runner.IsVariable(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// TestQuoteInShells: real shells read quoted words back unchanged.
func TestQuoteInShells(t *testing.T) {
	for _, shell := range []struct {
		argv    []string
		newline bool // whether words may contain newlines
	}{
		{[]string{"sh", "-c"}, true}, {[]string{"bash", "-c"}, true}, {[]string{"busybox", "sh", "-c"}, true},
		{[]string{"mksh", "-c"}, true}, {[]string{"zsh", "-c"}, true}, {[]string{"fish", "-c"}, true}, {[]string{"tcsh", "-c"}, false},
	} {
		t.Run(shell.argv[0], func(t *testing.T) {
			if _, err := exec.LookPath(shell.argv[0]); err != nil {
				t.Fatalf("%v: make tools installs the shells that the tests need", err)
			}
			rapid.Check(t, func(t *rapid.T) {
				words := append(rapid.SliceOfN(word(shell.newline), 20, 20).Draw(t, "words"), "%self") // which is a number to fish
				argv := append(shell.argv[:len(shell.argv):len(shell.argv)], runner.QuoteWords(append([]string{"/usr/bin/printf", `%s\0`}, words...)))
				out, err := exec.Command(argv[0], argv[1:]...).Output()
				if err != nil {
					t.Fatalf("%v: %s", err, argv)
				}
				if want := strings.Join(words, "\x00") + "\x00"; !bytes.Equal(out, []byte(want)) {
					t.Fatalf("%q came back as %q", want, out)
				}
			})
		})
	}
}

// word draws texts of characters that are special in shells.
func word(newline bool) *rapid.Generator[string] {
	letters := []rune(`ab01 '"\!$&|;<>()[]{}*?~#%^=@+,.:/-_` + "`\t\x01\x7füß€")
	if newline {
		letters = append(letters, '\n', '\r')
	}
	return rapid.StringOfN(rapid.SampledFrom(letters), 0, 12, -1)
}

func TestBareScript(t *testing.T) {
	const script = "# Says hello.\n#\n\n\tif true; then # always\n\t\techo \"${x##*/} $# #\"\n\tfi\nx='\n'\n"
	const want = "if true; then\necho \"${x##*/} $# #\"\nfi\nx='\n'\n"
	if got := runner.BareScript(script); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
