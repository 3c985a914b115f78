package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestAny(t *testing.T) {
	for text, want := range map[string]any{
		"":                       nil,
		"# nothing\n":            nil,
		"---\n...\n":             nil,
		"~":                      nil,
		"null":                   nil,
		"'null'":                 "null",
		"true":                   true,
		"yes":                    "yes",
		"'true'":                 "true",
		"True":                   "True",
		"8":                      8,
		"-3":                     -3,
		"'8'":                    "8",
		"010":                    "010",
		"0x10":                   "0x10",
		"1_000":                  "1_000",
		"1.5":                    1.5,
		"1.5e3":                  1500.0,
		".inf":                   ".inf",
		"1.10.2":                 "1.10.2",
		"2026-01-02":             "2026-01-02",
		"99999999999999999999":   "99999999999999999999",
		"[1, a, [b]]":            []any{1, "a", []any{"b"}},
		"{1: x, a: {b: }}":       map[string]any{"1": "x", "a": map[string]any{"b": nil}},
		"|\n  a\n  b\n":          "a\nb\n",
		"a: >-\n  b\n  c\n":      map[string]any{"a": "b c"},
		"\ufeffa: 1":             map[string]any{"a": 1},
		"a: 1\r\nb: \"\\u0041\"": map[string]any{"a": 1, "b": "A"},
	} {
		n, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := n.Any(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, want %#v", text, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	n, err := Parse([]byte("a:\n  - b: 1\n    c: [x, y]\n"))
	if err != nil {
		t.Fatal(err)
	}
	y := n.Pairs[0].Value.Items[0].Pairs[1].Value.Items[1]
	if y.Text != "y" || y.Line != 3 || y.Col != 12 {
		t.Errorf("y is %+v", y)
	}
}

func TestErrors(t *testing.T) {
	const look = "look at the indentation, and quote values with : # [ ] { } in them"
	for text, want := range map[string]string{
		"a:\n\tb: 1\n":                   "2:1: a tab stands in the indentation (indent with spaces)",
		"x: 1\na:\n  b: 1\n \tc: 2\n":    "4:2: a tab stands in the indentation (indent with spaces)",
		"a: 1\nb: [1,\n  2\nc: 3\n":      "2:1: did not find expected ',' or ']' (" + look + ")",
		"[1":                             "1:1: did not find expected ',' or ']' (" + look + ")",
		"x: 1\nb: {hosts: [web[01-20]]}": "2:1: did not find expected ',' or ']' (" + look + ")",
		"a: 1\nb: c: d\n":                "2:1: mapping values are not allowed in this context (" + look + ")",
		"a: 1\n  b: 2\n":                 "2:3: mapping values are not allowed in this context (" + look + ")",
		"x: 1\ny: 2\n- a\n":              "3:1: did not find expected key (" + look + ")",
		"x: 1\ny:\n  - 1\n - 2\n":        "4:2: did not find expected key (" + look + ")",
		"a: 1\nb: @x\n":                  "2:1: found character that cannot start any token (quote values that begin with @ % ` or a tab)",
		"a: 'x\n":                        "1:1: found unexpected end of stream (a quote is not closed)",
		"a: 1\nb: *foo\n":                "2:4: unknown anchor 'foo' referenced ()",
		"a: &x 1":                        "1:4: anchors and aliases are not taken (write the value out, or make a group of the hosts that share it)",
		"a: [&x 1, *x]":                  "1:5: anchors and aliases are not taken (write the value out, or make a group of the hosts that share it)",
		"&x a: 1":                        "1:1: anchors and aliases are not taken (write the value out, or make a group of the hosts that share it)",
		"a: 1\n<<: {b: 1}":               "2:1: merges (<<) are not taken (make a group of the hosts that share values)",
		"a: 1\nb: 2\na: 3":               `3:1: the key "a" stands here again, first on line 1 ()`,
		"a: 1\n'a': 3":                   `2:1: the key "a" stands here again, first on line 1 ()`,
		"a: 1\n---\nb: 2":                "2:1: a second YAML document begins here (put it in a file of its own)",
		"---\n---\n":                     "2:1: a second YAML document begins here (put it in a file of its own)",
		"? [a]\n: 1":                     `1:3: a key is not a plain word (quote it, if it has brackets or braces)`,
		"~: 1":                           `1:1: a key is not a plain word (quote it, if it has brackets or braces)`,
		"a: !vault x":                    "1:4: the tag \"!vault\" is not taken ()",
		"a: !!set {x}":                   "1:4: the tag \"!!set\" is not taken ()",
		"!k a: 1":                        "1:1: the tag \"!k\" is not taken ()",
		strings.Repeat("[", 200) + strings.Repeat("]", 200): "1:102: the values are nested too deep ()",
	} {
		n, err := Parse([]byte(text))
		var wrong *Error
		if !errors.As(err, &wrong) {
			t.Errorf("%.60q: %+v, %v", text, n, err)
		} else if got := fmt.Sprintf("%d:%d: %s (%s)", wrong.Line, wrong.Col, wrong, wrong.Hint); got != want {
			t.Errorf("%.60q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// A few lines of aliases stand for more than a machine holds: none is followed.
func TestAliasBomb(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 8), c-1)
	}
	if _, err := Parse([]byte(bomb)); err == nil || err.Error() != "anchors and aliases are not taken" {
		t.Errorf("the error is %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: [1, {b: c}]", "a: &x 1\nb: *x", "? a\n: b", "%YAML 1.1\n---\na", "- |\n x", "a: !!binary x", "\t", "'", "<<: x", "---\n---"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := Parse(text)
		var wrong *Error
		switch {
		case err == nil:
			n.Any()
			n.Int()
		case !errors.As(err, &wrong) || wrong.Line < 1 || wrong.Col < 1 || wrong.Text == "":
			t.Errorf("%q: bad error %+v", text, err)
		}
	})
}
