package pyliteral

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]any{
		"1": 1, "-1": -1, "+1": 1, "- 1": -1, "0x1f": 31, "0o17": 15, "0b11": 3, "1.5": 1.5, "1e3": 1000.0, "-1.5": -1.5, "(1)": 1, "1_000": 1000, "0x_ff": 255, "1_0.5": 10.5,
		"True": true, "False": false, "None": nil, "1 # one": 1, "1_000 # one_k": 1000, "1_0#": 10,
		"'a'": "a", `"a b"`: "a b", "u'a'": "a", "'it\\'s'": "it's", `'\n\x41\u00e9'`: "\nAé", `'\d+\.\\d'`: `\d+\.\d`, "''": "", "'''a'''": "a", `r'\d'`: `\d`,
		"[1, 'a', [None]]": []any{1, "a", []any{nil}}, "[]": []any{}, "(1, 2)": []any{1, 2}, "1, 2": []any{1, 2},
		"{'a': 1, 2: True, None: [],}": map[string]any{"a": 1, "2": true, "null": []any{}}, "{}": map[string]any{},
	} {
		if got, ok := Parse(text); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, %v, want %#v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "yes", "true", "a", "a-b", "1-2", "1+2j", "010", "08", "0_1", "1__0", "1_", "a b", "[a]", "{'a': b}", "{a: 1}", "-True", "-'a'", "f(1)", "x.y", "[1", "'a", "not 1", "lambda: 1",
		"[x for x in [1]]", "1 if 1 else 2", "99999999999999999999", "10.0.0.1", "/etc/x", "$(id)", "{{ x }}", strings.Repeat("[", 200) + strings.Repeat("]", 200),
	} {
		if got, ok := Parse(text); ok {
			t.Errorf("%s is %#v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"[1, {'a': (2,)}]", `'\d\x4'`, "-1", "u''", "{1: 2}", "(((("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { Parse(text) })
}
