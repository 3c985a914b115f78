// Package fill fills in texts and command lines with what differs from host to host, in the language of text/template:
// {{.host}}, {{.address}}, {{.user}}, {{.port}}, {{.index}}, {{.groups}}, {{.vars.NAME}}.
package fill

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"text/template"

	"hail/inventory"
	"hail/runner"
)

// Command is the template of a command line. Every value is quoted for the shell unless it is piped to raw:
// {{.vars.flags | raw}}. ParseCommand makes one; the zero value can't be used. It is safe for concurrent use.
type Command struct{ t *template.Template }

// ParseCommand parses the template of a command line.
func ParseCommand(line string) (Command, error) {
	t, err := Parse("command", line, template.FuncMap{"quote": quoteValue, "within": withinValue, "raw": rawValue}, "quote")
	if err != nil {
		return Command{}, fmt.Errorf("the template of the command: %w", err)
	}
	for _, part := range t.Templates() {
		guard(part.Tree, part == t)
	}
	return Command{t}, nil
}

func rawValue(v any) (string, error) {
	text := inventory.ValueText(v)
	switch {
	case strings.Contains(text, inventory.Redacted): // a secret may be just a part of it
		return "", errors.New("this value is secret, and a command line is not: push it in a file, or pass it to hail run with --secret-env")
	case strings.ContainsRune(text, 0):
		return "", errors.New("a command can't contain a NUL byte")
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
		return "", fmt.Errorf("the command for %s: %w", h.Name, Why(err, h))
	}
	return b.String(), nil
}

// Line fills in a command line for a host, as a Command does. An undefined name is an error.
func Line(line string, h inventory.Host, index int) (string, error) {
	return (*Templates)(nil).Line(line, h, index)
}

func plainValue(v any) (string, error) {
	text := inventory.ValueText(v)
	if strings.Contains(text, inventory.Redacted) {
		return "", errors.New("this value is secret")
	}
	return text, nil
}

// Data returns what a template can use for a host; index is the host's place in the plan.
func Data(h inventory.Host, index int) map[string]any {
	vars := h.Vars
	if vars == nil {
		vars = map[string]any{}
	}
	return map[string]any{"host": h.Name, "address": cmp.Or(h.Connection.Address, h.Name), "user": h.Connection.User,
		"port": cmp.Or(h.Connection.Port, 22), "index": index, "groups": h.Groups, "vars": vars}
}
