package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// How the values of options are read, and what is said of those that are wrong.

// duration reads an option that is a time; 0 when it is not given. An empty one, as from an unset shell variable, must not
// mean no limit.
func duration(c *cli.Context, name string) (d inventory.Duration, err error) {
	text, hint := c.String(name), "write it with its unit: 10s, 500ms, 5m, 2h, 30d"
	switch {
	case text == "" && !c.IsSet(name):
		return 0, nil
	case text == "":
		return 0, wrongValue(name, hint, "a time is missing")
	case d.UnmarshalText([]byte(text)) != nil:
		return 0, wrongValue(name, hint, "%q is not a time", text)
	}
	return d, nil
}

// noEmptyPath refuses an empty path, as from an unset shell variable: it must not mean another folder or another file.
func noEmptyPath(c *cli.Context) error {
	paths := []string{"chdir", "control", "env-file", "identity", "known-hosts", "runs-dir", "ssh-config", "stdin", "stdin-dir", "to", "waivers"}
	for _, name := range c.LocalFlagNames() { // only those that are set
		if slices.Contains(paths, name) && slices.Contains(valuesOf(c, name), "") {
			return wrongValue(name, "", "a path is missing")
		}
	}
	return nil
}

// size reads an option that is a number of bytes; 0 when it is not given.
func size(c *cli.Context, name string) (int64, error) {
	text, hint := c.String(name), "write it with its unit: 512K, 64M, 2GiB, or 20MB for 20 000 000"
	n, ok := inventory.ParseSize(text)
	switch {
	case ok || !c.IsSet(name):
		return n, nil
	case text == "":
		return 0, wrongValue(name, hint, "a size is missing")
	}
	return 0, wrongValue(name, hint, "%q is not a size", text)
}

// bandwidth reads --bwlimit, a number of bytes per second; 0 is no limit.
func bandwidth(c *cli.Context) (int64, error) {
	text := c.String("bwlimit")
	n, ok := inventory.ParseSize(strings.TrimSuffix(text, "/s"))
	if c.IsSet("bwlimit") && text != "0" && !ok {
		return 0, wrongValue("bwlimit", "write it with its unit: 512K, 20M, 20MiB/s, or 20MB for 20 000 000; 0 is no limit", "%q is not a number of bytes a second", text)
	}
	return n, nil
}

// wordsIn returns the words in the values of an option, which commas or blanks separate; nil if there are none.
func wordsIn(values ...string) (all []string) {
	for _, v := range values {
		all = append(all, strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	return all
}

// namesIn returns the names in the value of an option, which commas separate, as a name may have blanks; nil if there are
// none.
func namesIn(value string) (all []string) {
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.TrimSpace(name); name != "" {
			all = append(all, name)
		}
	}
	return all
}

// choices lists the accepted words of each option that takes one of a few.
var choices = map[string][]string{
	"color":     {"auto", "always", "never"},
	"progress":  {"auto", "always", "never"},
	"host-keys": {"strict", "accept-new", "off"},
	"on-budget": {"finish", "cancel"},
	"severity":  {string(runner.Minor), string(runner.Major), string(runner.Critical)},
}

// oneOf reads an option that takes one of its choices. An empty value is accepted.
func oneOf(c *cli.Context, name string) (string, error) {
	v := c.String(name)
	if v == "" || slices.Contains(choices[name], v) {
		return v, nil
	}
	return "", notKnown(name, v, choices[name])
}

// notKnown returns the error for an option that takes one of words, but not word.
func notKnown(option, word string, words []string) error {
	return wrongValue(option, wordHint(word, words), "%q is not known", word)
}

// unknownWord returns the error for a word that is not one of known.
func unknownWord(what, word string, known []string) *inventory.Error {
	return &inventory.Error{Text: fmt.Sprintf("%q is not %s", word, what), Hint: wordHint(word, known)}
}

// wordHint returns the hint for a word that is not one of words: which of them may be meant, or all of them.
func wordHint(word string, words []string) string {
	return cmp.Or(inventory.DidYouMean(word, words), "use "+joinWords(words))
}

func joinWords(words []string) (s string) {
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			s += " or "
		default:
			s += ", "
		}
		s += w
	}
	return s
}

// notNegative checks that options are not below 0.
func notNegative(c *cli.Context, names ...string) error {
	for _, name := range names {
		if n := c.Int(name); n < 0 {
			return wrongValue(name, "", "%d is below 0", n)
		}
	}
	return nil
}

// positive checks that options, if given, are above 0.
func positive(c *cli.Context, names ...string) error {
	for _, name := range names {
		if c.IsSet(name) && c.Int(name) < 1 {
			return wrongValue(name, "", "%d is not a number above 0", c.Int(name))
		}
	}
	return nil
}

// endings are ways in which hosts end: statuses and reasons, which have no word in common.
type endings []string

// endingsOf returns the endings that words name.
func endingsOf(words []string) (all endings, wrong *inventory.Error) {
	for _, word := range words {
		word = strings.TrimSpace(word)
		if !slices.Contains(endingWords(), word) {
			return nil, unknownWord("a status or a reason", word, endingWords())
		}
		all = append(all, word)
	}
	return all, nil
}

// has reports whether a host ended in one of these ways.
func (e endings) has(r *report.Result) bool {
	return slices.Contains(e, string(r.Status)) || slices.Contains(e, string(r.Reason))
}

func endingWords() (words []string) {
	for _, s := range runner.Statuses {
		words = append(words, string(s))
	}
	for _, r := range runner.Reasons {
		words = append(words, string(r))
	}
	return words
}
