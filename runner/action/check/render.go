package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner/action/fill"
)

// render fills in the templates of the check for a host. An undefined name is an error, and so is what can't stand there.
func (c Check) render(h inventory.Host, index int, templates *fill.Templates) (Check, error) {
	if !c.Template {
		return c, nil
	}
	params := maps.Clone(c.Params)
	for _, name := range slices.Sorted(maps.Keys(params)) {
		value := params[name]
		if !isTemplate(value) {
			continue
		}
		var err error
		if name == "run" {
			params[name], err = templates.Line(value, h, index)
		} else {
			params[name], err = templates.Text(value, h, index)
		}
		if err != nil {
			return c, fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	c.Params = params
	k := kinds[c.Type]
	for i, w := range c.Wants {
		shape := k.shapeOf(w.Attribute)
		m, changed, err := w.Matcher.render(h, index, shape, templates)
		if err != nil {
			return c, fmt.Errorf("%s: %s: %w", c.ID, w.Attribute, err)
		}
		if !changed {
			continue
		}
		if _, err := m.compile(shape); err != nil {
			return c, fmt.Errorf("%s: %s: for %s: %w", c.ID, w.Attribute, h.Name, err)
		}
		c.Wants = slices.Clone(c.Wants)
		c.Wants[i].Matcher = m
	}
	if k.verify != nil {
		if err := k.verify(&c); err != nil {
			return c, fmt.Errorf("%s: for %s: %w", c.ID, h.Name, err)
		}
	}
	c.Template = false
	return c, nil
}

// isTemplate reports whether a text is filled in for each host.
func isTemplate(text string) bool { return strings.Contains(text, "{{") }

// render fills in the templates of the matcher; s is the shape of its values. changed is false if there are none.
func (m Matcher) render(h inventory.Host, index int, s shape, templates *fill.Templates) (_ Matcher, changed bool, err error) {
	one := func(v any) (any, error) {
		written, isText := v.(string)
		if !isText || !isTemplate(written) {
			return v, nil
		}
		changed = true
		filled, err := templates.Text(written, h, index)
		if err != nil {
			return nil, err
		}
		if m.Op == matches || m.Op == version || m.Op == query || m.Op == contains && s != unknown {
			return filled, nil
		}
		value, err := parseLiteral(filled, inventory.ParseValue(filled), s)
		if err != nil {
			return nil, fmt.Errorf("for %s: %w", h.Name, err)
		}
		return value, nil
	}
	if list, ok := m.Want.([]any); ok {
		list = slices.Clone(list)
		for i := range list {
			if list[i], err = one(list[i]); err != nil {
				return m, false, err
			}
		}
		m.Want = list
	} else if m.Want, err = one(m.Want); err != nil {
		return m, false, err
	}
	of := slices.Clone(m.Of)
	for i := range of {
		var inner bool
		if of[i], inner, err = of[i].render(h, index, m.inner(s), templates); err != nil {
			return m, false, err
		}
		changed = changed || inner
	}
	m.Of = of
	return m, changed, nil
}
