package main

import (
	"strings"
	"testing"
)

// TestHelpFits checks that help texts fit a terminal, except for example lines.
func TestHelpFits(t *testing.T) {
	for _, c := range newApp(environment{}).Commands {
		for line := range strings.Lines(commandText(c)) {
			line = strings.TrimRight(line, "\n")
			if len([]rune(line)) > helpWidth && !strings.HasPrefix(line, "  hail ") {
				t.Errorf("hail help %s: a line is wider than %d: %s", c.Name, helpWidth, line)
			}
		}
	}
}
