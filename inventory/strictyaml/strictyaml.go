// Package strictyaml decodes YAML and JSON into nodes that know their places, and refuses what is ambiguous or
// dangerous: a second document, a duplicate key, anchors and merges. Files that were written for another program are
// read by the rules of YAML 1.1 instead. It is the only package that imports the YAML library.
package strictyaml

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Kind is the kind of a node.
type Kind uint8

// The kinds of nodes. An empty value is Null.
const (
	Null Kind = iota
	Scalar
	List
	Map
	Vault // a value encrypted by ansible-vault, without its text
)

// Node is a value and its place. Line and Col count from 1.
type Node struct {
	Kind       Kind
	Quoted     bool   // a Scalar that is text, whatever it looks like
	AfterQuote bool   // a quote is at Col, and Text begins after it
	Text       string // of a Scalar, as written, without quotes
	Items      []*Node
	Pairs      []Pair
	Line, Col  int
}

// Pair is an entry of a Map.
type Pair struct {
	Key   *Node // a Scalar
	Value *Node
}

// Get returns the value of a key of a Map; nil when there is none, or when n is no Map.
func (n *Node) Get(key string) *Node {
	for _, p := range n.Pairs {
		if p.Key.Text == key {
			return p.Value
		}
	}
	return nil
}

// Error says what is wrong, and where.
type Error struct {
	Line, Col int
	Text      string
	Hint      string
}

// Error returns the text without the place.
func (e *Error) Error() string { return e.Text }

// Document is a document that is parsed, but not yet decoded by either Strict or YAML11.
type Document struct {
	root  *yaml.Node // nil: there is none
	nodes int        // an estimate from the size of the text
}

// Parse reads the only document in text, which may be empty. Its error is an *Error.
func Parse(text []byte) (*Document, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return &Document{}, nil
	case err != nil:
		return nil, syntaxError(d, err, text)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntaxError(d, err, text)
		}
		return nil, &Error{Line: second.Line, Col: second.Column, Text: "a second YAML document begins here", Hint: "put it in a file of its own"}
	}
	return &Document{root: doc.Content[0], nodes: bytes.Count(text, []byte{'\n'}) + len(text)/8}, nil
}

// Keys returns the keys at the top of the document, each with the keys of the mapping below it.
func (d *Document) Keys() map[string][]string {
	keys := map[string][]string{}
	if d.root == nil || d.root.Kind != yaml.MappingNode {
		return keys
	}
	for i := 0; i+1 < len(d.root.Content); i += 2 {
		var below []string
		if value := d.root.Content[i+1]; value.Kind == yaml.MappingNode {
			for j := 0; j < len(value.Content); j += 2 {
				below = append(below, value.Content[j].Value)
			}
		}
		keys[d.root.Content[i].Value] = below
	}
	return keys
}

// Strict decodes the document by hail's own rules; an empty one is Null. The Document is empty afterwards. Its error
// is an *Error.
func (d *Document) Strict() (*Node, error) {
	n, err := d.convert(&converter{})
	d.root = nil
	return n, err
}

func (d *Document) convert(c *converter) (*Node, error) {
	if d.root == nil {
		return &Node{Line: 1, Col: 1}, nil
	}
	return c.convert(d.root, 0)
}

var (
	number  = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)
	decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?$`)
)

// Int returns the value of a whole number in plain decimal digits. 010 is not one: some programs read it as 8.
func (n *Node) Int() (int, bool) {
	if n.Kind != Scalar || n.Quoted || !number.MatchString(n.Text) {
		return 0, false
	}
	i, err := strconv.Atoi(n.Text)
	return i, err == nil
}

// Any returns the value as Go data: nil, bool, int, float64, string, []any or map[string]any. Only true and false are
// booleans, and only plain decimals are numbers; everything else is text as it stands, so that 010, no and dates stay
// as written.
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
	case Null, Vault:
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
	case decimal.MatchString(n.Text):
		if f, err := strconv.ParseFloat(n.Text, 64); err == nil {
			return f
		}
	}
	return n.Text
}
