package report

import (
	"testing"

	"hail/inventory"
)

// TestMask: what is a host's own is replaced where it stands as a word of its own.
func TestMask(t *testing.T) {
	m := maskOf(inventory.Host{Name: "web1.lan", Connection: inventory.Connection{Address: "1.1.1.1"}, Vars: map[string]any{"site": "abc", "short": "ab"}})
	for line, want := range map[string]string{
		"web1.lan, web1 web1": "{host}, {host} {host}",
		"web1web1 web10":      "web1web1 web10",
		"on 1.1.1.1: ab, abc": "on {address}: ab, {vars.site}",
		"21.1.1.1.1":          "21.{address}",
		"":                    "",
	} {
		if got := string(m.apply([]byte(line))); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}
