package runner

import "strings"

// Quote quotes word so that a shell reads it as one word, unchanged: sh, dash, bash, zsh, ksh, busybox and fish for
// every byte but NUL, csh and tcsh for every byte but NUL and newline. A word that needs no quotes stays as it is.
//
// Inside single quotes, fish interprets backslashes and csh exclamation marks, so both are written outside of them,
// escaped. A percent sign needs quotes because of fish, to which %self is a number.
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
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:,+@", r)
}

// QuoteWords returns a command line that runs words[0] with the others as its arguments, each of them quoted.
func QuoteWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// IsVariable reports whether name is a valid name for a shell variable.
func IsVariable(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
