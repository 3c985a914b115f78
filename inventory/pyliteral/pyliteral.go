// Package pyliteral reads Python literals, which Ansible's INI inventories have as values. It is the only package
// that imports the Starlark parser, which knows their syntax.
package pyliteral

import (
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/syntax"
)

// Parse returns the value of a Python literal as Go data: nil, bool, int, float64, string, []any (for a list or a
// tuple) or map[string]any. ok is false if text is not a literal, or a literal of another type. Parse never panics,
// and runs nothing.
func Parse(text string) (value any, ok bool) {
	if len(text) > maxText {
		return nil, false
	}
	if len(text) > 1 && strings.ContainsRune("uU", rune(text[0])) && strings.ContainsRune(`'"`, rune(text[1])) {
		text = text[1:]
	}
	if grouped.MatchString(text) {
		text = strings.ReplaceAll(text, "_", "")
	}
	e, err := options.ParseExpr("", text, 0)
	if err != nil && strings.Contains(text, `\`) {
		e, err = options.ParseExpr("", escape.ReplaceAllStringFunc(text, doubled), 0)
	}
	if err != nil {
		return nil, false
	}
	return convert(e, 0)
}

var (
	options = &syntax.FileOptions{}
	grouped = regexp.MustCompile(`^[-+]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[0-9](?:_?[0-9])*(?:\.[0-9](?:_?[0-9])*)?)\s*(?:#.*)?$`)
	escape  = regexp.MustCompile(`\\(?s:.)`)
)

// doubled doubles the backslash of an escape that Python does not know, because Python keeps it as text.
func doubled(escape string) string {
	if strings.ContainsAny(escape[1:], "abfnrtvxuU01234567\\'\"\n") {
		return escape
	}
	return `\` + escape
}

const (
	maxText  = 64 << 10 // keeps the parser, which recurses at each bracket, from running out of stack
	maxDepth = 100
)

func convert(e syntax.Expr, depth int) (any, bool) {
	if depth > maxDepth {
		return nil, false
	}
	switch e := e.(type) {
	case *syntax.Literal:
		switch v := e.Value.(type) {
		case int64:
			return int(v), true
		case float64, string:
			return v, true
		}
	case *syntax.UnaryExpr:
		return signed(e)
	case *syntax.Ident:
		value, ok := map[string]any{"True": true, "False": false, "None": nil}[e.Name]
		return value, ok
	case *syntax.ParenExpr:
		return convert(e.X, depth+1)
	case *syntax.ListExpr:
		return list(e.List, depth)
	case *syntax.TupleExpr:
		return list(e.List, depth)
	case *syntax.DictExpr:
		m := make(map[string]any, len(e.List))
		for _, item := range e.List {
			entry := item.(*syntax.DictEntry)
			key, ok := convert(entry.Key, depth+1)
			if !ok {
				return nil, false
			}
			if m[keyText(key)], ok = convert(entry.Value, depth+1); !ok {
				return nil, false
			}
		}
		return m, true
	}
	return nil, false
}

func list(items []syntax.Expr, depth int) (any, bool) {
	values := make([]any, 0, len(items))
	for _, item := range items {
		v, ok := convert(item, depth+1)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

func signed(e *syntax.UnaryExpr) (any, bool) {
	number, ok := e.X.(*syntax.Literal)
	if !ok || e.Op != syntax.MINUS && e.Op != syntax.PLUS {
		return nil, false
	}
	sign := 1
	if e.Op == syntax.MINUS {
		sign = -1
	}
	switch v := number.Value.(type) {
	case int64:
		return sign * int(v), true
	case float64:
		return float64(sign) * v, true
	}
	return nil, false
}

// keyText writes a key as JSON does, where every key is a string.
func keyText(key any) string {
	if key == nil {
		return "null"
	}
	return fmt.Sprint(key)
}
