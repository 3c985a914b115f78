package inventory

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hail/inventory/strictyaml"
)

// nativeReader puts one file of hail's own format into a builder. Errors are collected, so that all are told at once.
type nativeReader struct {
	b    *builder
	file string
}

func readNative(b *builder, file string, text []byte) {
	r := nativeReader{b, file}
	root, err := strictyaml.Parse(text)
	var wrong *strictyaml.Error
	if errors.As(err, &wrong) {
		b.fail(Place{file, wrong.Line, wrong.Col}, wrong.Text, wrong.Hint)
		return
	}
	r.fields(root, "an inventory", map[string]func(*strictyaml.Node){
		"defaults": func(n *strictyaml.Node) { r.connection(n, &b.defaults) },
		"vars":     func(n *strictyaml.Node) { r.vars(n, &b.vars) },
		"hosts":    func(n *strictyaml.Node) { r.hosts(n, nil) },
		"groups":   r.groups,
	})
}

func (r nativeReader) fail(n *strictyaml.Node, text, hint string) {
	r.b.fail(r.place(n), text, hint)
}

func (r nativeReader) place(n *strictyaml.Node) Place { return Place{r.file, n.Line, n.Col} }

// fields reads a mapping whose keys are known.
func (r nativeReader) fields(n *strictyaml.Node, what string, known map[string]func(*strictyaml.Node)) {
	if n.Kind == strictyaml.Null {
		return
	}
	if n.Kind != strictyaml.Map {
		r.fail(n, what+" has to be a mapping of keys to values", "")
		return
	}
	for _, p := range n.Pairs {
		read, ok := known[p.Key.Text]
		if !ok {
			names := sortedKeys(known)
			hint := didYouMean(p.Key.Text, names)
			if hint == "" {
				hint = "it takes " + strings.Join(names, ", ")
			}
			r.fail(p.Key, fmt.Sprintf("unknown key %q in %s", p.Key.Text, what), hint)
			continue
		}
		read(p.Value)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// groups reads the mapping of group names to groups.
func (r nativeReader) groups(n *strictyaml.Node) {
	if n.Kind == strictyaml.Null {
		return
	}
	if n.Kind != strictyaml.Map {
		r.fail(n, "groups has to be a mapping of names to groups", "groups: {web: {hosts: [\"web[01-20]\"]}}")
		return
	}
	for _, p := range n.Pairs {
		if err := checkGroup(p.Key.Text); err != nil {
			r.fail(p.Key, err.Error(), "")
			continue
		}
		g := r.b.group(p.Key.Text, r.place(p.Key))
		r.fields(p.Value, "a group", map[string]func(*strictyaml.Node){
			"hosts":      func(n *strictyaml.Node) { r.hosts(n, g) },
			"vars":       func(n *strictyaml.Node) { r.vars(n, &g.vars) },
			"connection": func(n *strictyaml.Node) { r.connection(n, &g.conn) },
			"groups":     func(n *strictyaml.Node) { r.children(n, g) },
		})
	}
}

func (r nativeReader) children(n *strictyaml.Node, g *groupDef) {
	for _, item := range r.texts(n, "groups") {
		g.children = append(g.children, child{item.Text, r.place(item)})
	}
}

// hosts reads a list of patterns and host objects, or a mapping of names to objects; g may be nil.
func (r nativeReader) hosts(n *strictyaml.Node, g *groupDef) {
	switch n.Kind {
	case strictyaml.Null:
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
	for _, p := range n.Pairs {
		if p.Key.Text == "name" {
			r.host(p.Value, n, g)
			return
		}
	}
	r.fail(n, "this host has no name", "{name: web21, address: 10.0.0.21}")
}

// host reads the settings of every host that the pattern in name stands for.
func (r nativeReader) host(name, settings *strictyaml.Node, g *groupDef) {
	if name.Kind != strictyaml.Scalar {
		r.fail(name, "a host is a name, a pattern like web[01-20], or {name: …}", "")
		return
	}
	names, err := expand(name.Text)
	if err != nil {
		wrong := &patternError{text: err.Error()}
		errors.As(err, &wrong)
		hint := wrong.hint
		if hint == "" && strings.ContainsAny(name.Text, "@:") {
			hint = "the user and the port of a host are keys: {name: web1, user: www, port: 2222}"
		}
		r.fail(name, wrong.text, hint)
		return
	}
	var def hostDef
	if settings != nil {
		known := r.connectionFields(&def.conn)
		known["vars"] = func(n *strictyaml.Node) { r.vars(n, &def.vars) }
		if isObject := len(settings.Pairs) > 0 && slices.ContainsFunc(settings.Pairs, func(p strictyaml.Pair) bool { return p.Value == name }); isObject {
			known["name"] = func(*strictyaml.Node) {}
		}
		r.fields(settings, "a host", known)
	}
	for _, one := range names {
		r.b.host(one, def, g, r.place(name))
	}
}

func (r nativeReader) vars(n *strictyaml.Node, into *map[string]any) {
	if n.Kind == strictyaml.Null {
		return
	}
	if n.Kind != strictyaml.Map {
		r.fail(n, "vars has to be a mapping of names to values", "")
		return
	}
	if *into == nil {
		*into = make(map[string]any, len(n.Pairs))
	}
	for _, p := range n.Pairs {
		(*into)[p.Key.Text] = p.Value.Any()
	}
}

func (r nativeReader) connection(n *strictyaml.Node, into *Connection) {
	r.fields(n, "connection settings", r.connectionFields(into))
}

func (r nativeReader) connectionFields(c *Connection) map[string]func(*strictyaml.Node) {
	return map[string]func(*strictyaml.Node){
		"address": func(n *strictyaml.Node) {
			if r.text(n, "address", &c.Address) {
				r.check(n, checkAddress(c.Address))
			}
		},
		"user": func(n *strictyaml.Node) {
			if r.text(n, "user", &c.User) {
				r.check(n, CheckUser(c.User))
			}
		},
		"port": func(n *strictyaml.Node) {
			port, ok := n.Int()
			if !ok || port < 1 || port > 65535 {
				r.fail(n, fmt.Sprintf("port: %q is not a port", n.Text), "a whole number from 1 to 65535, without quotes or leading zeros")
				return
			}
			c.Port = port
		},
		"identity":        func(n *strictyaml.Node) { c.Identity = r.strings(n, "identity") },
		"jump":            func(n *strictyaml.Node) { r.text(n, "jump", &c.Jump) },
		"ssh_config_host": func(n *strictyaml.Node) { r.text(n, "ssh_config_host", &c.SSHConfigHost) },
		"shell":           func(n *strictyaml.Node) { r.text(n, "shell", &c.Shell) },
		"connect_timeout": func(n *strictyaml.Node) {
			if err := c.ConnectTimeout.UnmarshalText([]byte(n.Text)); n.Kind != strictyaml.Scalar || err != nil {
				r.fail(n, fmt.Sprintf("connect_timeout: %q is not a time", n.Text), "write 10s, 500ms or 1m")
			}
		},
		"known_hosts":    func(n *strictyaml.Node) { c.KnownHosts = r.strings(n, "known_hosts") },
		"host_key_alias": func(n *strictyaml.Node) { r.text(n, "host_key_alias", &c.HostKeyAlias) },
	}
}

func checkAddress(address string) error {
	if checkWord(address) == "" || CheckName("["+strings.Trim(address, "[]")+"]") == nil {
		return nil
	}
	return fmt.Errorf("%q is no address: a name or an IP", address)
}

func (r nativeReader) check(n *strictyaml.Node, err error) {
	if err != nil {
		r.fail(n, err.Error(), "")
	}
}

func (r nativeReader) text(n *strictyaml.Node, key string, into *string) bool {
	if n.Kind != strictyaml.Scalar || n.Text == "" || strings.ContainsAny(n.Text, "\x00\n") {
		r.fail(n, key+": has to be a word or a line of text", "")
		return false
	}
	*into = n.Text
	return true
}

// texts reads one text or a list of them.
func (r nativeReader) texts(n *strictyaml.Node, key string) []*strictyaml.Node {
	items := n.Items
	if n.Kind == strictyaml.Scalar {
		items = []*strictyaml.Node{n}
	} else if n.Kind != strictyaml.List {
		r.fail(n, key+": has to be a list", "")
	}
	var s string
	return slices.DeleteFunc(slices.Clone(items), func(item *strictyaml.Node) bool { return !r.text(item, key, &s) })
}

func (r nativeReader) strings(n *strictyaml.Node, key string) (values []string) {
	for _, item := range r.texts(n, key) {
		values = append(values, item.Text)
	}
	return values
}
