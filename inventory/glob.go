package inventory

import (
	"fmt"
	"strings"
)

func isGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// checkGlob refuses a wildcard that no name can match, and one with brackets, which are ranges here and not character
// classes.
func checkGlob(t term) error {
	if strings.ContainsAny(t.text, "[]") {
		return t.fail(fmt.Sprintf("%q: ranges and wildcards cannot be combined", t.text), "use a regular expression: /^web[0-9]+/")
	}
	if bad := checkWord(strings.Map(func(r rune) rune {
		if r == '*' || r == '?' {
			return 'x'
		}
		return r
	}, t.text)); bad != "" {
		return t.fail(fmt.Sprintf("%q is not a pattern: %s", t.text, bad), "")
	}
	return nil
}
