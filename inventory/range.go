package inventory

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxExpansion is the largest number of names that one pattern may stand for.
const MaxExpansion = 200_000

// Expand returns the names that a list of patterns stands for, in the order written: "web[01-03,07] db1", with spaces
// or commas between the patterns. A name that is written twice comes twice.
func Expand(list string) ([]string, error) {
	var names []string
	for _, p := range splitList(list) {
		more, err := expand(p)
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	return names, nil
}

// splitList splits at commas and white space that are not in brackets.
func splitList(list string) (parts []string) {
	depth, from := 0, 0
	for i, r := range list + "," {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		case ',', ' ', '\t', '\n', '\r':
			if depth <= 0 || i == len(list) {
				if i > from {
					parts = append(parts, list[from:i])
				}
				from = i + 1
			}
		}
	}
	return parts
}

// patternError is what is wrong with a pattern, and at which byte of it.
type patternError struct {
	at         int
	text, hint string
}

func (e *patternError) Error() string { return e.text }

// piece of a pattern: text, and the numbers in the brackets behind it.
type piece struct {
	text  string
	spans []span
}

// span is the numbers from lo to hi, every step-th, padded with zeros to width.
type span struct {
	lo, hi, step int64
	width        int
}

func (s span) count() int64 { return (s.hi-s.lo)/s.step + 1 }

// expand returns the names of one pattern.
func expand(pattern string) ([]string, error) {
	if CheckName(pattern) == nil { // also keeps [::1] from being read as a range
		return []string{pattern}, nil
	}
	pieces, err := parsePattern(pattern)
	if err != nil {
		return nil, err
	}
	total := int64(1)
	for _, p := range pieces {
		var n int64
		for _, s := range p.spans {
			n += s.count()
		}
		if n = max(n, 1); n > MaxExpansion || total*n > MaxExpansion {
			return nil, &patternError{text: fmt.Sprintf("%q stands for more than %d hosts", pattern, MaxExpansion)}
		}
		total *= n
	}
	names := []string{""}
	for _, p := range pieces {
		names = product(names, p)
	}
	for _, name := range names[:1] { // they differ in digits only
		if err := CheckName(name); err != nil {
			return nil, &patternError{text: err.Error()}
		}
	}
	return names, nil
}

func product(names []string, p piece) []string {
	if len(p.spans) == 0 {
		for i := range names {
			names[i] += p.text
		}
		return names
	}
	var numbers []string
	for _, s := range p.spans {
		for n := s.lo; n <= s.hi; n += s.step {
			numbers = append(numbers, fmt.Sprintf("%0*d", s.width, n))
		}
	}
	all := make([]string, 0, len(names)*len(numbers))
	for _, name := range names {
		for _, n := range numbers {
			all = append(all, name+p.text+n)
		}
	}
	return all
}

func parsePattern(pattern string) (pieces []piece, err error) {
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
		spans, err := parseSpans(rest[open+1:open+end], at+open+1)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece{rest[:open], spans})
		rest = rest[open+end+1:]
	}
	return pieces, nil
}

func parseSpans(list string, at int) (spans []span, err error) {
	for _, item := range strings.Split(list, ",") {
		s, wrong := parseSpan(item)
		if wrong != "" {
			return nil, &patternError{at, wrong, "ranges look like [01-20], [1,3,5] or [0-10/2]"}
		}
		spans = append(spans, s)
		at += len(item) + 1
	}
	return spans, nil
}

func parseSpan(item string) (s span, wrong string) {
	ends, step, hasStep := strings.Cut(item, "/")
	lo, hi, isRange := strings.Cut(ends, "-")
	if !isRange {
		hi = lo
	}
	for _, part := range []string{lo, hi} {
		if part == "" || leadingDigits(part) != len(part) {
			return s, fmt.Sprintf("%q in brackets is no number or range of numbers", item)
		}
		if len(part) > 15 {
			return s, fmt.Sprintf("the number %q is too long", part)
		}
	}
	s = span{step: 1}
	s.lo, _ = strconv.ParseInt(lo, 10, 64)
	s.hi, _ = strconv.ParseInt(hi, 10, 64)
	if lo[0] == '0' && len(lo) > 1 {
		s.width = len(lo)
		if len(hi) < len(lo) {
			return s, fmt.Sprintf("%q: both ends need the same zero padding", item)
		}
	} else if hi[0] == '0' && len(hi) > 1 {
		return s, fmt.Sprintf("%q: both ends need the same zero padding", item)
	}
	if s.hi < s.lo {
		return s, fmt.Sprintf("the range %q falls", item)
	}
	if hasStep {
		n, err := strconv.ParseInt(step, 10, 32)
		if err != nil || n < 1 {
			return s, fmt.Sprintf("the step of %q is not a number above 0", item)
		}
		s.step = n
	}
	return s, ""
}
