package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"
)

// Some versions of PowerShell lose empty arguments and double quotes on their way to a program. So the line comes as one
// text, percent-encoded, and is split into words here.

// completePowerShell prints what may replace the end of a command line, which follows the name of the program.
func completePowerShell(e environment, app *cli.App, encoded string) error {
	line, err := url.PathUnescape(encoded)
	if err != nil {
		return err
	}
	words, last := powershellWords(line)
	for _, found := range candidatesOf(e, app, words) {
		if _, err := fmt.Fprintln(e.stdout, last.replacement(found)); err != nil {
			return err
		}
	}
	return nil
}

// powershellEnd is what PowerShell replaces when it completes a word: an element of a list, which commas separate.
type powershellEnd struct {
	before string // the elements before it, which stay
	quoted bool   // it begins with a quote
}

// replacement returns what stands for the last element when the word is to become found. A quote stays, so that one can go
// on after it.
func (last powershellEnd) replacement(found string) string {
	element := strings.TrimPrefix(found, last.before)
	if !last.quoted && strings.IndexFunc(element, powershellQuotes) < 0 {
		return element
	}
	var text strings.Builder
	for _, r := range element {
		if isSingleQuote(r) {
			text.WriteRune(r)
		}
		text.WriteRune(r)
	}
	return "'" + text.String() + "'"
}

// powershellQuotes reports whether an argument with this character has to be quoted.
func powershellQuotes(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=+%^!", r)
}

// PowerShell takes typographic quotes for the plain ones.
func isSingleQuote(r rune) bool { return strings.ContainsRune("'‘’‚‛", r) }
func isDoubleQuote(r rune) bool { return strings.ContainsRune("\"“”„", r) }

// powershellWords splits a line into words, as PowerShell does the arguments of a program. The last word, which may be
// empty, ends at the cursor. Variables and expressions are taken as they stand.
func powershellWords(line string) (words []string, last powershellEnd) {
	var word strings.Builder
	started := false // an element of a list
	end := func() {
		words = append(words, word.String())
		word.Reset()
		started, last = false, powershellEnd{}
	}
	text := []rune(line)
	for i := 0; i < len(text); i++ {
		switch r := text[i]; {
		case strings.ContainsRune(" \t\r\n", r):
			if started || word.Len() > 0 {
				end()
			}
		case r == ',':
			word.WriteRune(r)
			started, last = false, powershellEnd{before: word.String()}
		case r == '`' && i+1 < len(text):
			i++
			if text[i] != '\n' { // else the line goes on
				word.WriteRune(text[i])
				started = true
			}
		case isSingleQuote(r) || isDoubleQuote(r):
			last.quoted = last.quoted || !started
			started = true
			content, length := powershellQuoted(text[i:])
			word.WriteString(content)
			i += length - 1
			if last.quoted && i+1 < len(text) && !strings.ContainsRune(", \t\r\n", text[i+1]) {
				end() // what follows a quoted argument is another one
			}
		default:
			word.WriteRune(r)
			started = true
		}
	}
	return append(words, word.String()), last
}

// powershellQuoted returns what is quoted at the beginning of text, and how long that is with its quotes. The last one may
// be missing.
func powershellQuoted(text []rune) (content string, length int) {
	double, isQuote := isDoubleQuote(text[0]), isSingleQuote
	if double {
		isQuote = isDoubleQuote
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch more := i+1 < len(text); {
		case isQuote(text[i]) && (!more || !isQuote(text[i+1])):
			return b.String(), i + 1
		case more && (isQuote(text[i]) || double && text[i] == '`'):
			i++
		}
		b.WriteRune(text[i])
	}
	return b.String(), len(text)
}
