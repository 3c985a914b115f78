package fill

import (
	"fmt"
	"strings"
	"text/template/parse"

	"hail/runner"
)

// Words returns the template of a command line that runs words[0] with the others as its arguments. What words have
// beside their values is quoted, and the values are when they are filled in: quotes around them would end there.
func Words(words []string) (string, error) {
	quoted := make([]string, len(words))
	for i, w := range words {
		if !strings.Contains(w, "{{") {
			quoted[i] = runner.Quote(w)
			continue
		}
		tree := parse.New("command")
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(w, "", "", map[string]*parse.Tree{}); err != nil {
			return "", fmt.Errorf("the template of the command: %w", syntax(err))
		}
		quoteText(tree.Root)
		quoted[i] = tree.Root.String()
	}
	return strings.Join(quoted, " "), nil
}

// quoteText quotes all text that n has beside values.
func quoteText(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, inner := range n.Nodes {
				quoteText(inner)
			}
		}
	case *parse.TextNode:
		n.Text = []byte(runner.Quote(string(n.Text)))
	case *parse.IfNode:
		quoteText(n.List)
		quoteText(n.ElseList)
	case *parse.RangeNode:
		quoteText(n.List)
		quoteText(n.ElseList)
	case *parse.WithNode:
		quoteText(n.List)
		quoteText(n.ElseList)
	}
}
