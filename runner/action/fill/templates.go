package fill

import (
	"fmt"
	"strings"
	"sync"
	"text/template"

	"hail/inventory"
)

// Templates fills in the same texts for many hosts, and parses each of them once; nil parses it every time. The zero value
// has parsed none. It is safe for concurrent use.
type Templates struct {
	parsed sync.Map // by what was written
}

// Line fills in a command line for a host, as a Command does. An undefined name is an error.
func (t *Templates) Line(line string, h inventory.Host, index int) (string, error) {
	c, err := once(t, line, ParseCommand)
	if err != nil {
		return "", err
	}
	return c.For(h, index)
}

// Text fills in a text that no shell sees. An undefined name is an error, and so is a secret.
func (t *Templates) Text(text string, h inventory.Host, index int) (string, error) {
	parsed, err := once(t, text, parseText)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := parsed.Execute(&b, Data(h, index)); err != nil {
		return "", fmt.Errorf("for %s: %w", h.Name, Why(err, h))
	}
	return b.String(), nil
}

func parseText(text string) (*template.Template, error) {
	return Parse("text", text, template.FuncMap{"plain": plainValue, "raw": plainValue}, "plain")
}

// written is a text that was parsed as a T.
type written[T any] string

// once returns what parse makes of a text, which t keeps.
func once[T any](t *Templates, text string, parse func(string) (T, error)) (T, error) {
	if t == nil {
		return parse(text)
	}
	if v, ok := t.parsed.Load(written[T](text)); ok {
		return v.(T), nil
	}
	v, err := parse(text)
	if err == nil {
		t.parsed.Store(written[T](text), v)
	}
	return v, err
}
