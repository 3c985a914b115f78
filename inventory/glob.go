package inventory

import (
	"fmt"
	"strings"
)

func isGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// checkGlob refuses what no name could match, and ranges, which are no classes of characters here.
func checkGlob(t term) error {
	if strings.ContainsAny(t.text, "[]") {
		return at(t, fmt.Sprintf("%q: ranges and wildcards don't go together", t.text), "a regular expression can: /^web[0-9]+/")
	}
	if bad := checkWord(strings.Map(func(r rune) rune {
		if r == '*' || r == '?' {
			return 'x'
		}
		return r
	}, t.text)); bad != "" {
		return at(t, fmt.Sprintf("%q is no pattern: %s", t.text, bad), "")
	}
	return nil
}

// matchGlob says whether name matches a pattern in which * is any text and ? is any one character.
func matchGlob(pattern, name string) bool {
	back, from := -1, 0 // the last *, and where in name what follows it was tried
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			back, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case back >= 0:
			from++
			p, n = back+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
