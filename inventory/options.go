package inventory

import (
	"fmt"
	"strings"
	"unicode"

	"hail/inventory/sshconfig"
	"hail/inventory/strictyaml"
)

// options reads a mapping of ssh_config keywords to their values.
func (r nodeReader) options(n *strictyaml.Node, into *map[string]string) {
	if !r.isMap(n, "options", "options: {ServerAliveInterval: 30}") {
		return
	}
	options := make(map[string]string, len(n.Pairs))
	for _, p := range n.Pairs {
		key, value := p.Key.Text, p.Value.Text
		switch {
		case !sshconfig.IsOptionKey(key):
			r.fail(p.Key, fmt.Sprintf("options: %q is not an ssh option", key), DidYouMean(key, sshconfig.OptionKeys()))
		case p.Value.Kind != strictyaml.Scalar || value == "" || strings.ContainsFunc(value, unicode.IsControl):
			r.fail(p.Value, "options: "+key+": this has to be a text on one line", "")
		default:
			if err := sshconfig.CheckOption(key, value); err != nil {
				r.fail(p.Value, "options: "+err.Error(), "")
			}
			options[key] = value
		}
	}
	*into = mergedOptions(*into, options)
}
