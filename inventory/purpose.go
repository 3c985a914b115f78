package inventory

import (
	"fmt"
	"slices"

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

// gossTypes are keys that a goss file has at its top, each with a mapping.
var gossTypes = []string{"command", "file", "http", "package", "port", "process", "service"}

// Mistaken returns the text and the hint of an error if root, the top of a file that should be what, is that of another
// file that hail reads, with a key of that one and none that is known, or that of an Ansible playbook. Otherwise both are
// empty.
func Mistaken(root *strictyaml.Node, what string, known func(key string) bool) (text, hint string) {
	if slices.ContainsFunc(root.Items, isPlay) {
		return "this is an Ansible playbook, not " + what, "ansible-playbook runs it"
	}
	for _, p := range root.Pairs {
		if known(p.Key.Text) {
			return "", ""
		}
		other, ok := purposes[p.Key.Text]
		if p.Value.Kind == strictyaml.Map && slices.Contains(gossTypes, p.Key.Text) {
			other.what, other.use, ok = "a goss file", "hail test", true
		}
		if ok && text == "" {
			text, hint = fmt.Sprintf("this is %s, not %s", other.what, what), "it is for "+other.use
		}
	}
	return text, hint
}

func isPlay(n *strictyaml.Node) bool {
	return n.Get("hosts") != nil && (n.Get("tasks") != nil || n.Get("roles") != nil)
}
