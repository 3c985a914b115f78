package check

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/itchyny/gojq"

	"hail/inventory"
)

// Matcher says what a value has to be. It is data, as in the file; compile makes a test of it.
type Matcher struct {
	Op   string    `json:"op"`             // as in a file: equals, contains, regex, lt …
	Want any       `json:"want,omitempty"` // what a value is compared with: bool, float64 (of seconds or bytes, too), string, or a []any of these
	Of   []Matcher `json:"of,omitempty"`   // one for not, len and jq, several for all and any
}

const (
	equals   = "equals"
	contains = "contains"
	matches  = "regex"
	less     = "lt"
	atMost   = "le"
	more     = "gt"
	atLeast  = "ge"
	version  = "semver"
	oneOf    = "in"
	length   = "len"
	query    = "jq"
	not      = "not"
	allOf    = "all"
	anyOf    = "any"
)

var operators = []string{equals, contains, matches, less, atMost, more, atLeast, version, oneOf, length, query, not, allOf, anyOf}

// shape is the kind of value that an attribute has.
type shape string

const (
	yesNo   shape = "true or false"
	number  shape = "a number"
	text    shape = "a text"
	texts   shape = "a list of texts"
	period  shape = "a time" // in seconds
	sizes   shape = "a number of bytes"
	rights  shape = "an octal mode" // without leading zeros
	fields  shape = "named texts"
	unknown shape = "a value"
)

// allowed says which shapes an operator goes with; equals, in, not, all and any go with all of them.
var allowed = map[string][]shape{
	contains: {text, texts, unknown}, matches: {text, texts, unknown}, version: {text, unknown}, length: {text, texts, unknown}, query: {text, fields, unknown},
	less: {number, period, sizes, unknown}, atMost: {number, period, sizes, unknown}, more: {number, period, sizes, unknown}, atLeast: {number, period, sizes, unknown},
}

// test is a compiled Matcher. It returns whether a value is as it should be, and what it looked at: the value, its
// length or, with jq, a part of it. The error says why that can't be told. A jq expression may never end; ctx ends it.
type test func(ctx context.Context, value any) (ok bool, is any, err error)

// compile makes a test for values of a shape. The error says what is wrong with the matcher.
func (m Matcher) compile(s shape) (test, error) {
	switch m.Op {
	case equals:
		return func(ctx context.Context, v any) (bool, any, error) { return same(v, m.Want), v, nil }, nil
	case oneOf:
		list, ok := m.Want.([]any)
		if !ok {
			return nil, fmt.Errorf("in takes a list, not %v", m.Want)
		}
		return func(ctx context.Context, v any) (bool, any, error) {
			return slices.ContainsFunc(list, func(w any) bool { return same(v, w) }), v, nil
		}, nil
	case less, atMost, more, atLeast:
		want, ok := m.Want.(float64)
		if !ok {
			return nil, fmt.Errorf("%s takes a number (float64), not %v", m.Op, m.Want)
		}
		return func(ctx context.Context, v any) (bool, any, error) {
			n, ok := v.(float64)
			if !ok {
				return false, v, fmt.Errorf("%s is not a number", show(v, s))
			}
			c := cmp.Compare(n, want)
			return m.Op == less && c < 0 || m.Op == atMost && c <= 0 || m.Op == more && c > 0 || m.Op == atLeast && c >= 0, v, nil
		}, nil
	case contains:
		wants, isList := m.Want.([]any)
		if !isList {
			wants = []any{m.Want}
		}
		return func(ctx context.Context, v any) (bool, any, error) {
			for _, w := range wants {
				if !has(v, w) {
					return false, v, nil
				}
			}
			return true, v, nil
		}, nil
	case matches:
		pattern, err := regexp.Compile(fmt.Sprint(m.Want))
		if err != nil {
			return nil, inventory.RegexError(err)
		}
		return func(ctx context.Context, v any) (bool, any, error) {
			if list, ok := v.([]any); ok {
				return slices.ContainsFunc(list, func(one any) bool { return pattern.MatchString(inventory.ValueText(one)) }), v, nil
			}
			return pattern.MatchString(inventory.ValueText(v)), v, nil
		}, nil
	case version:
		constraint, err := semver.NewConstraint(fmt.Sprint(m.Want))
		if err != nil {
			return nil, fmt.Errorf("%q is not a version range like >=1.2, <3", m.Want)
		}
		return func(ctx context.Context, v any) (bool, any, error) {
			is, err := numbersOf(inventory.ValueText(v))
			return err == nil && constraint.Check(is), v, err
		}, nil
	}
	return m.combine(s)
}

