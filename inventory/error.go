package inventory

import (
	"errors"
	"fmt"
	"regexp/syntax"
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

// Errors are the errors of one inventory, in the order in which they were found. It is never empty. errors.As finds the
// first of them.
type Errors []*Error

// As stores the first of the errors in a target for an *Error. See errors.As.
func (e Errors) As(target any) bool {
	first, ok := target.(**Error)
	if ok = ok && len(e) > 0; ok {
		*first = e[0]
	}
	return ok
}

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

// maxErrors is the number of errors at which to stop looking for more: a file with so many wrong lines is in some other
// format, and each name of a missing group is compared with all names.
const maxErrors = 100

// RegexError rewords an error of regexp.Compile for users, and returns any other error as it is.
func RegexError(err error) error {
	if s, ok := errors.AsType[*syntax.Error](err); ok {
		return fmt.Errorf("the regular expression is wrong: %s: `%s`", s.Code, s.Expr)
	}
	return err
}
