package inventory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"hail/inventory/strictyaml"
)

// nativeReader puts one file of hail's own format into a builder. Errors are collected, so that all are told at once.
type nativeReader struct {
	b    *builder
	file string
}

func (b *builder) readNative(file string, text []byte) {
	r := nativeReader{b, file}
	root, err := strictyaml.Parse(text)
	var wrong *strictyaml.Error
	if errors.As(err, &wrong) {
		b.fail(Place{file, wrong.Line, wrong.Col}, wrong.Text, wrong.Hint)
		return
	}
	r.fields(root, "an inventory", fields{
		"defaults": func(n *strictyaml.Node) { r.connection(n, &b.base.conn) },
		"vars":     func(n *strictyaml.Node) { r.vars(n, &b.base.vars) },
		"hosts":    func(n *strictyaml.Node) { r.hosts(n, nil) },
		"groups":   r.groups,
	})
}

func (r nativeReader) fail(n *strictyaml.Node, text, hint string) {
	r.b.fail(r.place(n), text, hint)
}

func (r nativeReader) place(n *strictyaml.Node) Place { return Place{r.file, n.Line, n.Col} }

// isMap says whether n is a mapping. Nothing at all is none, and no error either.
func (r nativeReader) isMap(n *strictyaml.Node, what, example string) bool {
	if n.Kind != strictyaml.Map && n.Kind != strictyaml.Null {
		r.fail(n, what+" has to be a mapping", example)
	}
	return n.Kind == strictyaml.Map
}

// fields reads the values of the keys that a mapping may have.
type fields map[string]func(*strictyaml.Node)

func (r nativeReader) fields(n *strictyaml.Node, what string, known fields) {
	if !r.isMap(n, what, "key: value") {
		return
	}
	for _, p := range n.Pairs {
		if read, ok := known[p.Key.Text]; ok {
			read(p.Value)
			continue
		}
		names := slices.Sorted(maps.Keys(known))
		hint := didYouMean(p.Key.Text, names)
		if hint == "" {
			hint = "it takes " + strings.Join(names, ", ")
		}
		r.fail(p.Key, fmt.Sprintf("unknown key %q in %s", p.Key.Text, what), hint)
	}
}

// groups reads the mapping of group names to groups.
func (r nativeReader) groups(n *strictyaml.Node) {
	if !r.isMap(n, "groups", `groups: {web: {hosts: ["web[01-20]"]}}`) {
		return
	}
	for _, p := range n.Pairs {
		if err := checkGroup(p.Key.Text); err != nil {
			r.fail(p.Key, err.Error(), "")
			continue
		}
		g := r.b.group(p.Key.Text, r.place(p.Key))
		r.fields(p.Value, "a group", fields{
			"hosts":      func(n *strictyaml.Node) { r.hosts(n, g) },
			"vars":       func(n *strictyaml.Node) { r.vars(n, &g.said.vars) },
			"connection": func(n *strictyaml.Node) { r.connection(n, &g.said.conn) },
			"groups": func(n *strictyaml.Node) {
				for _, item := range r.texts(n, "groups") {
					g.children = append(g.children, child{item.Text, r.place(item)})
				}
			},
		})
	}
}

// hosts reads a pattern, a list of patterns and host objects, or a mapping of patterns to objects; g may be nil.
func (r nativeReader) hosts(n *strictyaml.Node, g *groupDef) {
	switch n.Kind {
	case strictyaml.Scalar:
		r.host(n, nil, g)
	case strictyaml.List:
		for _, item := range n.Items {
			if item.Kind == strictyaml.Map {
				r.hostObject(item, g)
			} else {
				r.host(item, nil, g)
			}
		}
	case strictyaml.Map:
		for _, p := range n.Pairs {
			r.host(p.Key, p.Value, g)
		}
	}
}

// hostObject reads {name: web21, address: …}.
func (r nativeReader) hostObject(n *strictyaml.Node, g *groupDef) {
	i := slices.IndexFunc(n.Pairs, func(p strictyaml.Pair) bool { return p.Key.Text == "name" })
	if i < 0 {
		r.fail(n, "this host has no name", "{name: web21, address: 10.0.0.21}")
		return
	}
	rest := *n
	rest.Pairs = slices.Concat(n.Pairs[:i], n.Pairs[i+1:])
	r.host(n.Pairs[i].Value, &rest, g)
}

