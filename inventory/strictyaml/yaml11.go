package strictyaml

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// YAML11 decodes the document as Ansible does, by YAML 1.1 (https://yaml.org/type/): yes and on are true, 010 is 8,
// 1:30 is 90, and anchors, aliases and merges are followed unless they make the document many times larger. A value
// with the tag !vault becomes a Vault. Dates stay text. Its error is an *Error.
func (d *Document) YAML11() (*Node, error) {
	return d.convert(&converter{yaml11: true, left: 100_000 + 10*d.nodes})
}

// resolve follows an alias, and applies the tags that Ansible knows. It returns nil when aliases make the document
// too large.
func (c *converter) resolve(n *Node, y *yaml.Node) *yaml.Node {
	if y.Kind == yaml.AliasNode {
		y = y.Alias
		n.Line, n.Col = y.Line, y.Column
	}
	if c.left--; c.left < 0 {
		return nil
	}
	if y.Style&yaml.TaggedStyle == 0 {
		return y
	}
	known := *y
	known.Style &^= yaml.TaggedStyle
	switch y.Tag {
	case "!vault", "!vault-encrypted":
		n.Kind = Vault
	case "!unsafe", "!!str":
		n.Quoted = true
	case "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
	default:
		return y
	}
	return &known
}

// merge adds the pairs of the mappings that << names. The mapping's own pairs win, and then those of the first
// mapping named.
func (c *converter) merge(n *Node, y *yaml.Node, lines map[string]int, depth int) error {
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Tag != "!!merge" {
			continue
		}
		from, err := c.convert(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		sources := []*Node{from}
		if from.Kind == List {
			sources = from.Items
		}
		for _, source := range sources {
			if source.Kind != Map {
				return &Error{source.Line, source.Col, "only a mapping can be merged (<<)", ""}
			}
			for _, p := range source.Pairs {
				if lines[p.Key.Text] == 0 {
					lines[p.Key.Text] = p.Key.Line
					n.Pairs = append(n.Pairs, p)
				}
			}
		}
	}
	return nil
}

var (
	bool11 = regexp.MustCompile(`^(?:(yes|Yes|YES|true|True|TRUE|on|On|ON)|no|No|NO|false|False|FALSE|off|Off|OFF)$`)
	int11  = regexp.MustCompile(`^[-+]?(?:0b[01_]+|0[0-7_]*|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$`)
	base60 = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`)
	real11 = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$`)
)

// plain11 rewrites a plain scalar for Node.Any: what YAML 1.1 takes for a boolean or a number is written so that Any
// takes it for the same, and everything else is quoted.
func plain11(text string) (plain string, quoted bool) {
	digits := strings.ReplaceAll(strings.TrimPrefix(text, "+"), "_", "")
	switch {
	case bool11.MatchString(text):
		return strconv.FormatBool(bool11.FindStringSubmatch(text)[1] != ""), false
	case int11.MatchString(text):
		if i, ok := new(big.Int).SetString(digits, 0); ok {
			return i.String(), false
		}
	case base60.MatchString(text) && (text[0] != '0' || strings.Contains(text, ".")):
		return sum60(digits), false
	case real11.MatchString(text):
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			plain = strconv.FormatFloat(f, 'f', -1, 64)
			if !strings.Contains(plain, ".") {
				plain += ".0"
			}
			return plain, false
		}
	}
	return text, true
}

// sum60 writes a base-60 number, "1:30" or "1:30.5", in decimal.
func sum60(text string) string {
	digits, negative := strings.CutPrefix(text, "-")
	sum := new(big.Float).SetPrec(100)
	for part := range strings.SplitSeq(digits, ":") {
		place, _ := new(big.Float).SetString(strings.TrimSuffix(part, "."))
		sum.Add(sum.Mul(sum, big.NewFloat(60)), place)
	}
	if negative {
		sum.Neg(sum)
	}
	if !strings.Contains(digits, ".") {
		return sum.Text('f', 0)
	}
	f, _ := sum.Float64()
	return strconv.FormatFloat(f, 'f', -1, 64)
}
