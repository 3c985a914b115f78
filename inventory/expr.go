package inventory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// expression is a parsed target expression: terms, each combined with the result of all to its left. There is no
// precedence.
type expression []step

type step struct {
	op   byte // ',' union, '!' difference, '&' intersection, '^' symmetric difference; ',' for the first
	term term
}

// term is one of: a name or pattern, @group, @file:PATH, run:ID/STATUS, /regex/, a test of an attribute, or an
// expression in parentheses.
type term struct {
	kind  termKind
	text  string
	at    int // byte in the source
	regex *regexp.Regexp
	test  attributeTest
	inner expression
}

type termKind int

const (
	patternTerm termKind = iota
	groupTerm
	fileTerm
	runTerm
	regexTerm
	attributeTerm
	innerTerm
)

const maxDepth = 100 // of parentheses

const withinExpression = "^FILE is a whole expression: within one, the names in a file are @file:FILE"

// parseExpression reads one value of -w or -x. If the whole value is ^FILE, it means the names in a file. Errors have
// a column, but no file or line.
func parseExpression(source string) (expression, error) {
	p := parser{source: source}
	if file, ok := strings.CutPrefix(source, "^"); ok {
		if file == "" {
			return nil, p.fail(0, "the path of a file is missing", "^FILE")
		}
		return expression{{',', term{kind: fileTerm, text: file}}}, nil
	}
	e, err := p.expression(0)
	if err == nil && p.pos < len(source) {
		err = p.fail(p.pos, `")" without "("`, "")
	}
	return e, err
}

// RedactTarget returns a target expression without the values to which it compares secret attributes. A part of a secret
// var is secret, and so is an entry with a secret name.
func RedactTarget(source string, secret func(name string) bool) string {
	p := parser{source: source}
	p.expression(0) // an expression that is wrong selects nothing, and is not kept
	for _, v := range slices.Backward(p.values) {
		if slices.ContainsFunc(keys(v.name), secret) {
			source = source[:v.from] + Redacted + source[v.to:]
		}
	}
	return source
}

type parser struct {
	source string
	pos    int
	values []valueAt
}

// valueAt is where the value for an attribute stands in the source.
type valueAt struct {
	name     string
	from, to int
}

func (p *parser) fail(at int, text, hint string) error {
	return &Error{Place: Place{Col: at + 1}, Text: text, Hint: hint}
}

func (p *parser) spaces() (some bool) {
	for p.pos < len(p.source) && strings.IndexByte(" \t\r\n", p.source[p.pos]) >= 0 {
		p.pos++
		some = true
	}
	return some
}

// more says whether something other than a closing parenthesis follows.
func (p *parser) more() bool { return p.pos < len(p.source) && p.source[p.pos] != ')' }

func (p *parser) expression(depth int) (e expression, err error) {
	if depth > maxDepth {
		return nil, p.fail(p.pos, "too many parentheses", "")
	}
	op := byte(',')
	p.spaces()
	for {
		t, err := p.term(depth)
		if err != nil {
			return nil, err
		}
		e = append(e, step{op, t})
		apart := p.spaces()
		switch {
		case !p.more():
			return e, nil
		case isOperator(p.source[p.pos]):
			op = p.source[p.pos]
			p.pos++
			p.spaces()
		case apart:
			op = ','
		default:
			hint := "join terms with , (union) ! (without) & (in both) ^ (in one only)"
			if t.kind == attributeTerm && p.source[p.pos] == '(' {
				hint = quoteValue
			}
			return nil, p.fail(p.pos, fmt.Sprintf("%q is not expected here", p.source[p.pos:p.pos+1]), hint)
		}
	}
}

func isOperator(c byte) bool { return strings.IndexByte(",!&^", c) >= 0 }

func (p *parser) term(depth int) (t term, err error) {
	t.at = p.pos
	switch {
	case !p.more() || isOperator(p.source[p.pos]):
		hint := ""
		if p.more() && p.source[p.pos] == '!' { // as in Ansible's web:!db
			hint = "! takes away from what is before it: @web!web01"
		} else if p.more() && p.source[p.pos] == '^' {
			hint = withinExpression
		}
		return t, p.fail(p.pos, "a host, a pattern or a @group is missing here", hint)
	case p.source[p.pos] == '(':
		p.pos++
		t.kind = innerTerm
		switch t.inner, err = p.expression(depth + 1); {
		case err != nil:
			return t, err
		case p.pos == len(p.source):
			return t, p.fail(t.at, `"(" is not closed`, "")
		}
		p.pos++
	case strings.IndexByte("=<>", p.source[p.pos]) >= 0:
		return t, p.fail(p.pos, fmt.Sprintf("no name stands right before this %q", p.source[p.pos:p.pos+1]), "write a test without a blank before its operator: role=web")
	case p.source[p.pos] == '/':
		t.kind = regexTerm
		return t, p.regex(&t)
	case p.source[p.pos] == '@':
		p.pos++
		t.kind, t.text = groupTerm, p.word()
		if file, ok := strings.CutPrefix(t.text, "file:"); ok {
			t.kind, t.text = fileTerm, file
		}
		switch {
		case t.text == "" && t.kind == fileTerm:
			return t, p.fail(t.at, "the path of a file is missing", "@file:PATH")
		case t.text == "":
			return t, p.fail(t.at, "the name of a group is missing", "@* is every host that is in a group")
		}
	default:
		if found, err := p.attribute(&t); found || err != nil {
			return t, err
		}
		t.text = p.word()
		if run, ok := strings.CutPrefix(t.text, "run:"); ok {
			t.kind, t.text = runTerm, run
			if run == "" {
				return t, p.fail(t.at, "the id of a run is missing", "run:last/failed")
			}
		}
	}
	return t, nil
}

// word reads up to the next operator, blank or parenthesis that is not in brackets.
func (p *parser) word() string {
	from, depth := p.pos, 0
	for ; p.pos < len(p.source); p.pos++ {
		c := p.source[p.pos]
		if c == '[' {
			depth++
		}
		if c == ']' && depth > 0 {
			depth--
		}
		if depth == 0 && strings.IndexByte(",!&^() \t\r\n", c) >= 0 {
			break
		}
	}
	return p.source[from:p.pos]
}

// compile compiles a regular expression at a byte of the source. An empty one is an error with a hint: it would match
// all, and it may come from an empty shell variable.
func (p *parser) compile(expr string, at int, hint string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, p.fail(at, "the regular expression is empty", hint)
	}
	regex, err := regexp.Compile(expr)
	if err != nil {
		return nil, p.fail(at, RegexError(err).Error(), "")
	}
	return regex, nil
}

// regex reads /…/ up to the next slash without a backslash before it.
func (p *parser) regex(t *term) (err error) {
	for end := p.pos + 1; end < len(p.source); end++ {
		switch p.source[end] {
		case '\\':
			end++
		case '/':
			t.text = strings.ReplaceAll(p.source[p.pos+1:end], `\/`, "/")
			p.pos = end + 1
			t.regex, err = p.compile(t.text, t.at, "/./ matches every name")
			return err
		}
	}
	return p.fail(p.pos, `the regular expression has no closing "/"`, "")
}
