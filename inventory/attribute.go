package inventory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// attributeTest tests a var of a host, its name, address or groups, or a connection setting: role=web, mem>=64,
// name=~^db, port=2222.
type attributeTest struct {
	name  string
	op    string
	value string
	regex *regexp.Regexp // for =~ and !~
}

var attributeOps = []string{"!=", "!~", "=~", "==", ">=", "<=", "=", ">", "<"} // the longer ones first

// attribute reads a test, if there is one here. The value after its operator runs to the next , ! & ^ ( ) unless it
// is in double quotes, in which its name may be, too; a regular expression may begin with ^.
func (p *parser) attribute(t *term) (found bool, err error) {
	rest := p.source[p.pos:]
	name, behind := attributeName(rest)
	i := slices.IndexFunc(attributeOps, func(op string) bool { return strings.HasPrefix(behind, op) })
	if name == "" || i < 0 {
		return false, nil
	}
	op := attributeOps[i]
	t.kind, t.text = attributeTerm, name+op
	t.test = attributeTest{name: name, op: op}
	p.pos += len(rest) - len(behind) + len(op)
	at := p.pos
	if t.test.value, err = p.value(op); err != nil {
		return true, err
	}
	p.values = append(p.values, valueAt{strings.TrimPrefix(name, varsPrefix), at, p.pos})
	if strings.HasSuffix(op, "~") {
		t.test.regex, err = p.compile(t.test.value, at, name+op+". matches every text")
	}
	return true, err
}

// quoteValue is the hint when a parenthesis ends a value that it was meant to be part of.
const quoteValue = `put a value with ( in double quotes: name=~"^(web|db)"`

func (p *parser) value(op string) (string, error) {
	from := p.pos
	if rest := p.source[from:]; strings.HasPrefix(rest, `"`) {
		var value strings.Builder
		n := quoted(rest[1:], &value)
		if n < 0 {
			return "", p.fail(from, `a quote (") is not closed`, "")
		}
		p.pos += 1 + n + 1
		return value.String(), nil
	}
	for ; p.pos < len(p.source); p.pos++ {
		c := p.source[p.pos]
		if strings.IndexByte(",!&^()", c) >= 0 && !(c == '^' && p.pos == from && strings.HasSuffix(op, "~")) {
			break
		}
	}
	value := strings.TrimSpace(p.source[from:p.pos])
	if value == "" {
		hint := `role=web, or role="" for the empty text`
		if strings.HasPrefix(p.source[p.pos:], "(") {
			hint = quoteValue
		}
		return "", p.fail(from, "a value is missing after "+op, hint)
	}
	return value, nil
}

// holds says whether h passes the test. An attribute that h lacks fails a positive test and passes a negated one. A
// list matches when one of its items does.
func (a attributeTest) holds(h *Host) bool {
	value, ok := h.attribute(a.name)
	negated := a.op[0] == '!'
	return (ok && a.passes(value)) != negated
}

// varsPrefix may precede the name of a var, as it does in templates, and does so in the Key of an Origin.
const varsPrefix = "vars."

// attribute returns what an expression calls name: the name, address or groups of h, or else a var, or else a connection
// setting.
func (h *Host) attribute(name string) (value any, ok bool) {
	switch name {
	case "name":
		return h.Name, true
	case "address":
		return cmp.Or(h.Connection.Address, h.Name), true
	case "group", "groups":
		return h.Groups, true
	}
	if value, ok = lookup(h.Vars, name); ok {
		return value, true
	}
	if name, prefixed := strings.CutPrefix(name, varsPrefix); prefixed {
		return lookup(h.Vars, name)
	}
	return h.Connection.setting(name)
}

// Attribute returns, as text, what an expression calls name: name, address, group (or groups: all of them, separated
// by blanks), a var, or a connection setting. It returns "" if the host has none. Lists and mappings are written as
// JSON.
func Attribute(h Host, name string) string {
	if name == "group" || name == "groups" {
		return strings.Join(h.Groups, " ")
	}
	value, _ := h.attribute(name)
	return ValueText(value)
}

// ValueText writes the value of a var or a setting as text: a list or a mapping as JSON, null as "", and a number
// without an exponent.
func ValueText(value any) string {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Invalid:
		return ""
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	case reflect.Slice, reflect.Map:
		var text strings.Builder
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if enc.Encode(value) == nil {
			return strings.TrimSuffix(text.String(), "\n")
		}
	}
	return fmt.Sprint(value)
}

// lookup finds a var, or an entry inside one: a.b is the entry b of the mapping a.
func lookup(vars map[string]any, name string) (value any, ok bool) {
	if value, ok = vars[name]; ok {
		return value, true
	}
	for i := range len(name) {
		if name[i] != '.' {
			continue
		}
		if inner, isMap := vars[name[:i]].(map[string]any); isMap {
			if value, ok = lookup(inner, name[i+1:]); ok {
				return value, true
			}
		}
	}
	return nil, false
}

// keys returns the names that lookup may come across on its way to name.
func keys(name string) (all []string) {
	parts := strings.Split(name, ".")
	for from := range parts {
		for to := range parts[from:] {
			all = append(all, strings.Join(parts[from:from+to+1], "."))
		}
	}
	return all
}

// passes tests a value as if the operator were not negated.
func (a attributeTest) passes(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case []any:
		return slices.ContainsFunc(v, a.passes)
	case []string:
		return slices.ContainsFunc(v, func(item string) bool { return a.passes(item) })
	case map[string]any:
		return false
	}
	text := ValueText(value)
	switch a.op {
	case "=", "==", "!=":
		_, isText := value.(string)
		return text == a.value || !isText && text == ValueText(ParseValue(a.value)) // 2.10 is the number 2.1
	case "=~", "!~":
		return a.regex.MatchString(text)
	}
	c := compareValues(text, a.value)
	switch a.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}

// attributeName returns the name that the text begins with, if it does, and what is behind it: a letter of any script or _,
// then letters, digits and _.-, or any text in double quotes, as the head of a column in a spreadsheet.
func attributeName(text string) (name, behind string) {
	if strings.HasPrefix(text, `"`) {
		var inside strings.Builder
		if n := quoted(text[1:], &inside); n > 0 {
			return inside.String(), text[1+n+1:]
		}
	}
	if first, _ := utf8.DecodeRuneInString(text); first != '_' && !unicode.IsLetter(first) {
		return "", text
	}
	behind = strings.TrimLeftFunc(text, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_.-", r)
	})
	return strings.TrimSuffix(text, behind), behind
}

// compareValues compares two numbers as numbers, and anything else as people order names: 12.10 is above 12.9.1,
// which is a version and not a number, but below 12.9.
func compareValues(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX != nil || errY != nil || math.IsNaN(x) || math.IsNaN(y):
		return compareNatural(a, b)
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
