package check

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"

	"hail/inventory"
)

// The function runes of sh/judge.awk writes each character as a word: a blank, and the hex digits of its bytes. No word
// begins with another one, so a pattern over words matches as one over characters would, in any locale, and a text of
// several lines becomes a single line.
const (
	anyWord     = "( [0-9a-f]+)"
	notNewline  = "( 0[0-9b-f]| [1-9a-f][0-9a-f]+)"
	newline     = " 0a"
	highWord    = " [c-f][0-9a-f]+" // any character that is not ASCII
	nothing     = "z"               // never occurs
	mostLetters = 256               // of a class, not counting ASCII
	mostPattern = 20_000            // bytes
)

// wordPattern translates a Go regular expression into one of grep -E over such words. Only whether it matches counts,
// so lazy operators and capturing groups are like any others.
func wordPattern(pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	w := &patternWriter{}
	w.write(re.Simplify(), true, true)
	if w.err == nil && w.Len() > mostPattern {
		w.fail("it gets too large", "use * or + instead of a number")
	}
	return w.String(), w.err
}

type patternWriter struct {
	strings.Builder
	err error
}

func (w *patternWriter) fail(why, hint string) {
	if w.err == nil {
		w.err = &inventory.Error{Text: "a host can't judge this regex by itself: " + why, Hint: hint}
	}
}

// write writes a part of the pattern. first and last say whether nothing of the pattern can come before it or after it:
// only there may the beginning or end of a line be the newline itself.
func (w *patternWriter) write(re *syntax.Regexp, first, last bool) {
	if w.err != nil || w.Len() > mostPattern {
		return
	}
	switch re.Op {
	case syntax.OpNoMatch:
		w.WriteString(nothing)
	case syntax.OpEmptyMatch:
		w.WriteString(nothing + "?")
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				w.letters(folded(r))
			} else {
				w.WriteString(word(r))
			}
		}
	case syntax.OpCharClass:
		w.letters(re.Rune)
	case syntax.OpAnyChar:
		w.WriteString(anyWord)
	case syntax.OpAnyCharNotNL:
		w.WriteString(notNewline)
	case syntax.OpBeginText:
		w.WriteString("^")
	case syntax.OpEndText:
		w.WriteString("$")
	case syntax.OpBeginLine, syntax.OpEndLine:
		switch {
		case re.Op == syntax.OpBeginLine && first:
			w.WriteString("(^|" + newline + ")")
		case re.Op == syntax.OpEndLine && last:
			w.WriteString("($|" + newline + ")")
		default:
			w.fail("with (?m), ^ has to be at its beginning and $ at its end", `use \n for the end of a line in its middle`)
		}
	case syntax.OpCapture:
		w.group(re.Sub, "", first, last)
	case syntax.OpConcat:
		for i, sub := range re.Sub {
			w.write(sub, first && i == 0, last && i == len(re.Sub)-1)
		}
	case syntax.OpAlternate:
		w.group(re.Sub, "", first, last)
	case syntax.OpStar:
		w.group(re.Sub, "*", false, false)
	case syntax.OpPlus:
		w.group(re.Sub, "+", false, false)
	case syntax.OpQuest:
		w.group(re.Sub, "?", false, false)
	default:
		w.fail(`\b and \B are not supported`, `write what surrounds the word: (^|\W)word(\W|$)`)
	}
}

func (w *patternWriter) group(of []*syntax.Regexp, behind string, first, last bool) {
	w.WriteByte('(')
	for i, sub := range of {
		if i > 0 {
			w.WriteByte('|')
		}
		w.write(sub, first, last)
	}
	w.WriteString(")" + behind)
}

// letters writes a class of characters, which is a list of ranges: ASCII characters by their first hex digit, and all
// others together or one by one.
func (w *patternWriter) letters(ranges []rune) {
	var low [8]string // the second hex digits, by the first
	var all []string
	few := 0
	for i := 0; i < len(ranges); i += 2 {
		from, to := ranges[i], ranges[i+1]
		for r := from; r <= min(to, 0x7f); r++ {
			low[r>>4] += fmt.Sprintf("%x", r&15)
		}
		switch from = max(from, 0x80); {
		case from == 0x80 && to >= 0x10ffff:
			all = append(all, highWord)
		case from <= to:
			if few += int(to-from) + 1; few > mostLetters {
				w.fail("a class has too many non-ASCII characters, but not all of them", "name the few that matter")
				return
			}
			for r := from; r <= to; r++ {
				all = append(all, word(r))
			}
		}
	}
	for first, second := range low {
		if second != "" {
			all = append(all, fmt.Sprintf(" %x[%s]", first, second))
		}
	}
	if all == nil {
		all = []string{nothing}
	}
	w.WriteString("(" + strings.Join(all, "|") + ")")
}

func word(r rune) string { return fmt.Sprintf(" %x", string(r)) }

// folded returns the ranges of the characters that equal r when case does not count.
func folded(r rune) (ranges []rune) {
	for f := r; ; {
		ranges = append(ranges, f, f)
		if f = unicode.SimpleFold(f); f == r {
			return ranges
		}
	}
}
