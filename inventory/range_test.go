package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// expandList is the inverse of Fold: it expands patterns separated by blanks or commas.
func expandList(list string) (names []string, err error) {
	for _, pattern := range splitList(list) {
		more, wrong := expand(pattern)
		if wrong != nil {
			return nil, wrong.in(Place{File: fmt.Sprintf("pattern %q", pattern), Col: 1})
		}
		names = append(names, more...)
	}
	return names, nil
}

// splitList splits at commas and white space outside of brackets.
func splitList(list string) []string {
	depth := 0
	return strings.FieldsFunc(list, func(c rune) bool {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		}
		return depth <= 0 && strings.ContainsRune(", \t\n\r", c)
	})
}

func TestExpand(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"", ""},
		{"web1", "web1"},
		{"web1 web2,web3", "web1 web2 web3"},
		{"web1 web1", "web1 web1"},
		{"web[1-3]", "web1 web2 web3"},
		{"web[01-03]", "web01 web02 web03"},
		{"web[8-11]", "web8 web9 web10 web11"},
		{"web[08-11]", "web08 web09 web10 web11"},
		{"n[1,01,001]", "n1 n01 n001"},
		{"a[1-9/2]", "a1 a3 a5 a7 a9"},
		{"a[0-10/5]", "a0 a5 a10"},
		{"a[00-10/5]", "a00 a05 a10"},
		{"a[1-2/100]", "a1"},
		{"r[1-2]n[01-02]", "r1n01 r1n02 r2n01 r2n02"},
		{"x[1-2]y[3]z", "x1y3z x2y3z"},
		{"[1-3]", "1 2 3"},
		{"[1-2][3-4]", "13 14 23 24"},
		{"10.0.0.[1-2]", "10.0.0.1 10.0.0.2"},
		{"web[1-2].example.com", "web1.example.com web2.example.com"},
		{"[::1] [fe80::1%eth0]", "[::1] [fe80::1%eth0]"},
		{"a[999999999999998-999999999999999]", "a999999999999998 a999999999999999"},
	} {
		got, err := expandList(c.list)
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("expandList(%q) = %v, %v, want %s", c.list, got, err, c.want)
		}
	}
}

func TestExpandErrors(t *testing.T) {
	const like = "ranges look like [01-20], [1,3,5] or [0-10/2]"
	for _, c := range []struct{ list, text, hint string }{
		{"web[1", `pattern "web[1":4: "[" is not closed`, ""},
		{"web1]", `pattern "web1]":5: "]" without "["`, ""},
		{"web]1[", `pattern "web]1[":4: "]" without "["`, ""},
		{"web[[1]]", `pattern "web[[1]]":5: "[1" in brackets is neither a number nor a range`, like},
		{"web[a-f]", `pattern "web[a-f]":5: "a-f" in brackets is neither a number nor a range`, like},
		{"web[1,,3]", `pattern "web[1,,3]":7: "" in brackets is neither a number nor a range`, like},
		{"web[]", `pattern "web[]":5: "" in brackets is neither a number nor a range`, like},
		{"web[1-]", `pattern "web[1-]":5: "1-" in brackets is neither a number nor a range`, like},
		{"web[-3]", `pattern "web[-3]":5: "-3" in brackets is neither a number nor a range`, like},
		{"web[+1]", `pattern "web[+1]":5: "+1" in brackets is neither a number nor a range`, like},
		{"web[1-2-3]", `pattern "web[1-2-3]":5: "1-2-3" in brackets is neither a number nor a range`, like},
		{"web[1, 2]", `pattern "web[1, 2]":7: " 2" in brackets is neither a number nor a range`, like},
		{"web[3-1]", `pattern "web[3-1]":5: the range "3-1" is descending`, like},
		{"web[01-100]", `pattern "web[01-100]":5: "01-100": both ends of a zero-padded range need the same length`, like},
		{"web[1-010]", `pattern "web[1-010]":5: "1-010": both ends of a zero-padded range need the same length`, like},
		{"web[1-5/0]", `pattern "web[1-5/0]":5: "1-5/0": a step has to be above 0 and follow a range`, like},
		{"web[5/2]", `pattern "web[5/2]":5: "5/2": a step has to be above 0 and follow a range`, like},
		{"web[1-5/-1]", `pattern "web[1-5/-1]":5: "1-5/-1" in brackets is neither a number nor a range`, like},
		{"web[1-5/]", `pattern "web[1-5/]":5: "1-5/" in brackets is neither a number nor a range`, like},
		{"web[1-1000000000000000]", `pattern "web[1-1000000000000000]":5: the number "1000000000000000" is too long`, like},
		{"web[1-999999999]", `pattern "web[1-999999999]":1: "web[1-999999999]" stands for more than 200000 hosts`, ""},
		{"a[1-1000]b[1-201]", `pattern "a[1-1000]b[1-201]":1: "a[1-1000]b[1-201]" stands for more than 200000 hosts`, ""},
		{"-web[1-3]", `pattern "-web[1-3]":1: "-web3" is not a host name: it begins with "-"`, ""},
		{"web;[1-3]", `pattern "web;[1-3]":1: "web;3" is not a host name: it contains ';'`, ""},
		{"::1", `pattern "::1":1: an IPv6 address needs brackets: [::1]`, ""},
	} {
		names, err := expandList(c.list)
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Error() != c.text || wrong.Hint != c.hint {
			t.Errorf("expandList(%q) = %d names, %v (%+v)\nwant %s", c.list, len(names), err, wrong, c.text)
		}
	}
}

// TestExpandBombs: short patterns that stand for more names than fit into memory are refused before they are expanded.
func TestExpandBombs(t *testing.T) {
	for name, bomb := range map[string]string{
		"overflow":   "a[" + strings.Repeat("0-999999999999999,", 20_000) + "1]",
		"product":    "a[1-200000]b[0-999999999999999]",
		"dimensions": strings.Repeat("[1-9]", 100_000),
		"length":     "a[1-200000]" + strings.Repeat("[1]", 100_000),
	} {
		if _, err := expandList(bomb); err == nil {
			t.Errorf("%s: the pattern was not refused", name)
		}
	}
	if names, err := expandList("a[1-200000]"); err != nil || len(names) != maxExpansion {
		t.Errorf("the most that is allowed: %d names, %v", len(names), err)
	}
}

func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"web[01-20]", "r[1-4]n[01-20] db1", "a[1-9/2],[::1]", "a[1", "a]b[", "[1-3]", "a[0-9][0-9][0-9][0-9][0-9][0-9]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		if len(list) > 200 { // more patterns would only be slower
			list = list[:200]
		}
		names, err := expandList(list)
		if err != nil || len(names) > 10_000 {
			return
		}
		for _, name := range names {
			if err := CheckName(name); err != nil {
				t.Errorf("expandList(%q) has a bad name: %v", list, err)
			}
		}
		checkFold(t, names)
	})
}

// checkFold fails the test unless the folded names expand to exactly the same names.
func checkFold(t *testing.T, names []string) (folded string) {
	t.Helper()
	folded = Fold(names)
	got, err := expandList(folded)
	slices.Sort(got)
	want := slices.Sorted(slices.Values(names))
	if want = slices.Compact(want); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%q folded is %q, which stands for %q, %v", want, folded, got, err)
	}
	return folded
}
