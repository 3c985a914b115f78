package runner

import "strings"

// BareScript returns a script for a shell or awk as hosts get it: without empty lines, indentation, and comments, which
// begin with # at the beginning of a line, or with " # ". So no text in a script may look like one of these.
func BareScript(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		code, _, _ := strings.Cut(strings.TrimSpace(line), " # ")
		if code != "" && code[0] != '#' {
			b.WriteString(code + "\n")
		}
	}
	return b.String()
}
