package check

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// expectation returns what the matcher wants, in words to follow "expected".
func (m Matcher) expectation(s shape) string {
	var of []string
	for _, one := range m.Of {
		text := one.expectation(m.inner(s))
		if len(one.Of) > 1 && (m.Op == not || m.Op == allOf || m.Op == anyOf) { // "not a or b" may mean two things
			text = "(" + text + ")"
		}
		of = append(of, text)
	}
	signs := map[string]string{less: "<", atMost: "≤", more: ">", atLeast: "≥"}
	switch m.Op {
	case equals:
		return show(m.Want, s)
	case less, atMost, more, atLeast:
		return signs[m.Op] + " " + show(m.Want, s)
	case contains:
		return "something containing " + show(m.Want, unknown)
	case matches:
		return fmt.Sprintf("something matching /%v/", m.Want)
	case version:
		return fmt.Sprintf("a version %v", m.Want)
	case oneOf:
		return "one of " + show(m.Want, s)
	case not:
		return "not " + of[0]
	case allOf:
		return strings.Join(of, " and ")
	case anyOf:
		return strings.Join(of, " or ")
	case length:
		return "a length " + of[0]
	}
	if m.Want == "." { // of jq
		return of[0]
	}
	return fmt.Sprintf("%s from jq '%v'", of[0], m.Want)
}

// show formats a value for people, on one line and not too long.
func show(v any, s shape) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		switch {
		case s == period && math.Abs(v) >= 48*3600:
			return strconv.FormatFloat(math.Trunc(v/864)/100, 'f', -1, 64) + "d" // cut to hundredths of a day
		case s == period:
			return time.Duration(v * float64(time.Second)).Round(time.Millisecond).String()
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		const most = 200
		if utf8.RuneCountInString(v) > most {
			return fmt.Sprintf("%.*q…", most, v)
		}
		if s == rights {
			return "0" + v
		}
		return strconv.Quote(v)
	case []any:
		var all []string
		for _, one := range v {
			if len(all) == 20 {
				all = append(all, "…")
				break
			}
			all = append(all, show(one, s))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	said, err := gojq.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(said)
}
