package fill

import (
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
		err = errors.New("this value needs quotes, and stands within some, or after a backslash: leave those out, as every value is quoted")
	}
	return text, err
}

// guard pipes the values that stand within quotes through withinValue, where the others go through quoteValue. What a
// template defines may be used anywhere: it counts as within.
func guard(tree *parse.Tree, root bool) {
	at := byte(0)
	if !root {
		at = anywhere
	}
	eachPart(tree.Root, 0, func(n parse.Node, _ *parse.PipeNode, _ int) {
		switch n := n.(type) {
		case *parse.TextNode:
			at = quoteAfter(at, n.Text)
		case *parse.ActionNode:
			last := n.Pipe.Cmds[len(n.Pipe.Cmds)-1]
			if id, ok := last.Args[0].(*parse.IdentifierNode); at != 0 && ok && id.Ident == "quote" {
				last.Args[0] = parse.NewIdentifier("within").SetPos(id.Pos).SetTree(tree)
			}
		}
	})
}

// anywhere is what quoteAfter returns where it can't tell, as within a here document.
const anywhere = '<'

// quoteAfter returns what stands open after a part of a command line, if at stood open before it: a quote, a backquote, a
// backslash, a comment; 0 for nothing.
func quoteAfter(at byte, text []byte) byte {
	if at == '\\' { // it was for the value
		at = 0
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case at == anywhere:
			return at
		case c == '\\' && at != '\'' && at != '#':
			if i++; i == len(text) && at == 0 {
				return c
			}
		case at == '#':
			if c == '\n' {
				at = 0
			}
		case at != 0:
			if c == at {
				at = 0
			}
		case c == '\'', c == '"', c == '`', c == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\n' || text[i-1] == ';'):
			at = c
		case c == '<' && i+1 < len(text) && text[i+1] == '<':
			if i+2 == len(text) || text[i+2] != '<' {
				return anywhere
			}
			i += 2
		}
	}
	return at
}
