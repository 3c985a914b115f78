package sshconfig

import (
	"errors"
	"strings"
)

// cutKeyword splits a line into its keyword and the rest, at blanks or at one = with or without blanks around it. A
// comment has no keyword.
func cutKeyword(line string) (keyword, rest string) {
	line = strings.Trim(line, blanks+"\f")
	if line == "" || line[0] == '#' {
		return "", ""
	}
	if line[0] == '"' {
		keyword, rest, _ = strings.Cut(line[1:], `"`)
	} else {
		i := strings.IndexAny(line, blanks+"=")
		if i < 0 {
			return line, ""
		}
		keyword, rest = line[:i], line[i:]
	}
	rest = strings.TrimLeft(rest, blanks)
	if after, ok := strings.CutPrefix(rest, "="); ok {
		rest = strings.TrimLeft(after, blanks)
	}
	return keyword, rest
}

const blanks = " \t\r\n"

var errQuote = errors.New("a quote is not closed")

// splitArgs splits the rest of a line into words as ssh does. It handles quotes of both kinds, backslashes before
// quotes, blanks and backslashes, and a comment, which begins where a word would.
func splitArgs(text string) (args []string, err error) {
	for i := 0; i < len(text); {
		if strings.IndexByte(blanks, text[i]) >= 0 {
			i++
			continue
		}
		if text[i] == '#' {
			break
		}
		var word strings.Builder
		var quote byte
		for ; i < len(text); i++ {
			c := text[i]
			switch {
			case c == '\\' && i+1 < len(text) && (strings.IndexByte(`"'\`, text[i+1]) >= 0 || quote == 0 && text[i+1] == ' '):
				i++
				word.WriteByte(text[i])
				continue
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
				continue
			case quote != 0 && c == quote:
				quote = 0
				continue
			case quote == 0 && strings.IndexByte(" \t", c) >= 0:
			default:
				word.WriteByte(c)
				continue
			}
			break
		}
		if quote != 0 {
			return nil, errQuote
		}
		args = append(args, word.String())
	}
	return args, nil
}
