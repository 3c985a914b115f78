package runner

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes a text that may come from a host fit for one line of a terminal or a log: characters that are not
// graphic are escaped, and everything after 500 bytes is cut off. A final newline is dropped.
func printable(s string) string {
	const most = 500
	var b strings.Builder
	for i, r := range s {
		if b.Len() > most {
			b.WriteString("…")
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i]), 16))
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		case r == '\n' && i == len(s)-1:
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
