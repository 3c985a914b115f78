package strictyaml

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

const maxDepth = 100

// converter turns the library's nodes into ours, or refuses them. Its errors are *Errors.
type converter struct {
	yaml11 bool
	left   int // nodes that may still be converted, a limit for aliases; only for yaml11
}

func (c *converter) convert(y *yaml.Node, depth int) (*Node, error) {
	n := &Node{Line: y.Line, Col: y.Column}
	fail := func(text, hint string) (*Node, error) { return nil, &Error{n.Line, n.Col, text, hint} }
	if depth > maxDepth {
		return fail("the values are nested too deeply", "")
	}
	if c.yaml11 {
		if y = c.resolve(n, y); y == nil {
			return fail("aliases make this document too large", "")
		}
	}
	switch {
	case n.Kind == Vault:
		return n, nil
	case !c.yaml11 && (y.Kind == yaml.AliasNode || y.Anchor != ""):
		return fail("anchors and aliases are not allowed", "write the value out, or make a group of the hosts that share it")
	case y.Style&yaml.TaggedStyle != 0:
		return fail(fmt.Sprintf("the tag %q is not allowed", y.Tag), "")
	case y.Kind == yaml.ScalarNode:
		n.Kind, n.Text = Scalar, y.Value
		n.AfterQuote = y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
		n.Quoted = n.Quoted || n.AfterQuote || y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
		switch {
		case y.Tag == "!!null":
			n.Kind = Null
		case c.yaml11 && !n.Quoted:
			n.Text, n.Quoted = plain11(n.Text)
		}
	case y.Kind == yaml.SequenceNode:
		n.Kind = List
		for i, item := range y.Content {
			converted, err := c.convert(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, converted)
			c.drop(y, i)
		}
	case y.Kind == yaml.MappingNode:
		n.Kind = Map
		if err := c.convertPairs(n, y, depth); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (c *converter) convertPairs(n *Node, y *yaml.Node, depth int) error {
	lines := make(map[string]int, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Alias != nil {
			key = key.Alias
		}
		if key.Tag == "!!merge" {
			if c.yaml11 {
				continue
			}
			return &Error{key.Line, key.Column, "merges (<<) are not allowed", "make a group of the hosts that share values"}
		}
		k, err := c.convert(key, depth+1)
		switch {
		case err != nil:
			return err
		case k.Kind != Scalar:
			return &Error{key.Line, key.Column, "a key is not a plain word", "quote it, if it has brackets or braces"}
		case lines[key.Value] > 0:
			return &Error{key.Line, key.Column, fmt.Sprintf("duplicate key %q, first on line %d", key.Value, lines[key.Value]), ""}
		}
		k.Text = key.Value
		lines[key.Value] = key.Line
		v, err := c.convert(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		n.Pairs = append(n.Pairs, Pair{k, v})
		c.drop(y, i+1)
	}
	if c.yaml11 {
		return c.merge(n, y, lines, depth)
	}
	return nil
}

// drop releases a node that has been converted: the library's nodes are large, and together with ours they are most
// of the memory that a large inventory takes. In YAML 1.1, aliases may need them to the end, so they are kept.
func (c *converter) drop(y *yaml.Node, i int) {
	if !c.yaml11 {
		y.Content[i] = nil
	}
}
