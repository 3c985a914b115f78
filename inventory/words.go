package inventory

import (
	"errors"
	"strings"
)

// shellWords splits a line into words as a shell does, with quotes and backslashes, but expands nothing: $, ` and the
// like stand for themselves. Outside quotes, # begins a comment, even inside a word.
func shellWords(line string) (words []string, err error) {
	var word strings.Builder
	inWord := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		case c == '#':
			line = line[:i]
		case c == '\'':
			end := strings.IndexByte(line[i+1:], '\'')
			if end < 0 {
				return nil, errors.New("a quote (') is not closed")
			}
			word.WriteString(line[i+1 : i+1+end])
			i += 1 + end
			inWord = true
		case c == '"':
			n := quoted(line[i+1:], &word)
			if n < 0 {
				return nil, errors.New(`a quote (") is not closed`)
			}
			i += 1 + n
			inWord = true
		case c == '\\':
			if i++; i == len(line) {
				return nil, errors.New("nothing follows the backslash at the end")
			}
			word.WriteByte(line[i])
			inWord = true
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted writes the text up to the closing double quote, with \" and \\ unescaped, and returns the index of that
// quote, or -1.
func quoted(text string, into *strings.Builder) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return i
		case text[i] == '\\' && i+1 < len(text) && strings.IndexByte(`"\`, text[i+1]) >= 0:
			i++
		}
		into.WriteByte(text[i])
	}
	return -1
}
