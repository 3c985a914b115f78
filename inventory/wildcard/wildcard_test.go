package wildcard

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*", "a", true}, {"?", "a", true}, {"?", "", false}, {"a*", "a", true}, {"a*b", "ab", true}, {"a*b", "axxb", true},
		{"a*b", "axbx", false}, {"*a*", "bab", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"**", "x", true}, {"a", "ab", false},
		{"*ab", "aab", true}, {"*.example.com", "web.example.com", true}, {strings.Repeat("a*", 100) + "b", strings.Repeat("a", 253), false},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, got)
		}
	}
}
