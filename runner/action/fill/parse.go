package fill

import (
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
)

// Parse parses a template, which may call known and default besides the functions of text/template. Every value that it
// prints is piped through written, the name of one of known: plain or quote. The error says in plain words what is wrong.
// A name that is not defined is an error of the template's Execute; see Why.
func Parse(name, text string, known template.FuncMap, written string) (*template.Template, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(functions).Funcs(known).Parse(text)
	if err != nil {
		return nil, syntax(err)
	}
	for _, part := range t.Templates() {
		eachPart(part.Root, 2, func(n parse.Node, p *parse.PipeNode, names int) {
			if p == nil {
				return
			}
			allowUndefined(part.Tree, p, names)
			if number := character.FindString(quoted.ReplaceAllString(p.String(), "")); number != "" && err == nil {
				line := 1 + strings.Count(text[:n.Position()], "\n")
				err = mistake(fmt.Sprintf("%s:%d: %s is a number: a text has double quotes", name, line, number))
			}
			if action, ok := n.(*parse.ActionNode); ok && len(p.Decl) == 0 {
				pass(part.Tree, action, written)
			}
		})
	}
	return t, err
}

var (
	quoted    = regexp.MustCompile("`[^`]*`|" + `"(?:[^"\\]|\\.)*"`)
	character = regexp.MustCompile(`'(?:[^'\\]|\\.)+'`)
)

// pass pipes the value that n prints through a function, unless it is piped to quote or raw already.
func pass(tree *parse.Tree, n *parse.ActionNode, function string) {
	last := n.Pipe.Cmds[len(n.Pipe.Cmds)-1].Args[0]
	if id, ok := last.(*parse.IdentifierNode); ok && (id.Ident == "raw" || id.Ident == "quote") {
		return
	}
	n.Pipe.Cmds = []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: n.Pos, // so that an error shows the pipeline itself
		Args: []parse.Node{parse.NewIdentifier(function).SetPos(n.Pos).SetTree(tree), n.Pipe.CopyPipe()}}}
}

// eachPart calls visit for n, or what is in it, in order, where that is a text or has a pipeline. names is how many a field
// has at least that may be undefined: 2 as in .vars.x, and 1 where range or with has made dot something else.
func eachPart(n parse.Node, names int, visit func(n parse.Node, p *parse.PipeNode, names int)) {
	var branch *parse.BranchNode
	within := names
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, inner := range n.Nodes {
				eachPart(inner, names, visit)
			}
		}
	case *parse.TextNode:
		visit(n, nil, names)
	case *parse.ActionNode:
		visit(n, n.Pipe, names)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			visit(n, n.Pipe, names)
		}
	case *parse.IfNode:
		branch = &n.BranchNode
	case *parse.RangeNode:
		branch, within = &n.BranchNode, 1
	case *parse.WithNode:
		branch, within = &n.BranchNode, 1
	}
	if branch != nil {
		visit(branch, branch.Pipe, names)
		eachPart(branch.List, within, visit)
		eachPart(branch.ElseList, names, visit)
	}
}
