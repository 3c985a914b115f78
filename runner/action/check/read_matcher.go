package check

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"hail/inventory"
	"hail/inventory/strictyaml"
)

// matcher reads what an attribute of this shape has to be.
func (r reader) matcher(n *strictyaml.Node, attribute string, s shape) (m Matcher) {
	switch n.Kind {
	case strictyaml.Scalar:
		m = Matcher{Op: equals, Want: r.literal(n, attribute, s)}
	case strictyaml.List:
		if s != texts && s != unknown {
			r.Fail(n, "in: […] accepts one of several values", "%s is %s, not a list", attribute, s)
			return m
		}
		m = Matcher{Op: equals, Want: r.literals(n, attribute, elementOf(s))}
	case strictyaml.Map:
		if len(n.Pairs) == 0 {
			r.Fail(n, r.takes(s), "this matcher is empty")
			return m
		}
		return r.operators(n.Pairs, attribute, s)
	default:
		r.Fail(n, "", "%s has no value", attribute)
	}
	return m
}

// elementOf returns the shape of an element of a list: a text, unless the list may hold anything.
func elementOf(s shape) shape {
	if s == unknown {
		return unknown
	}
	return text
}

// operators reads matchers that all have to hold. Those that stand next to a jq expression are about its answer:
// {jq: .load, lt: 3} is about the load.
func (r reader) operators(pairs []strictyaml.Pair, attribute string, s shape) Matcher {
	jq := slices.IndexFunc(pairs, func(p strictyaml.Pair) bool { return p.Key.Text == query })
	var of []Matcher
	for i, p := range pairs {
		shape := s
		if jq >= 0 && i != jq {
			shape = unknown
		}
		of = append(of, r.operator(p, attribute, shape))
	}
	if jq < 0 || len(of) == 1 {
		return together(of)
	}
	m := of[jq]
	m.Of = []Matcher{together(slices.Delete(of, jq, jq+1))}
	return m
}

// together returns a matcher for all of these.
func together(of []Matcher) Matcher {
	if len(of) == 1 {
		return of[0]
	}
	return Matcher{Op: allOf, Of: of}
}

func (r reader) operator(p strictyaml.Pair, attribute string, s shape) (m Matcher) {
	m.Op = p.Key.Text
	if !slices.Contains(operators, p.Key.Text) {
		hint := cmp.Or(inventory.MeantKey(p.Key.Text, operators), r.takes(s))
		r.Fail(p.Key, hint, "there is no matcher %q", p.Key.Text)
		return m
	}
	if !goesWith(m.Op, s) {
		hint := r.takes(s)
		if s == text && goesWith(m.Op, number) && !r.onHost {
			hint = fmt.Sprintf("{jq: ., %s: …} compares a number that is written as a text", m.Op)
		}
		r.Fail(p.Key, hint, "%s does not go with %s, which is %s", m.Op, attribute, s)
		return m
	}
	n := p.Value
	switch m.Op {
	case equals:
		if n.Kind == strictyaml.Map {
			r.Fail(n, "", "equals takes a value, not a mapping")
			return m
		}
		return r.matcher(n, attribute, s)
	case less, atMost, more, atLeast:
		if s == unknown {
			s = number
		}
		m.Want = r.literal(n, attribute, s)
	case contains:
		if n.Kind == strictyaml.List {
			m.Want = r.literals(n, attribute, elementOf(s))
		} else {
			m.Want = r.literal(n, attribute, elementOf(s))
		}
	case matches, version, query:
		var want string
		r.Text(n, &want)
		m.Want = want
		if m.Op == query {
			m.Of = []Matcher{{Op: equals, Want: true}} // unless others stand beside it
		}
		if _, err := m.compile(s); err != nil && want != "" && !isTemplate(want) {
			r.Fail(n, "", "%v", err)
		}
	case oneOf:
		m.Want = r.literals(n, attribute, s)
	case length:
		m.Of = []Matcher{r.matcher(n, "the length", number)}
	case not:
		m.Of = []Matcher{r.matcher(n, attribute, s)}
	case allOf, anyOf:
		if n.Kind != strictyaml.List || len(n.Items) == 0 {
			r.Fail(n, fmt.Sprintf("%s: [{contains: a}, {contains: b}]", m.Op), "%s takes a list of matchers", m.Op)
		}
		for _, item := range n.Items {
			m.Of = append(m.Of, r.matcher(item, attribute, s))
		}
	}
	if r.onHost && (m.Op == matches || m.Op == query) && !isTemplate(n.Text) {
		if wrong, ok := errors.AsType[*inventory.Error](m.checkJudgeable(s)); ok {
			r.Fail(n, wrong.Hint, "%s", wrong.Text)
		}
	}
	return m
}

