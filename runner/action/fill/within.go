package fill

import (
	"bytes"
	"errors"
	"text/template/parse"

	"hail/runner"
)

// Where quotes stand around a value already, those that it needs would end them, and the shell would take a part of the
// value for its own. So only a value that needs none may stand there, as the name of a host in "{{.host}}.log".

// withinValue is quoteValue for such a place.
func withinValue(v any) (string, error) {
	text, err := rawValue(v)
	if err == nil && runner.Quote(text) != text && text != "" {
		err = errors.New("this value needs quotes, and stands within some, after a backslash or behind <<: leave those out, as every value is quoted")
	}
	return text, err
}

// guard pipes the values that stand within quotes through withinValue, where the others go through quoteValue. What a
// template defines may be used anywhere: it counts as within.
func guard(tree *parse.Tree, root bool) {
	var open quotes
	if !root {
		open = quotes{anywhere}
	}
	eachPart(tree.Root, 0, func(n parse.Node, _ *parse.PipeNode, _ int) {
		switch n := n.(type) {
		case *parse.TextNode:
			open = open.after(n.Text)
		case *parse.ActionNode:
			last := n.Pipe.Cmds[len(n.Pipe.Cmds)-1]
			if id, ok := last.Args[0].(*parse.IdentifierNode); ok && id.Ident == "quote" && !open.none() {
				last.Args[0] = parse.NewIdentifier("within").SetPos(id.Pos).SetTree(tree)
			}
		}
	})
}

// quotes are what stands open at a place of a command line, from the outside in: quotes, backquotes, a backslash, a comment,
// and the parenthesis of a $(…) within quotes, in which the shell reads afresh.
type quotes []byte

// anywhere stands for what can't be told, as within a here document.
const anywhere = '<'

func (q quotes) top() byte {
	if len(q) == 0 {
		return '('
	}
	return q[len(q)-1]
}

// none reports whether a value that is quoted stays one word here.
func (q quotes) none() bool { return q.top() == '(' }

// after returns what stands open after a further part of the command line.
func (q quotes) after(text []byte) quotes {
	if q.top() == '\\' { // it was for the value
		q = q[:len(q)-1]
	}
	for i := 0; i < len(text); i++ {
		c, rest := text[i], text[i+1:]
		switch top := q.top(); {
		case top == anywhere:
			return q
		case c == '\\' && top != '\'' && top != '#':
			if i++; i == len(text) && top == '(' {
				q = append(q, c)
			}
		case top == '#':
			if c == '\n' {
				q = q[:len(q)-1]
			}
		case top != '(' && c == top, len(q) > 0 && top == '(' && c == ')':
			q = q[:len(q)-1]
		case top == '"' && c == '$' && bytes.HasPrefix(rest, []byte("(")):
			q = append(q, '(')
			i++
		case top == '"' && c == '`', len(q) > 0 && top == '(' && c == '(':
			q = append(q, c)
		case top != '(':
		case c == '\'', c == '"', c == '`', c == '#' && (i == 0 || bytes.IndexByte([]byte(" \n;("), text[i-1]) >= 0):
			q = append(q, c)
		case bytes.HasPrefix(text[i:], []byte("<<<")):
			i += 2
		case bytes.HasPrefix(text[i:], []byte("<<")):
			return append(q, anywhere)
		}
	}
	return q
}
