package fill

import (
	"fmt"
	"reflect"
	"strconv"
	"text/template"
	"text/template/parse"
)

// ifAny is the name of the index that does not mind that a mapping lacks its last key.
const ifAny = "ifAny"

// functions are those of all templates: text/template's index takes all that a mapping lacks for nothing.
var functions = template.FuncMap{
	"index": func(of any, keys ...any) (any, error) { return index(of, keys, false) },
	ifAny:   func(of any, keys ...any) (any, error) { return index(of, keys, true) },
	"default": func(otherwise, v any) any {
		if v == nil || v == "" {
			return otherwise
		}
		return v
	},
}

func index(of any, keys []any, optional bool) (any, error) {
	for i, key := range keys {
		v, k := reflect.ValueOf(of), reflect.ValueOf(key)
		switch {
		case v.Kind() == reflect.Map && k.Kind() == reflect.String:
			entry := v.MapIndex(k)
			if !entry.IsValid() {
				if optional && i == len(keys)-1 {
					return nil, nil
				}
				return nil, fmt.Errorf("map has no entry for key %q", key)
			}
			of = entry.Interface()
		case (v.Kind() == reflect.Slice || v.Kind() == reflect.String) && k.CanInt():
			if k.Int() < 0 || k.Int() >= int64(v.Len()) {
				return nil, fmt.Errorf("index out of range: %d", k.Int())
			}
			of = v.Index(int(k.Int())).Interface()
		default:
			return nil, fmt.Errorf("there is no %v in it", key)
		}
	}
	return of, nil
}

// allowUndefined makes {{.vars.x}} no error on hosts without x where it is what the function default is for.
func allowUndefined(tree *parse.Tree, p *parse.PipeNode, names int) {
	for i, c := range p.Cmds {
		for _, arg := range c.Args {
			if chain, ok := arg.(*parse.ChainNode); ok { // (…).name
				arg = chain.Node
			}
			if inner, ok := arg.(*parse.PipeNode); ok {
				allowUndefined(tree, inner, names)
			}
		}
		if id, ok := c.Args[0].(*parse.IdentifierNode); !ok || id.Ident != "default" {
			continue
		}
		if len(c.Args) == 3 {
			c.Args[2] = maybe(tree, c.Args[2], names)
		} else if i > 0 { // what is piped to it
			piped := p.Cmds[i-1]
			if mayLack(piped); len(piped.Args) == 1 {
				piped.Args[0] = maybe(tree, piped.Args[0], names)
			}
		}
	}
}

// maybe returns a node that is the value of n or, if only the last part of its name is not defined, nothing. A field needs
// at least so many names for that.
func maybe(tree *parse.Tree, n parse.Node, least int) parse.Node {
	var within parse.Node
	var names *[]string
	switch n := n.(type) {
	case *parse.PipeNode: // (index .vars "x")
		mayLack(n.Cmds[len(n.Cmds)-1])
	case *parse.FieldNode: // .vars.x
		of := *n
		within, names = &of, &of.Ident
	case *parse.VariableNode: // $.vars.x, $item.x
		of := *n
		within, names, least = &of, &of.Ident, 2
		if of.Ident[0] == "$" {
			least = 3
		}
	}
	if names == nil || len(*names) < least {
		return n
	}
	last := len(*names) - 1
	name := (*names)[last]
	*names = (*names)[:last]
	pos := n.Position()
	if last == 0 { // .x
		within = &parse.DotNode{NodeType: parse.NodeDot, Pos: pos}
	}
	value := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{parse.NewIdentifier(ifAny).SetPos(pos).SetTree(tree), within,
		&parse.StringNode{NodeType: parse.NodeString, Pos: pos, Quoted: strconv.Quote(name), Text: name}}}
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{value}}
}

// mayLack makes index what does not mind.
func mayLack(c *parse.CommandNode) {
	if id, ok := c.Args[0].(*parse.IdentifierNode); ok && id.Ident == "index" {
		id.Ident = ifAny
	}
}
