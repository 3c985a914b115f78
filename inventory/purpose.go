package inventory

import (
	"fmt"

	"hail/inventory/strictyaml"
)

// purposes are hail's own files in YAML, each by a key that it has at its top and the others don't.
var purposes = map[string]struct{ what, use string }{
	"defaults": {"an inventory", "-i"},
	"groups":   {"an inventory", "-i"},
	"hosts":    {"an inventory", "-i"},
	"checks":   {"a file of checks", "hail test"},
	"files":    {"a push", "hail push"},
	"waivers":  {"a file of waivers", "hail test --waivers"},
}

// Mistaken returns the text and the hint of an error if root, the top of a file that should be what, is that of another of
// hail's files: it has a key of that one, and none that is known. Otherwise both are empty.
func Mistaken(root *strictyaml.Node, what string, known func(key string) bool) (text, hint string) {
	for _, p := range root.Pairs {
		if known(p.Key.Text) {
			return "", ""
		}
		if other, ok := purposes[p.Key.Text]; ok && text == "" {
			text, hint = fmt.Sprintf("this is %s, not %s", other.what, what), "it is for "+other.use
		}
	}
	return text, hint
}
