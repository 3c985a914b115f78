package strictyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ParseJSON decodes the JSON values in text, one after another, with or without blanks between them. As in YAML, a
// duplicate key is an error. It returns at least one value, or an *Error.
func ParseJSON(text []byte) (values []*Node, err error) {
	p := jsonParser{text: text, dec: json.NewDecoder(bytes.NewReader(text)), line: 1}
	p.dec.UseNumber()
	for {
		n, err := p.value(0)
		if err != nil {
			return nil, err
		}
		values = append(values, n)
		at := p.next(blanks)
		if at == len(text) {
			return values, nil
		}
		if text[at] == ',' || text[at] == ':' {
			return nil, p.fail(at, fmt.Sprintf("this is not JSON: %q after the end of a value", text[at:at+1]), "")
		}
	}
}

// blanks may stand between the tokens of JSON.
const blanks = " \t\r\n"

// jsonParser reads tokens, and counts the lines up to them.
type jsonParser struct {
	text  []byte
	dec   *json.Decoder
	at    int // up to here, lines are counted
	line  int
	begin int // offset of that line
}

// next returns the offset of what comes next, after any of skipped.
func (p *jsonParser) next(skipped string) int {
	rest := p.text[p.dec.InputOffset():]
	return len(p.text) - len(bytes.TrimLeft(rest, skipped))
}

func (p *jsonParser) place(at int) (line, col int) {
	for ; p.at < min(at, len(p.text)); p.at++ {
		if p.text[p.at] == '\n' {
			p.line, p.begin = p.line+1, p.at+1
		}
	}
	return p.line, at - p.begin + 1
}

func (p *jsonParser) fail(at int, text, hint string) error {
	line, col := p.place(at)
	return &Error{line, col, text, hint}
}

func (p *jsonParser) token() (n *Node, t json.Token, err error) {
	at := p.next(blanks + ",:")
	if t, err = p.dec.Token(); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, nil, p.fail(len(p.text), "the JSON ends too early", "")
		}
		return nil, nil, p.fail(p.next(blanks), "this is not JSON: "+err.Error(), "") // one comma or colon may have been read
	}
	line, col := p.place(at)
	return &Node{Line: line, Col: col}, t, nil
}

func (p *jsonParser) value(depth int) (*Node, error) {
	n, t, err := p.token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, &Error{n.Line, n.Col, "the values are nested too deeply", ""}
	}
	switch v := t.(type) {
	case string:
		n.Kind, n.Text, n.Quoted, n.AfterQuote = Scalar, v, true, true
	case bool:
		n.Kind, n.Text = Scalar, fmt.Sprint(v)
	case json.Number:
		n.Kind, n.Text = Scalar, v.String()
		if i := strings.IndexAny(n.Text, "eE"); i > 0 && !strings.Contains(n.Text, ".") {
			n.Text = n.Text[:i] + ".0" + n.Text[i:]
		}
	case json.Delim:
		return n, p.inside(n, v, depth)
	}
	return n, nil
}

// inside reads into n what follows the opening bracket of a list or a mapping.
func (p *jsonParser) inside(n *Node, open json.Delim, depth int) error {
	n.Kind = List
	if open == '{' {
		n.Kind = Map
	}
	lines := map[string]int{}
	for p.dec.More() {
		var key *Node
		if n.Kind == Map {
			k, t, err := p.token()
			if err != nil {
				return err
			}
			k.Kind, k.Quoted, k.AfterQuote = Scalar, true, true
			k.Text, _ = t.(string)
			if first := lines[k.Text]; first > 0 {
				return &Error{k.Line, k.Col, fmt.Sprintf("duplicate key %q, first on line %d", k.Text, first), ""}
			}
			lines[k.Text], key = k.Line, k
		}
		v, err := p.value(depth + 1)
		switch {
		case err != nil:
			return err
		case key != nil:
			n.Pairs = append(n.Pairs, Pair{key, v})
		default:
			n.Items = append(n.Items, v)
		}
	}
	_, _, err := p.token()
	return err
}
