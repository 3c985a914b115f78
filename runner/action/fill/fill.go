// Package fill puts what differs from host to host into texts and command lines, in the language of text/template: {{.host}},
// {{.address}}, {{.user}}, {{.port}}, {{.index}}, {{.groups}}, {{.vars.NAME}}.
package fill

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"

	"hail/inventory"
	"hail/runner"
)

// Command is a command line with places. Every value is quoted for the shell, unless raw stands behind it: {{.vars.flags | raw}}.
// ParseCommand makes one; the zero value is none. It may be used by many goroutines at once.
type Command struct{ t *template.Template }

// ParseCommand reads the template of a command line.
func ParseCommand(line string) (Command, error) {
	t, err := template.New("command").Option("missingkey=error").Funcs(template.FuncMap{"quote": quoteValue, "raw": rawValue}).Parse(line)
	if err != nil {
		return Command{}, fmt.Errorf("the template of the command: %s", strings.TrimPrefix(err.Error(), "template: "))
	}
	passAll(t, "quote")
	return Command{t}, nil
}

// passAll passes every value that is printed through a function, unless quote or raw stands behind it.
func passAll(t *template.Template, function string) {
	for _, part := range t.Templates() {
		if part.Tree != nil {
			pass(part.Tree, part.Tree.Root, function)
		}
	}
}

func pass(tree *parse.Tree, n parse.Node, function string) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, inner := range n.Nodes {
			pass(tree, inner, function)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) > 0 {
			return
		}
		last := n.Pipe.Cmds[len(n.Pipe.Cmds)-1].Args[0]
		if id, ok := last.(*parse.IdentifierNode); ok && (id.Ident == "raw" || id.Ident == "quote") {
			return
		}
		n.Pipe.Cmds = []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: n.Pos, // around it, so that an error shows what is inside
			Args: []parse.Node{parse.NewIdentifier(function).SetPos(n.Pos).SetTree(tree), n.Pipe.CopyPipe()}}}
	case *parse.IfNode:
		pass(tree, n.List, function)
		pass(tree, n.ElseList, function)
	case *parse.RangeNode:
		pass(tree, n.List, function)
		pass(tree, n.ElseList, function)
	case *parse.WithNode:
		pass(tree, n.List, function)
		pass(tree, n.ElseList, function)
	}
}

func rawValue(v any) (string, error) {
	text := inventory.ValueText(v)
	switch {
	case strings.Contains(text, inventory.Redacted): // it may be a part of one
		return "", errors.New("this value is secret, and command lines are not: --secret-env hands it over")
	case strings.ContainsRune(text, 0):
		return "", errors.New("a command can't have a NUL byte")
	}
	return text, nil
}

func quoteValue(v any) (string, error) {
	text, err := rawValue(v)
	return runner.Quote(text), err
}

// For returns the command line for a host. An undefined name is an error.
func (c Command) For(h inventory.Host, index int) (string, error) {
	var b strings.Builder
	if err := c.t.Execute(&b, Data(h, index)); err != nil {
		return "", fmt.Errorf("the command for %s: %s", h.Name, Why(err))
	}
	return b.String(), nil
}

// Line fills in a command line for a host: every value is quoted for the shell. An undefined name is an error.
func Line(line string, h inventory.Host, index int) (string, error) {
	c, err := ParseCommand(line)
	if err != nil {
		return "", err
	}
	return c.For(h, index)
}

// Text fills in a text that no shell sees. An undefined name is an error, and so is a secret.
func Text(text string, h inventory.Host, index int) (string, error) {
	t, err := template.New("text").Option("missingkey=error").Funcs(template.FuncMap{"plain": plainValue}).Parse(text)
	if err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "template: "))
	}
	passAll(t, "plain")
	var b strings.Builder
	if err := t.Execute(&b, Data(h, index)); err != nil {
		return "", fmt.Errorf("for %s: %s", h.Name, Why(err))
	}
	return b.String(), nil
}

func plainValue(v any) (string, error) {
	text := inventory.ValueText(v)
	if strings.Contains(text, inventory.Redacted) {
		return "", errors.New("this value is secret")
	}
	return text, nil
}

var templateFailed = regexp.MustCompile(`<(?:(?:quote|plain) \(([^<>]*)\)|([^<>]*))>: (?:error calling \w+: )?(.*)$`)

// Why says what was wrong with a template, without the library's own places and what is put around values here.
func Why(err error) string {
	m := templateFailed.FindStringSubmatch(err.Error())
	if m == nil {
		return strings.TrimPrefix(err.Error(), "template: ")
	}
	place, why := "{{"+m[1]+m[2]+"}}", m[3]
	if strings.HasPrefix(why, "map has no entry") {
		return place + " is not defined"
	}
	return place + ": " + why
}

// Data is what a template knows of a host.
func Data(h inventory.Host, index int) map[string]any {
	vars := h.Vars
	if vars == nil {
		vars = map[string]any{}
	}
	return map[string]any{"host": h.Name, "address": cmp.Or(h.Connection.Address, h.Name), "user": h.Connection.User,
		"port": cmp.Or(h.Connection.Port, 22), "index": index, "groups": h.Groups, "vars": vars}
}
