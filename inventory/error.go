package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Place is a position in a file, or in an expression on the command line. Line and Col count from 1; zero means
// unknown.
type Place struct {
	File      string
	Line, Col int
}

// String returns file:line:col, as far as they are known.
func (p Place) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Col > 0 {
		s += fmt.Sprintf(":%d", p.Col)
	}
	return s
}

// within turns a column of an expression into a place in what holds the expression, a file for instance. A place with
// a file is returned as it is.
func (p Place) within(of Place) Place {
	if p.File != "" {
		return p
	}
	of.Col = max(of.Col, 1) - 1 + p.Col
	return of
}

// Error is one thing that is wrong with the user's input.
type Error struct {
	Place Place
	Text  string
	Hint  string // what to do about it; may be empty
}

// Error returns the place and the text, without the hint.
func (e *Error) Error() string {
	if p := e.Place.String(); p != "" {
		return p + ": " + e.Text
	}
	return e.Text
}

// OfExpression returns err, the error of a target expression, as an *Error at the place of key, the key in a file
// that has the expression. It keeps the hint of err.
func OfExpression(place Place, key string, err error) error {
	wrong := &Error{Place: place, Text: key + ": " + err.Error()}
	if inner, ok := errors.AsType[*Error](err); ok {
		wrong.Hint = inner.Hint
	}
	return wrong
}

// Errors are the errors of one inventory, in the order in which they were found. It is never empty.
type Errors []*Error

// Error lists the first ten errors, one per line, and says how many more there are.
func (e Errors) Error() string {
	const most = 10
	var lines []string
	for _, one := range e[:min(len(e), most)] {
		lines = append(lines, one.Error())
	}
	switch more := len(e) - most; {
	case more == 1:
		lines = append(lines, "and 1 more error")
	case more > 1:
		lines = append(lines, fmt.Sprintf("and %d more errors", more))
	}
	return strings.Join(lines, "\n")
}

// Nearest returns the candidate that word is most likely a misspelling of, or "" when none is near.
func Nearest(word string, candidates []string) string {
	best, least := "", max(2, min(len(word)/3+1, 4))
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c), least); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the restricted Damerau-Levenshtein distance of a and b: the number of bytes to insert, delete, replace
// or swap with a neighbour. It is exact only below limit; at limit or above it means that a and b are too far apart.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
		if slices.Min(row) >= limit {
			return limit
		}
	}
	return row[len(b)]
}

// DidYouMean returns a hint with the candidate that word is most likely a misspelling of, or "" when none is near.
func DidYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}
