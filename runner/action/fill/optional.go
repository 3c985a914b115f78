package fill

import (
	"strconv"
	"text/template/parse"
)

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
		} else if i > 0 && len(p.Cmds[i-1].Args) == 1 { // what is piped to it
			p.Cmds[i-1].Args[0] = maybe(tree, p.Cmds[i-1].Args[0], names)
		}
	}
}

// maybe returns a node that is the value of n or, if only the last part of its name is not defined, nothing. A field needs
// at least so many names for that.
func maybe(tree *parse.Tree, n parse.Node, least int) parse.Node {
	var within parse.Node
	var names *[]string
	switch n := n.(type) {
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
	index := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: []parse.Node{parse.NewIdentifier("index").SetPos(pos).SetTree(tree), within,
		&parse.StringNode{NodeType: parse.NodeString, Pos: pos, Quoted: strconv.Quote(name), Text: name}}}
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{index}}
}