// goesWith reports whether an operator makes sense for values of a shape.
func goesWith(operator string, s shape) bool {
	return allowed[operator] == nil || slices.Contains(allowed[operator], s)
}

// takes is the hint that lists the operators for values of a shape.
func (r reader) takes(s shape) string {
	unfit := func(o string) bool { return !goesWith(o, s) || o == query && r.onHost }
	return "it takes " + strings.Join(slices.DeleteFunc(slices.Clone(operators), unfit), ", ")
}

// literals reads a list of values.
func (r reader) literals(n *strictyaml.Node, attribute string, s shape) []any {
	switch {
	case n.Kind != strictyaml.List:
		r.Fail(n, "", "this has to be a list")
	case len(n.Items) == 0:
		r.Fail(n, "write {len: 0} for an empty list", "this list is empty")
	}
	values := []any{}
	for _, item := range n.Items {
		values = append(values, r.literal(item, attribute, s))
	}
	return values
}

// literal reads a value of a shape. A template is read once it is rendered.
func (r reader) literal(n *strictyaml.Node, attribute string, s shape) any {
	if n.Kind != strictyaml.Scalar {
		r.Fail(n, "", "%s has to be %s", attribute, s)
		return nil
	}
	if isTemplate(n.Text) && s != texts {
		return n.Text
	}
	value, err := parseLiteral(n.Text, n.Any(), s)
	if err != nil {
		r.Fail(n, howTo[s], "%s has to be %s, and %q is not", attribute, s, n.Text)
	}
	return value
}

// howTo has hints for texts that are no value of a shape.
var howTo = map[shape]string{
	yesNo:  "write true or false, without quotes",
	number: "write the number alone, without quotes and units",
	texts:  "write {contains: TEXT}, or [TEXT] if there is no other",
	period: "write it with its unit: 30d, 10s, 500ms",
	sizes:  "write it with its unit: 64MiB, 20MB",
	rights: `write four octal digits: "0644"`,
}

// parseLiteral reads a value of a shape: written is its text, and plain what YAML takes it for.
func parseLiteral(written string, plain any, s shape) (any, error) {
	bad := fmt.Errorf("%q is not %s", written, s)
	switch s {
	case yesNo:
		if b, ok := plain.(bool); ok {
			return b, nil
		}
		return nil, bad
	case number:
		if n, ok := toFloat(plain); ok {
			return n, nil
		}
		return nil, bad
	case period:
		var d inventory.Duration
		if d.UnmarshalText([]byte(written)) != nil {
			return nil, bad
		}
		return d.Value().Seconds(), nil
	case sizes:
		if n, err := strconv.ParseFloat(written, 64); err == nil && n >= 0 && !math.IsInf(n, 0) {
			return n, nil
		}
		n, ok := inventory.ParseSize(written)
		if !ok {
			return nil, bad
		}
		return float64(n), nil
	case texts:
		return nil, bad
	case rights:
		if _, err := strconv.ParseUint(written, 8, 16); err != nil {
			return nil, bad
		}
		return cmp.Or(strings.TrimLeft(written, "0"), "0"), nil
	case unknown:
		if n, ok := toFloat(plain); ok {
			return n, nil
		}
		return plain, nil
	}
	return written, nil
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
