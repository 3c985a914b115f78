// Package strictyaml decodes YAML into nodes that know their places, and refuses what is ambiguous or dangerous: a
// second document, a key that stands twice, anchors and merges. It is the only importer of the YAML library.
package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Kind is the kind of a node.
type Kind int

// The kinds of nodes. An empty value is Null.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// Node is a value and its place. Line and Col count from 1.
type Node struct {
	Kind      Kind
	Text      string // of a Scalar, as written, without quotes
	Quoted    bool   // a Scalar in quotes: text, whatever it looks like
	Items     []*Node
	Pairs     []Pair
	Line, Col int
}

// Pair is an entry of a Map.
type Pair struct {
	Key   *Node // a Scalar
	Value *Node
}

// Error says what is wrong, and where. Col may be 0.
type Error struct {
	Line, Col int
	Text      string
	Hint      string
}

// Error returns the text without the place.
func (e *Error) Error() string { return e.Text }

// Parse decodes the one document in text; no document is Null. Its error is an *Error.
func Parse(text []byte) (*Node, error) {
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc, second yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return &Node{Line: 1, Col: 1}, nil
	case err != nil:
		return nil, syntaxError(err)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntaxError(err)
		}
		return nil, &Error{Line: second.Line, Col: second.Column, Text: "a second YAML document begins here", Hint: "put it in a file of its own"}
	}
	return convert(doc.Content[0], 0)
}

var lineOf = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// syntaxError takes the line out of the library's text, the only place where it stands.
func syntaxError(err error) error {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n  "), "\n")
	m := lineOf.FindStringSubmatch(text)
	if m == nil {
		return &Error{Text: text}
	}
	line, _ := strconv.Atoi(m[1])
	e := &Error{Line: max(line, 1), Col: 1, Text: m[2]}
	switch {
	case strings.Contains(e.Text, "cannot start any token") && strings.Contains(e.Text, "tab"), strings.Contains(e.Text, `'\t'`):
		e.Hint = "indent with spaces, YAML takes no tabs"
	case strings.Contains(e.Text, "did not find expected"), strings.Contains(e.Text, "mapping values are not allowed"):
		e.Hint = "look at the indentation, and quote values with : # [ ] { } in them"
	}
	return e
}

const maxDepth = 100

func convert(y *yaml.Node, depth int) (*Node, error) {
	n := &Node{Line: y.Line, Col: y.Column}
	fail := func(text, hint string) (*Node, error) { return nil, &Error{n.Line, n.Col, text, hint} }
	switch {
	case depth > maxDepth:
		return fail("the values are nested too deep", "")
	case y.Kind == yaml.AliasNode || y.Anchor != "":
		return fail("anchors and aliases are not taken", "write the value out, or make a group of the hosts that share it")
	case y.Kind == yaml.ScalarNode:
		n.Kind, n.Text = Scalar, y.Value
		n.Quoted = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
		switch {
		case y.Tag == "!!null":
			n.Kind = Null
		case y.Style&yaml.TaggedStyle != 0:
			return fail(fmt.Sprintf("the tag %s is not taken", y.Tag), "")
		}
	case y.Kind == yaml.SequenceNode:
		n.Kind = List
		for _, item := range y.Content {
			c, err := convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, c)
		}
	case y.Kind == yaml.MappingNode:
		n.Kind = Map
		return n, convertPairs(n, y, depth)
	}
	return n, nil
}

func convertPairs(n *Node, y *yaml.Node, depth int) error {
	lines := make(map[string]int, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			return &Error{key.Line, key.Column, "a key is not a plain word", "quote it, if it has brackets or braces"}
		case key.Tag == "!!merge":
			return &Error{key.Line, key.Column, "merges (<<) are not taken", "make a group of the hosts that share values"}
		case lines[key.Value] > 0:
			return &Error{key.Line, key.Column, fmt.Sprintf("the key %q stands here again, first on line %d", key.Value, lines[key.Value]), ""}
		}
		lines[key.Value] = key.Line
		v, err := convert(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		n.Pairs = append(n.Pairs, Pair{&Node{Kind: Scalar, Text: key.Value, Quoted: key.Style != 0, Line: key.Line, Col: key.Column}, v})
	}
	return nil
}

var (
	number = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	real   = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?$`)
)

// Int returns a whole number in plain decimal digits: 010 is not one, because some read it as 8.
func (n *Node) Int() (int, bool) {
	if n.Kind != Scalar || n.Quoted || !number.MatchString(n.Text) {
		return 0, false
	}
	i, err := strconv.Atoi(n.Text)
	return i, err == nil
}

// Any returns the value as Go data: nil, bool, int, float64, string, []any or map[string]any. Only true and false are
// booleans, and only plain decimals are numbers; everything else is text as it stands, so that 010, no and dates stay
// what was written.
func (n *Node) Any() any {
	switch n.Kind {
	case List:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = item.Any()
		}
		return items
	case Map:
		m := make(map[string]any, len(n.Pairs))
		for _, p := range n.Pairs {
			m[p.Key.Text] = p.Value.Any()
		}
		return m
	case Null:
		return nil
	}
	if n.Quoted {
		return n.Text
	}
	if i, ok := n.Int(); ok {
		return i
	}
	switch {
	case n.Text == "true" || n.Text == "false":
		return n.Text == "true"
	case real.MatchString(n.Text):
		if f, err := strconv.ParseFloat(n.Text, 64); err == nil {
			return f
		}
	}
	return n.Text
}
