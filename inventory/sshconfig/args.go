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

// splitArgs splits the rest of a line into words as ssh does. A comment begins where a word would.
func splitArgs(text string) (args []string, err error) {
	for {
		text = strings.TrimLeft(text, blanks)
		if text == "" || text[0] == '#' {
			return args, nil
		}
		var arg string
		if arg, text, err = cutArg(text); err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
}

// cutArg splits the first word off text, and takes away its quotes, which are of both kinds, and its backslashes before
// quotes, backslashes and blanks.
func cutArg(text string) (arg, rest string, err error) {
	var word strings.Builder
	var quote byte // the open one, or 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote == 0 && strings.IndexByte(" \t", c) >= 0:
			return word.String(), text[i:], nil
		case c == '\\' && i+1 < len(text) && (strings.IndexByte(`"'\`, text[i+1]) >= 0 || quote == 0 && text[i+1] == ' '):
			i++
			word.WriteByte(text[i])
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		default:
			word.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", errQuote
	}
	return word.String(), "", nil
}
