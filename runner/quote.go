package runner

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote returns word so that a shell takes it as one word, unchanged: sh, dash, bash, zsh, ksh, busybox and fish for
// every byte but NUL, csh and tcsh for every byte but NUL and newline. A word that needs no quotes stays as it is.
//
// Inside single quotes fish reads backslashes and csh history marks, so those stand outside of them, escaped.
func Quote(word string) string {
	if word == "" {
		return "''"
	}
	if strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	var b strings.Builder
	b.Grow(len(word) + len(word)/8 + 2)
	for word != "" {
		end := strings.IndexAny(word, `'\!`)
		if end < 0 {
			end = len(word)
		}
		if end > 0 {
			b.WriteByte('\'')
			b.WriteString(word[:end])
			b.WriteByte('\'')
		}
		if end < len(word) {
			b.WriteByte('\\')
			b.WriteByte(word[end])
			end++
		}
		word = word[end:]
	}
	return b.String()
}

func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:,+@%", r)
}

// IsVariable says whether a shell takes name for that of a variable.
func IsVariable(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// Words returns a command line that runs words[0] with the others as its arguments: each is quoted.
func Words(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// printable makes a text that a host may have had a hand in fit for one line of a terminal or a log: what is not
// graphic is escaped, and what is past 500 bytes is cut.
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
