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
	lines, texts sync.Map // by what was written: Commands, and *template.Templates
}

// Line fills in a command line for a host, as a Command does. An undefined name is an error.
func (t *Templates) Line(line string, h inventory.Host, index int) (string, error) {
	if t == nil {
		t = &Templates{}
	}
	c, err := once(&t.lines, line, ParseCommand)
	if err != nil {
		return "", err
	}
	return c.For(h, index)
}

// Text fills in a text that no shell sees. An undefined name is an error, and so is a secret.
func (t *Templates) Text(text string, h inventory.Host, index int) (string, error) {
	if t == nil {
		t = &Templates{}
	}
	parsed, err := once(&t.texts, text, parseText)
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

// once returns what parse makes of a text, which it keeps.
func once[T any](kept *sync.Map, text string, parse func(string) (T, error)) (T, error) {
	if v, ok := kept.Load(text); ok {
		return v.(T), nil
	}
	v, err := parse(text)
	if err == nil {
		kept.Store(text, v)
	}
	return v, err
}
