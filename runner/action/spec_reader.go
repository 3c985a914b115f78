package action

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/runner"
)

// specReader reads a file of hail's own YAML strictly, and collects what is wrong with it, each with its place.
type specReader struct {
	file string
	errs inventory.Errors
}

// fieldsOf says what to do with the value of each key.
type fieldsOf map[string]func(n *strictyaml.Node)

// readSpec reads text, which has to be a mapping with these keys.
func readSpec(file string, text []byte, what string, known func(r *specReader) fieldsOf) error {
	r := &specReader{file: file}
	doc, err := strictyaml.Parse(text)
	var root *strictyaml.Node
	if err == nil {
		root, err = doc.Strict()
	}
	var wrong *strictyaml.Error
	if errors.As(err, &wrong) {
		return &inventory.Error{Place: inventory.Place{File: file, Line: wrong.Line, Col: wrong.Col}, Text: wrong.Text, Hint: wrong.Hint}
	}
	if err != nil {
		return err
	}
	r.mapping(root, what, known(r))
	if r.errs != nil {
		return r.errs
	}
	return nil
}

func (r *specReader) fail(n *strictyaml.Node, hint, format string, args ...any) {
	r.errs = append(r.errs, &inventory.Error{Place: inventory.Place{File: r.file, Line: n.Line, Col: n.Col}, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// mapping reads a mapping whose keys are all known.
func (r *specReader) mapping(n *strictyaml.Node, what string, known fieldsOf) {
	if n.Kind != strictyaml.Map {
		r.fail(n, "it takes "+strings.Join(slices.Sorted(maps.Keys(known)), ", "), "%s has to be a mapping", what)
		return
	}
	for _, p := range n.Pairs {
		read, ok := known[p.Key.Text]
		if !ok {
			names := slices.Sorted(maps.Keys(known))
			hint := "it takes " + strings.Join(names, ", ")
			if near := inventory.Nearest(p.Key.Text, names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			r.fail(p.Key, hint, "unknown key %q in %s", p.Key.Text, what)
			continue
		}
		read(p.Value)
	}
}

// items are those of a list, or the one thing that stands there alone.
func (r *specReader) items(n *strictyaml.Node) []*strictyaml.Node {
	if n.Kind == strictyaml.List {
		return n.Items
	}
	return []*strictyaml.Node{n}
}

func (r *specReader) text(n *strictyaml.Node, into *string) {
	if n.Kind != strictyaml.Scalar || n.Text == "" {
		r.fail(n, "", "this has to be a text")
		return
	}
	*into = n.Text
}

func (r *specReader) texts(n *strictyaml.Node, into *[]string) {
	for _, item := range r.items(n) {
		var text string
		if r.text(item, &text); text != "" {
			*into = append(*into, text)
		}
	}
}

func (r *specReader) number(n *strictyaml.Node, into *int) {
	i, ok := n.Int()
	if !ok || i < 0 {
		r.fail(n, "", "this has to be a whole number")
		return
	}
	*into = i
}

func (r *specReader) yes(n *strictyaml.Node, into *bool) {
	b, ok := n.Any().(bool)
	if !ok {
		r.fail(n, "", "this has to be true or false")
		return
	}
	*into = b
}

func (r *specReader) time(n *strictyaml.Node, into *runner.Duration) {
	if err := into.UnmarshalText([]byte(n.Text)); err != nil || n.Kind != strictyaml.Scalar {
		r.fail(n, "write it with its unit: 10s, 5m", "%q is not a time", n.Text)
	}
}

// word reads one of some words.
func (r *specReader) word(n *strictyaml.Node, into *string, words ...string) {
	if n.Kind != strictyaml.Scalar || !slices.Contains(words, n.Text) {
		r.fail(n, "it is one of "+strings.Join(words, ", "), "%q is not known here", n.Text)
		return
	}
	*into = n.Text
}
