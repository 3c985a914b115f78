package fill

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"

	"hail/runner"
)

// Words returns the template of a command line that runs words[0] with the others as its arguments. Each of them is a
// template of its own, and stays one word whatever its values are.
func Words(words []string) (line string, err error) {
	lines := make([]string, len(words))
	for i, word := range words {
		if lines[i], err = quoteTexts(word); err != nil {
			return "", fmt.Errorf("the template of the command: %w", err)
		}
	}
	return strings.Join(lines, " "), nil
}

// quoteTexts quotes what stands between the actions of a template.
func quoteTexts(word string) (string, error) {
	if !strings.Contains(word, "{{") {
		return runner.Quote(word), nil
	}
	trees := map[string]*parse.Tree{}
	t := parse.New("command")
	t.Mode = parse.SkipFuncCheck
	if _, err := t.Parse(word, "", "", trees); err != nil {
		return "", syntax(err)
	}
	var texts []*parse.TextNode
	for _, tree := range trees {
		eachPart(tree.Root, 0, func(n parse.Node, _ *parse.PipeNode, _ int) {
			if text, ok := n.(*parse.TextNode); ok {
				texts = append(texts, text)
			}
		})
	}
	slices.SortFunc(texts, func(a, b *parse.TextNode) int { return int(b.Pos - a.Pos) }) // from the end, where positions stay
	for _, text := range texts {
		end := int(text.Pos) + len(text.Text)
		word = word[:text.Pos] + runner.Quote(string(text.Text)) + word[end:]
	}
	return word, nil
}
