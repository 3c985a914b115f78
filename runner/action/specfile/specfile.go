// Package specfile reads hail's own YAML files strictly, key by key, and collects everything that is wrong with one,
// each mistake with its place.
package specfile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hail/inventory"
	"hail/inventory/strictyaml"
)

// Reader reads one file. Read makes it for the function that it calls: it must not be used after that function has
// returned, nor by several goroutines at once.
type Reader struct {
	File string
	root *strictyaml.Node
	errs inventory.Errors
}

// Fields says what to do with the value of each key.
type Fields map[string]func(n *strictyaml.Node)

// Read parses text and passes its root to read. The error says what was wrong: an *inventory.Error or inventory.Errors.
func Read(file string, text []byte, read func(r *Reader, root *strictyaml.Node)) error {
	r := &Reader{File: file}
	doc, err := strictyaml.Parse(text)
	if err == nil {
		r.root, err = doc.Strict()
	}
	if wrong, ok := errors.AsType[*strictyaml.Error](err); ok {
		return &inventory.Error{Place: inventory.Place{File: file, Line: wrong.Line, Col: wrong.Col}, Text: wrong.Text, Hint: wrong.Hint}
	}
	if err != nil {
		return err
	}
	read(r, r.root)
	if r.errs != nil {
		return r.errs
	}
	return nil
}

// Place returns where n is.
func (r *Reader) Place(n *strictyaml.Node) inventory.Place {
	return inventory.Place{File: r.File, Line: n.Line, Col: n.Col}
}

// Fail records that something is wrong at n. hint may be empty.
func (r *Reader) Fail(n *strictyaml.Node, hint, format string, args ...any) {
	r.errs = append(r.errs, &inventory.Error{Place: r.Place(n), Text: fmt.Sprintf(format, args...), Hint: hint})
}

// Wrong returns how many mistakes were found so far.
func (r *Reader) Wrong() int { return len(r.errs) }

// Mapping reads a mapping, each value by the function of its key; a key without a function is a mistake. what names the
// mapping.
func (r *Reader) Mapping(n *strictyaml.Node, what string, known Fields) {
	if n == r.root {
		if text, hint := inventory.Mistaken(n, what, func(key string) bool { return known[key] != nil }); text != "" {
			r.Fail(n, hint, "%s", text)
			return
		}
	}
	if n.Kind != strictyaml.Map {
		r.Fail(n, "it takes "+strings.Join(slices.Sorted(maps.Keys(known)), ", "), "%s has to be a mapping", what)
		return
	}
	for _, p := range n.Pairs {
		read, ok := known[p.Key.Text]
		if !ok {
			names := slices.Sorted(maps.Keys(known))
			hint := cmp.Or(inventory.MeantKey(p.Key.Text, names), "it takes "+strings.Join(names, ", "))
			r.Fail(p.Key, hint, "unknown key %q in %s", p.Key.Text, what)
			continue
		}
		read(p.Value)
	}
}

// Items returns the items of a list; anything else counts as a list of one.
func (r *Reader) Items(n *strictyaml.Node) []*strictyaml.Node {
	if n.Kind == strictyaml.List {
		return n.Items
	}
	return []*strictyaml.Node{n}
}

// Text reads a text that is not empty.
func (r *Reader) Text(n *strictyaml.Node, into *string) {
	switch {
	case n.Kind != strictyaml.Scalar:
		r.Fail(n, "", "this has to be a text")
	case n.Text == "":
		r.Fail(n, "", "this text is empty")
	default:
		*into = n.Text
	}
}

// Texts reads a list of texts, or a single one, and appends to into.
func (r *Reader) Texts(n *strictyaml.Node, into *[]string) {
	for _, item := range r.Items(n) {
		var text string
		if r.Text(item, &text); text != "" {
			*into = append(*into, text)
		}
	}
}

// Number reads a whole number that is not negative.
func (r *Reader) Number(n *strictyaml.Node, into *int) {
	i, ok := n.Int()
	if !ok || i < 0 {
		r.Fail(n, "", "this has to be a whole number")
		return
	}
	*into = i
}

// Yes reads true or false.
func (r *Reader) Yes(n *strictyaml.Node, into *bool) {
	b, ok := n.Any().(bool)
	if !ok {
		r.Fail(n, "", "this has to be true or false")
		return
	}
	*into = b
}

// Time reads a time with its unit.
func (r *Reader) Time(n *strictyaml.Node, into *inventory.Duration) {
	if err := into.UnmarshalText([]byte(n.Text)); err != nil || n.Kind != strictyaml.Scalar {
		r.Fail(n, "write it with its unit: 10s, 5m", "%q is not a time", n.Text)
	}
}

// Word reads one of the given words.
func (r *Reader) Word(n *strictyaml.Node, into *string, words ...string) {
	if n.Kind != strictyaml.Scalar || !slices.Contains(words, n.Text) {
		r.Fail(n, "use one of "+strings.Join(words, ", "), "%q is not allowed here", n.Text)
		return
	}
	*into = n.Text
}