// host reads the settings, or nil, of every host that the pattern in name stands for.
func (r nativeReader) host(name, said *strictyaml.Node, g *groupDef) {
	if name.Kind != strictyaml.Scalar {
		r.fail(name, "a host is a name, a pattern like web[01-20], or {name: …}", "")
		return
	}
	names, wrong := expand(name.Text)
	if wrong != nil {
		if wrong.hint == "" && strings.ContainsAny(name.Text, "@:") {
			wrong.hint = "the user and the port of a host are keys: {name: web1, user: www, port: 2222}"
		}
		r.fail(name, wrong.text, wrong.hint)
		return
	}
	var s settings
	if said != nil {
		known := r.connectionFields(&s.conn)
		known["vars"] = func(n *strictyaml.Node) { r.vars(n, &s.vars) }
		r.fields(said, "a host", known)
	}
	r.b.add(names, s, g, r.place(name))
}

func (r nativeReader) vars(n *strictyaml.Node, into *map[string]any) {
	if !r.isMap(n, "vars", "vars: {role: web}") {
		return
	}
	vars := make(map[string]any, len(n.Pairs))
	for _, p := range n.Pairs {
		vars[p.Key.Text] = p.Value.Any()
	}
	*into = merged(*into, vars)
}

func (r nativeReader) connection(n *strictyaml.Node, into *Connection) {
	r.fields(n, "connection settings", r.connectionFields(into))
}

// connectionFields are the keys of a Connection, by the names of its JSON.
func (r nativeReader) connectionFields(c *Connection) fields {
	return fields{
		"address":         r.textField("address", &c.Address, checkAddress),
		"user":            r.textField("user", &c.User, CheckUser),
		"port":            func(n *strictyaml.Node) { r.port(n, &c.Port) },
		"identity":        func(n *strictyaml.Node) { c.Identity = r.values(n, "identity") },
		"jump":            r.textField("jump", &c.Jump, checkJump),
		"ssh_config_host": r.textField("ssh_config_host", &c.SSHConfigHost, checkAddress),
		"shell":           r.textField("shell", &c.Shell, nil),
		"connect_timeout": func(n *strictyaml.Node) { r.duration(n, "connect_timeout", &c.ConnectTimeout) },
		"known_hosts":     func(n *strictyaml.Node) { c.KnownHosts = r.values(n, "known_hosts") },
		"host_key_alias":  r.textField("host_key_alias", &c.HostKeyAlias, checkAddress),
	}
}

// textField reads a text that passes check, which may be nil.
func (r nativeReader) textField(key string, into *string, check func(string) error) func(*strictyaml.Node) {
	return func(n *strictyaml.Node) {
		if !r.isText(n, key) {
			return
		}
		if check != nil {
			if err := check(n.Text); err != nil {
				r.fail(n, key+": "+err.Error(), "")
				return
			}
		}
		*into = n.Text
	}
}

func (r nativeReader) isText(n *strictyaml.Node, key string) bool {
	_, isBool := n.Any().(bool)
	if n.Kind != strictyaml.Scalar || isBool || n.Text == "" || strings.ContainsFunc(n.Text, unicode.IsControl) {
		r.fail(n, key+": this has to be a text on one line", "")
		return false
	}
	return true
}

// texts reads one text or a list of them.
func (r nativeReader) texts(n *strictyaml.Node, key string) (texts []*strictyaml.Node) {
	items := n.Items
	if n.Kind != strictyaml.List {
		items = []*strictyaml.Node{n}
	}
	for _, item := range items {
		if r.isText(item, key) {
			texts = append(texts, item)
		}
	}
	return texts
}

func (r nativeReader) values(n *strictyaml.Node, key string) (values []string) {
	for _, item := range r.texts(n, key) {
		values = append(values, item.Text)
	}
	return values
}

func (r nativeReader) port(n *strictyaml.Node, into *int) {
	port, ok := n.Int()
	if !ok || port < 1 || port > 65535 {
		r.fail(n, fmt.Sprintf("port: %q is not a port", n.Text), "a whole number from 1 to 65535, without quotes or leading zeros")
		return
	}
	*into = port
}

func (r nativeReader) duration(n *strictyaml.Node, key string, into *Duration) {
	if err := into.UnmarshalText([]byte(n.Text)); err != nil {
		r.fail(n, fmt.Sprintf("%s: %v", key, err), "")
	}
}
