package inventory

import (
	"bytes"
	"fmt"
	"slices"

	"hail/inventory/strictyaml"
)

func isJSON(f file) bool {
	if f.ext() == ".json" || f.ext() == ".jsonl" {
		return true
	}
	text := bytes.TrimSpace(f.text)
	return f.ext() == "" && (bytes.HasPrefix(text, []byte("{")) || isJSONList(text))
}

// isJSONList says whether text begins like a list of strings or objects. [1-3] does not: it is a pattern of hosts.
func isJSONList(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte("["))
	rest = bytes.TrimSpace(rest)
	return ok && len(rest) > 0 && (rest[0] == '"' || rest[0] == '{')
}

// readJSON reads a list of hosts, one host per line (JSON lines), or what Ansible's dynamic inventories print.
func readJSON(b *builder, f file) {
	values, err := strictyaml.ParseJSON(f.text)
	if err != nil {
		b.failYAML(f.path, err)
		return
	}
	first := values[0]
	switch {
	case len(values) > 1 || nameOf(first) >= 0:
	case first.Kind == strictyaml.Map:
		readAnsibleJSON(b, f, first, nil)
		return
	case first.Kind == strictyaml.List:
		values = first.Items
	default:
		b.fail(f.place(first.Line, first.Col), "an inventory in JSON is a list of hosts, or an object of groups", "")
		return
	}
	r := nodeReader{b, f.path}
	for _, n := range values {
		r.jsonHost(n)
	}
}

// nameOf returns the index of the pair with the name of a host object, or -1.
func nameOf(n *strictyaml.Node) int {
	return slices.IndexFunc(n.Pairs, func(p strictyaml.Pair) bool {
		return (p.Key.Text == "name" || p.Key.Text == "host") && p.Value.Kind == strictyaml.Scalar
	})
}

// jsonHost reads a pattern of hosts, or an object as hail hosts --json prints it: name, groups, vars and connection.
// The connection settings may also be keys of the object itself.
func (r nodeReader) jsonHost(n *strictyaml.Node) {
	if n.Kind == strictyaml.Scalar {
		r.host(n, nil, nil)
		return
	}
	i := nameOf(n)
	if i < 0 {
		r.fail(n, "this is not a host", `"web1", or {"name": "web1", "address": "10.0.0.1", "groups": ["web"], "vars": {}}`)
		return
	}
	var said settings
	var groups []*groupDef
	rest := *n
	rest.Pairs = slices.Concat(n.Pairs[:i], n.Pairs[i+1:])
	r.fields(&rest, "a host", aHost, fields{
		"connection": func(n *strictyaml.Node) { r.connection(n, &said, "host") },
		"vars":       func(n *strictyaml.Node) { r.vars(n, &said, "host") },
		"groups":     func(n *strictyaml.Node) { groups = append(groups, r.groupsOf(n)...) },
	}, &said.conn)
	r.noteConnection(&said, &rest, "host")
	r.addHosts(n.Pairs[i].Value, said, groups)
}

func (r nodeReader) groupsOf(n *strictyaml.Node) (groups []*groupDef) {
	for _, item := range r.texts(n, "groups") {
		if err := checkGroup(item.Text); err != nil {
			r.fail(item, fmt.Sprintf("groups: %v", err), "")
			continue
		}
		groups = append(groups, r.b.group(item.Text, r.place(item)))
	}
	return groups
}
