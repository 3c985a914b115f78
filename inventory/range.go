package inventory

import (
	"fmt"
	"strconv"
	"strings"
)

// maxExpansion is the largest number of names that one pattern may stand for.
const maxExpansion = 200_000

// patternError says what is wrong with a pattern, and at which byte of it.
type patternError struct {
	at         int
	text, hint string
}

// in returns e as an error of a pattern that begins at p.
func (e *patternError) in(p Place) *Error {
	p.Col += e.at
	return &Error{p, e.text, e.hint}
}

// piece is a part of a pattern: text, and the numbers in the brackets behind it.
type piece struct {
	text  string
	spans []span
}

// count returns how many numbers there are, or 1 for a piece without brackets. Above maxExpansion it is
// maxExpansion+1, so that products of counts don't overflow.
func (p piece) count() (n int64) {
	for _, s := range p.spans {
		n = min(n+s.count(), maxExpansion+1)
	}
	return max(n, 1)
}

// numbers returns the numbers, or an empty one for a piece without brackets.
func (p piece) numbers() (numbers []string) {
	if len(p.spans) == 0 {
		return []string{""}
	}
	for _, s := range p.spans {
		for n := s.lo; n <= s.hi; n += s.step {
			numbers = append(numbers, s.number(n))
		}
	}
	return numbers
}

// longest returns the text with the longest of the numbers behind it.
func (p piece) longest() string {
	number := ""
	for _, s := range p.spans {
		if last := s.number(s.hi); len(last) > len(number) {
			number = last
		}
	}
	return p.text + number
}

// span is every step-th number from lo to hi, padded with zeros to width.
type span struct {
	lo, hi, step int64
	width        int
}

func (s span) count() int64 { return (s.hi-s.lo)/s.step + 1 }

func (s span) number(n int64) string { return fmt.Sprintf("%0*d", s.width, n) }

// expand returns the names that a pattern stands for. Their number, length and characters are checked before anything
// is expanded.
func expand(pattern string) ([]string, *patternError) {
	if CheckName(pattern) == nil { // also keeps [::1] from being read as a range
		return []string{pattern}, nil
	}
	pieces, wrong := parsePattern(pattern)
	if wrong != nil {
		return nil, wrong
	}
	total, longest := int64(1), ""
	for _, p := range pieces {
		if total *= p.count(); total > maxExpansion {
			return nil, &patternError{text: fmt.Sprintf("%q stands for more than %d hosts", pattern, maxExpansion)}
		}
		if longest += p.longest(); len(longest) > maxName {
			break
		}
	}
	if err := CheckName(longest); err != nil { // one name is enough: they differ in digits only
		return nil, &patternError{text: err.Error()}
	}
	names := []string{""}
	for _, p := range pieces {
		names = product(names, p.text, p.numbers())
	}
	return names, nil
}

// product puts text and each of the endings behind each of the names.
func product(names []string, text string, endings []string) []string {
	all := make([]string, 0, len(names)*len(endings))
	for _, name := range names {
		for _, ending := range endings {
			all = append(all, name+text+ending)
		}
	}
	return all
}

func parsePattern(pattern string) (pieces []piece, wrong *patternError) {
	rest := pattern
	for rest != "" {
		at := len(pattern) - len(rest)
		open := strings.IndexAny(rest, "[]")
		if open < 0 {
			return append(pieces, piece{text: rest}), nil
		}
		if rest[open] == ']' {
			return nil, &patternError{at + open, `"]" without "["`, ""}
		}
		end := strings.IndexByte(rest[open:], ']')
		if end < 0 {
			return nil, &patternError{at + open, `"[" is not closed`, ""}
		}
		spans, wrong := parseSpans(rest[open+1:open+end], at+open+1)
		if wrong != nil {
			return nil, wrong
		}
		pieces = append(pieces, piece{rest[:open], spans})
		rest = rest[open+end+1:]
	}
	return pieces, nil
}

func parseSpans(list string, at int) (spans []span, wrong *patternError) {
	for item := range strings.SplitSeq(list, ",") {
		s, text := parseSpan(item)
		if text != "" {
			return nil, &patternError{at, text, "ranges look like [01-20], [1,3,5] or [0-10/2]"}
		}
		spans = append(spans, s)
		at += len(item) + 1
	}
	return spans, nil
}

// maxDigits keeps every number far below the limit of an int64.
const maxDigits = 15

func parseSpan(item string) (s span, wrong string) {
	ends, step, hasStep := strings.Cut(item, "/")
	lo, hi, isRange := strings.Cut(ends, "-")
	if !isRange {
		hi = lo
	}
	if !hasStep {
		step = "1"
	}
	for _, part := range []string{lo, hi, step} {
		switch {
		case part == "" || leadingDigits(part) != len(part):
			return s, fmt.Sprintf("%q in brackets is neither a number nor a range", item)
		case len(part) > maxDigits:
			return s, fmt.Sprintf("the number %q is too long", part)
		}
	}
	s.lo, _ = strconv.ParseInt(lo, 10, 64)
	s.hi, _ = strconv.ParseInt(hi, 10, 64)
	s.step, _ = strconv.ParseInt(step, 10, 64)
	if padded(lo) {
		s.width = len(lo)
	}
	switch {
	case (padded(lo) || padded(hi)) && len(lo) != len(hi):
		return s, fmt.Sprintf("%q: both ends of a zero-padded range need the same length", item)
	case s.hi < s.lo:
		return s, fmt.Sprintf("the range %q is descending", item)
	case s.step == 0 || hasStep && !isRange:
		return s, fmt.Sprintf("%q: a step has to be above 0 and follow a range", item)
	}
	return s, ""
}

// padded says whether a number is written with leading zeros, which belong to its name.
func padded(number string) bool { return len(number) > 1 && number[0] == '0' }
