package strictyaml

import (
	"encoding/json"
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
		"|-\n  12\n":             "12",
		"a: >-\n  b\n  c\n":      map[string]any{"a": "b c"},
		"\ufeffa: 1":             map[string]any{"a": 1},
		"a: 1\r\nb: \"\\u0041\"": map[string]any{"a": 1, "b": "A"},
	} {
		n, err := parse([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if got := n.Any(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, want %#v", text, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	n, err := parse([]byte("a:\n  - b: 1\n    c: [x, y]\n"))
	if err != nil {
		t.Fatal(err)
	}
	y := n.Pairs[0].Value.Items[0].Pairs[1].Value.Items[1]
	if y.Text != "y" || y.Line != 3 || y.Col != 12 {
		t.Errorf("y is %+v", y)
	}
}

func TestErrors(t *testing.T) {
	const (
		look  = " (look at the indentation, and quote values with : # [ ] { } in them)"
		colon = " (quote a value with a colon in it, or look for a colon or a blank that is missing above, and at the indentation)"
		first = " (quote values that begin with @ % ` * or &)"
		plain = " (in single quotes a backslash is only itself)"
	)
	for text, want := range map[string]string{
		"a:\n\tb: 1\n":                    "2:1: the indentation contains a tab (indent with spaces)",
		"x: 1\na:\n  b: 1\n \tc: 2\n":     "4:2: the indentation contains a tab (indent with spaces)",
		"a:\n  b: 1\n\t\n  c: 1":          "3:1: the indentation contains a tab (indent with spaces)",
		"a: 1\n---\nb: @x":                "3:4: no value can begin with this character" + first,
		"a: |\n\tb\nc: 1":                 "2:1: the indentation contains a tab (indent with spaces)",
		"a: 1\nb: [1,\n  2\nc: 3\n":       "2:4: this [ is not closed, or a comma is missing in it" + look,
		"[1":                              "1:1: this [ is not closed, or a comma is missing in it" + look,
		"x: 1\nb: {hosts: [web[01-20]]}":  "2:12: this [ is not closed, or a comma is missing in it" + look,
		"a:\r\n  b: {c: 1\r\n  d: {}\r\n": "2:6: this { is not closed, or a comma is missing in it" + look,
		"a: {b: 1}}":                      "1:10: this can't stand here" + look,
		"a: 1\nb: c: d\n":                 "2:5: no colon is allowed here" + colon,
		"a: 1\n  b: 2\n":                  "2:4: no colon is allowed here" + colon,
		"a:\n  b\n    c: 1":               "3:6: no colon is allowed here" + colon,
		"a:\n  b:1\n  c: 1":               "3:4: no colon is allowed here" + colon,
		"x: 1\ny: 2\n- a\n":               "3:1: this can't stand here" + look,
		"x: 1\ny:\n  - 1\n - 2\n":         "4:2: this can't stand here" + look,
		"x:\n  y: [1]\n   z: 1":           "3:4: this can't stand here" + look,
		"x:\n  - 1\n  y: 1":               "3:3: this is no item of the list above" + look,
		"x:\n  - 1\n  -2\n":               "3:3: this line has neither a key with a colon nor an item of a list (a blank belongs after the colon, and after the - of an item)",
		"x: - 1":                          "1:4: no list can begin here (begin it on a line of its own)",
		"a: {b: ::1}":                     "1:8: a value is missing here" + look,
		"a: 1\nb: @x\n":                   "2:4: no value can begin with this character" + first,
		"a: [*.b]":                        "1:5: no value can begin with this character" + first,
		"a: 1\nb: *foo\n":                 "2:4: there is no anchor \"foo\"" + first,
		"%a\nb: 1":                        "1:1: no value can begin with this character" + first,
		"a: 'x\n":                         "1:4: this quote is not closed ()",
		"a: 1\nb: \"x\nc: 1\n---\n":       "2:4: this quote is not closed ()",
		"a: 'it's'":                       "1:8: this can't stand here" + look,
		`a: "^\d+"`:                       "1:6: this is no escape sequence" + plain,
		`a: "C:\Users"`:                   "1:9: this is no escape sequence" + plain,
		"a: |b":                           "1:5: the text of | or > has to begin on the next line ()",
		"[a]\nb":                          "2:1: this comes after the end of the document" + look,
		"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nc: 1\n>>>>>>> x\n": "2:1: a merge conflict begins here (resolve it first)",
		"a: 1\nb: M\xfcnchen": "2:5: this is not UTF-8 text (save it as UTF-8)",
		"a: 1\nb: \xc3":       "2:4: this is not UTF-8 text (save it as UTF-8)",
		"a: ü\nb: \x01":       "2:4: control characters are not allowed ()",
		"a: &x 1":             "1:4: anchors and aliases are not allowed (write the value out, or make a group of the hosts that share it)",
		"a: [&x 1, *x]":       "1:5: anchors and aliases are not allowed (write the value out, or make a group of the hosts that share it)",
		"&x a: 1":             "1:1: anchors and aliases are not allowed (write the value out, or make a group of the hosts that share it)",
		"a: 1\n<<: {b: 1}":    "2:1: merges (<<) are not allowed (make a group of the hosts that share values)",
		"a: 1\nb: 2\na: 3":    `3:1: duplicate key "a", first on line 1 ()`,
		"a: 1\n'a': 3":        `2:1: duplicate key "a", first on line 1 ()`,
		"a: 1\n---\nb: 2":     "2:1: a second YAML document begins here (put it in a file of its own)",
		"---\n---\n":          "2:1: a second YAML document begins here (put it in a file of its own)",
		"? [a]\n: 1":          `1:3: a key is not a plain word (quote it, if it has brackets or braces)`,
		"~: 1":                `1:1: a key is not a plain word (quote it, if it has brackets or braces)`,
		"a: !vault x":         "1:4: the tag \"!vault\" is not allowed ()",
		"a: !!set {x}":        "1:4: the tag \"!!set\" is not allowed ()",
		"!k a: 1":             "1:1: the tag \"!k\" is not allowed ()",
		strings.Repeat("[", 200) + strings.Repeat("]", 200): "1:102: the values are nested too deeply ()",
	} {
		n, err := parse([]byte(text))
		var wrong *Error
		if !errors.As(err, &wrong) {
			t.Errorf("%.60q: %+v, %v", text, n, err)
		} else if got := fmt.Sprintf("%d:%d: %s (%s)", wrong.Line, wrong.Col, wrong, wrong.Hint); got != want {
			t.Errorf("%.60q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// TestAliasBomb: a few lines of aliases stand for more than fits into memory. Parse refuses aliases, or does not expand
// them that far.
func TestAliasBomb(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 8), c-1)
	}
	if _, err := parse([]byte(bomb)); err == nil || err.Error() != "anchors and aliases are not allowed" {
		t.Errorf("the error is %v", err)
	}
	for _, text := range []string{bomb, "a: &a [*a]", "a: &a {b: *a}", "&a ? *a : x"} {
		if d, err := Parse([]byte(text)); err == nil {
			if n, err := d.YAML11(); err == nil || n != nil {
				t.Errorf("%.40s: the aliases were expanded", text)
			}
		}
	}
}

// TestYAML11: plain values are read as by PyYAML, and tags as by Ansible.
func TestYAML11(t *testing.T) {
	for text, want := range map[string]any{
		"yes": true, "Off": false, "n": "n", "'yes'": "yes", "TRUE": true, "tRue": "tRue",
		"010": 8, "08": "08", "0o10": "0o10", "0x1F": 31, "0b11": 3, "1_000": 1000, "+1": 1, "-0": 0, "00": 0, "'010'": "010",
		"1:30": 90, "-1:30": -90, "1:60": "1:60", "1:59.5": 119.5, "01:30": "01:30", "12:30:45": 45045,
		"1e3": "1e3", "1.5e3": "1.5e3", "1.5e+3": 1500.0, ".5": 0.5, "1.": 1.0, "1.0": 1.0, ".inf": ".inf", "1.2.3": "1.2.3",
		"~": nil, "Null": nil, "2001-12-14": "2001-12-14",
		"!!str 12": "12", "!unsafe 12": "12", "!vault x": nil, "[1, !vault x]": []any{1, nil},
		"{a: &x {b: 1, c: 2}, d: {<<: *x, c: 3}}":                      map[string]any{"a": map[string]any{"b": 1, "c": 2}, "d": map[string]any{"b": 1, "c": 3}},
		"{a: &x {b: 1}, c: &y {b: 2, d: 2}, e: {<<: [*x, *y]}}":        map[string]any{"a": map[string]any{"b": 1}, "c": map[string]any{"b": 2, "d": 2}, "e": map[string]any{"b": 1, "d": 2}},
		"{a: &x k, *x : v}":                                            map[string]any{"a": "k", "k": "v"},
		"{a: &x [1], b: *x, yes: 1}":                                   map[string]any{"a": []any{1}, "b": []any{1}, "yes": 1},
		"a: |\n  $ANSIBLE_VAULT;1.1;AES256\nb: !vault |\n  $ANSIBLE\n": map[string]any{"a": "$ANSIBLE_VAULT;1.1;AES256\n", "b": nil},
	} {
		d, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if n, err := d.YAML11(); err != nil || !reflect.DeepEqual(n.Any(), want) {
			t.Errorf("%q is %#v, %v, want %#v", text, n.Any(), err, want)
		}
	}
	for text, want := range map[string]string{
		"a: !!set {x}":    `the tag "!!set" is not allowed`,
		"a: !ruby x":      `the tag "!ruby" is not allowed`,
		"a: {<<: 1}":      "only a mapping can be merged (<<)",
		"{a: 1, 'a': 2}":  `duplicate key "a", first on line 1`,
		"{? [a] : 1}":     "a key is not a plain word",
		"{!vault a : 1}":  "a key is not a plain word",
		"a: {<<: [1, 2]}": "only a mapping can be merged (<<)",
	} {
		d, err := Parse([]byte(text))
		if err == nil {
			_, err = d.YAML11()
		}
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestKeys(t *testing.T) {
	d, err := Parse([]byte("all: {hosts: {a: }, vars: {}}\nweb:\n&x y: [hosts]"))
	if want := map[string][]string{"all": {"hosts", "vars"}, "web": nil, "y": nil}; err != nil || !reflect.DeepEqual(d.Keys(), want) {
		t.Errorf("%v, %v", d, err)
	}
	if d, err := Parse([]byte("- a")); err != nil || len(d.Keys()) != 0 {
		t.Errorf("a list has keys: %v, %v", d, err)
	}
}

func TestJSON(t *testing.T) {
	values, err := ParseJSON([]byte("{\n \"a\": [1, 1.5, 1e3, 1.5e3, -2E-1, true, null, \"1\", \"\\u00e9\"],\n \"b\": {\"c\": {}, \"d\": []}}\n"))
	want := map[string]any{"a": []any{1, 1.5, 1000.0, 1500.0, -0.2, true, nil, "1", "é"}, "b": map[string]any{"c": map[string]any{}, "d": []any{}}}
	if err != nil || len(values) != 1 || !reflect.DeepEqual(values[0].Any(), want) {
		t.Fatalf("%#v, %v", values, err)
	}
	if d := values[0].Pairs[1].Value.Pairs[1]; d.Key.Line != 3 || d.Key.Col != 17 || d.Value.Col != 22 {
		t.Errorf("d is at %d:%d, its value at %d", d.Key.Line, d.Key.Col, d.Value.Col)
	}
	for text, want := range map[string]string{
		"":                       "1:1: the JSON ends too early",
		"{\n\"a\": 1,":           "2:8: the JSON ends too early",
		"[1, tru":                "1:8: the JSON ends too early",
		"1:2":                    "1:2: this is not JSON: \":\" after the end of a value",
		"[1, 2":                  "1:6: the JSON ends too early",
		"{\"a\": 1} x":           "1:10: this is not JSON: invalid character 'x' looking for beginning of value",
		"{\"a\": 1},{}":          "1:9: this is not JSON: \",\" after the end of a value",
		"{\"a\": 1,\n \"a\": 2}": `2:2: duplicate key "a", first on line 1`,
		"{'a': 1}":               "1:2: this is not JSON: invalid character '\\''",
		"[1,\n  nul]":            "2:3: this is not JSON: invalid character ']' in literal null (expecting 'l')",
		"hosts: a":               "1:1: this is not JSON: invalid character 'h' looking for beginning of value",
		"{1: 2}":                 "1:2: this is not JSON: invalid character '1'",
		"[1,,2]":                 "1:4: this is not JSON: invalid character ',' looking for beginning of value",
		"[1\n, ,2]":              "2:3: this is not JSON: invalid character ',' looking for beginning of value",
		"[,1]":                   "1:2: this is not JSON: invalid character ',' looking for beginning of value",
		"{\"a\"::1}":             "1:6: this is not JSON: invalid character ':' looking for beginning of value",
		"{\"a\" \"b\"}":          "1:6: this is not JSON: invalid character '\"' after object key",
		"{,}":                    "1:2: this is not JSON: invalid character ','",
		strings.Repeat("[", 200) + strings.Repeat("]", 200): "1:102: the values are nested too deeply",
	} {
		values, err := ParseJSON([]byte(text))
		var wrong *Error
		if !errors.As(err, &wrong) {
			t.Errorf("%.60q: %+v, %v", text, values, err)
		} else if got := fmt.Sprintf("%d:%d: %s", wrong.Line, wrong.Col, wrong); got != want {
			t.Errorf("%.60q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: [1, {b: c}]", "a: &x 1\nb: *x", "? a\n: b", "%YAML 1.1\n---\na", "- |\n x", "a: !!binary x", "\t", "'", "<<: x", "---\n---", "a: &a [*a]", "{a: &x {b: 010}, c: {<<: *x}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Parse(text)
		checkParsed(t, text, &Node{}, err)
		if err == nil {
			d.Keys()
			n, err := d.YAML11()
			checkParsed(t, text, n, err)
			n, err = d.Strict()
			checkParsed(t, text, n, err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a": [1, {"b": 1e3}]}`, `[`, `{"a":1,"a":2}`, "\n\"x\"y", `{"a" 1}`, `[1 2]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := ParseJSON(text)
		checkParsed(t, text, &Node{}, err)
		for _, n := range values {
			checkParsed(t, text, n, nil)
		}
		if len(values) == 1 && !json.Valid(text) {
			t.Errorf("%q is not JSON", text)
		}
	})
}

func checkParsed(t *testing.T, text []byte, n *Node, err error) {
	t.Helper()
	var wrong *Error
	switch {
	case err == nil:
		n.Any()
		n.Int()
	case !errors.As(err, &wrong) || wrong.Line < 1 || wrong.Col < 1 || wrong.Text == "":
		t.Errorf("%q: bad error %+v", text, err)
	}
}

func parse(text []byte) (*Node, error) {
	d, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return d.Strict()
}
