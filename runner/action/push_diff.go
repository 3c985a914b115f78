package action

import (
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"
)

// textDiff is the difference of two texts, as diff -u shows it; of what is no text it says so.
func textDiff(before, after string) string {
	for _, text := range []string{before, after} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return "(no text)\n"
		}
	}
	_, diff, _ := strings.Cut(udiff.Unified("old", "new", before, after), "\n")
	_, diff, _ = strings.Cut(diff, "\n")
	return diff
}