// combine compiles a matcher that is made of others.
func (m Matcher) combine(s shape) (test, error) {
	switch {
	case !slices.Contains(operators, m.Op):
		return nil, fmt.Errorf("there is no matcher %q: there are %s", m.Op, strings.Join(operators, ", "))
	case len(m.Of) == 0:
		return nil, fmt.Errorf("%s takes other matchers, and has none", m.Op)
	}
	var of []test
	for _, one := range m.Of {
		t, err := one.compile(m.inner(s))
		if err != nil {
			return nil, err
		}
		of = append(of, t)
	}
	switch m.Op {
	case not:
		return func(ctx context.Context, v any) (bool, any, error) { ok, is, err := of[0](ctx, v); return !ok, is, err }, nil
	case allOf:
		return func(ctx context.Context, v any) (bool, any, error) {
			for _, t := range of {
				if ok, is, err := t(ctx, v); err != nil || !ok {
					return false, is, err
				}
			}
			return true, v, nil
		}, nil
	case anyOf:
		return func(ctx context.Context, v any) (bool, any, error) {
			var untold error // counts where no other one holds
			for _, t := range of {
				ok, is, err := t(ctx, v)
				if ok && err == nil {
					return true, is, nil
				}
				untold = cmp.Or(untold, err)
			}
			return false, v, untold
		}, nil
	case length:
		return func(ctx context.Context, v any) (bool, any, error) {
			switch v := v.(type) {
			case []any:
				return of[0](ctx, float64(len(v)))
			case map[string]any:
				return of[0](ctx, float64(len(v)))
			}
			return of[0](ctx, float64(len([]rune(inventory.ValueText(v)))))
		}, nil
	}
	parsed, err := gojq.Parse(fmt.Sprint(m.Want))
	if err != nil {
		return nil, fmt.Errorf("%q is not a jq expression: %w", m.Want, err)
	}
	code, err := gojq.Compile(parsed)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", m.Want, err)
	}
	return func(ctx context.Context, v any) (bool, any, error) {
		found, err := ask(ctx, code, v)
		if err != nil {
			return false, v, err
		}
		return of[0](ctx, found)
	}, nil
}

// inner returns the shape of what the matchers in Of look at, for values of a shape.
func (m Matcher) inner(s shape) shape {
	switch m.Op {
	case length:
		return number
	case query:
		return unknown
	}
	return s
}

// ask returns the first answer of a jq expression to a value, nil if there is none. A value that is a text is read as
// JSON.
func ask(ctx context.Context, code *gojq.Code, v any) (any, error) {
	if s, ok := v.(string); ok {
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			return nil, fmt.Errorf("%s is not JSON", show(s, text))
		}
	}
	found, ok := code.RunWithContext(ctx, v).Next()
	switch err, failed := found.(error); {
	case failed && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case failed:
		return nil, fmt.Errorf("jq says: %w", err)
	case !ok:
		return nil, nil
	}
	return floats(found), nil
}

// floats turns the numbers of an answer, also in lists, into what they are in JSON and in matchers.
func floats(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case []any:
		list := make([]any, len(v)) // a copy: v may be a part of what was asked
		for i := range v {
			list[i] = floats(v[i])
		}
		return list
	}
	return v
}

var versionNumbers = regexp.MustCompilePOSIX(`((^|[^0-9.v])([0-9]+:v?)?|v)([0-9]+(\.[0-9]+)?(\.[0-9]+)?)`) // as sh/judge.awk has it

// numbersOf returns the first version number in a text. An epoch before it, which has no v in front, and what comes
// after its third number do not count, because packages put their own counts there.
func numbersOf(s string) (*semver.Version, error) {
	m := versionNumbers.FindStringSubmatch(s)
	if m == nil {
		return nil, fmt.Errorf("there is no version in %s", show(s, text))
	}
	v, err := semver.NewVersion(m[4])
	if err != nil { // a number is too large
		return nil, fmt.Errorf("%s is not a version", show(m[4], text))
	}
	return v, nil
}

// same compares strictly: "1" is not 1. Lists are the same when they have the same elements, in any order.
func same(v, want any) bool {
	a, isList := v.([]any)
	b, wantsList := want.([]any)
	if !isList || !wantsList {
		return reflect.DeepEqual(v, want)
	}
	return len(a) == len(b) && reflect.DeepEqual(sorted(a), sorted(b))
}

func sorted(list []any) []string {
	var all []string
	for _, v := range list {
		all = append(all, fmt.Sprintf("%#v", v))
	}
	slices.Sort(all)
	return all
}

func has(v, want any) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, func(one any) bool { return same(one, want) })
	}
	s, isText := v.(string)
	return isText && strings.Contains(s, inventory.ValueText(want))
}
