package inventory_test

import (
	"strings"
	"testing"

	"hail/inventory"
)

// TestFileName: whatever a text is, it is one plain name in a folder, which no system takes for anything else.
func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"web1": "web1", "azAZ09-_.x": "azAZ09-_.x", "..": "%2E%2E", ".": "%2E", ".a": "%2Ea", "x.": "x%2E", "a..b": "a..b", "a/b": "a%2Fb", "a\x00\n ~%": "a%00%0A%20%7E%25",
		"[::1]": "%5B%3A%3A1%5D", "`@{^": "%60%40%7B%5E", `a\b`: "a%5Cb", "ü": "%C3%BC", "con": "%63on", "Con.txt": "%43on.txt", "lpt9": "%6Cpt9", "com0.a.b": "%63om0.a.b", "con1": "con1", "xcon": "xcon", "com10": "com10",
		strings.Repeat("a", 100): strings.Repeat("a", 100), strings.Repeat("a", 101): strings.Repeat("a", 100) + "~" + inventory.NameDigest(strings.Repeat("a", 101)),
	} {
		if got := inventory.FileName(name); got != want {
			t.Errorf("%q has the file name %q, want %q", name, got, want)
		}
	}
}
