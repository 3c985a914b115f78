package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"hail/inventory/strictyaml"
)

// nodeReader feeds the nodes of one file, YAML, JSON or CSV, into a builder. It collects errors, so that all of them
// are reported at once.
type nodeReader struct {
	b    *builder
	file string
}

// failYAML adds an error of package strictyaml.
func (b *builder) failYAML(file string, err error) {
	if wrong, ok := errors.AsType[*strictyaml.Error](err); ok {
		b.fail(Place{file, wrong.Line, wrong.Col}, wrong.Text, wrong.Hint)
	}
}

// parseYAML11 decodes the text of a file by the rules of YAML 1.1; nil after an error.
func (b *builder) parseYAML11(f file) *strictyaml.Node {
	var root *strictyaml.Node
	doc, err := strictyaml.Parse(f.text)
	if err == nil {
		root, err = doc.YAML11()
	}
	if err != nil {
		b.failYAML(f.path, err)
		return nil
	}
	return root
}

func (r nodeReader) fail(n *strictyaml.Node, text, hint string) {
	r.b.fail(r.place(n), text, hint)
}

func (r nodeReader) place(n *strictyaml.Node) Place { return Place{r.file, n.Line, n.Col} }

// textPlace is where the text of n begins; columns in a pattern are counted from there.
func (r nodeReader) textPlace(n *strictyaml.Node) Place {
	p := r.place(n)
	if n.AfterQuote {
		p.Col++
	}
	return p
}

// isMap says whether n is a mapping. Anything else is reported as an error, except an empty value.
func (r nodeReader) isMap(n *strictyaml.Node, what, example string) bool {
	if n.Kind != strictyaml.Map && n.Kind != strictyaml.Null {
		r.fail(n, what+" has to be a mapping", example)
	}
	return n.Kind == strictyaml.Map
}

// fields are the keys that a mapping may have besides connection settings, each with the function that reads its
// value.
type fields map[string]func(*strictyaml.Node)

// fields reads a mapping. Connection settings in it go to conn; if conn is nil, they are unknown keys.
func (r nodeReader) fields(n *strictyaml.Node, what, example string, known fields, conn *Connection) {
	if !r.isMap(n, what, example) {
		return
	}
	for _, p := range n.Pairs {
		switch read := known[p.Key.Text]; {
		case read != nil:
			read(p.Value)
		case conn != nil && r.setting(p.Key.Text, p.Value, conn):
		default:
			r.unknownKey(p.Key, what, known, conn != nil)
		}
	}
}

// foreignKeys are our connection settings by what ssh_config and others call them, in lower case.
var foreignKeys = map[string]string{
	"hostname": "address", "host": "address", "ip": "address", "username": "user", "sudo": "become",
	"identityfile": "identity", "identity_file": "identity", "key": "identity", "proxyjump": "jump", "proxy_jump": "jump", "bastion": "jump",
}

// unknownKey reports a key that a mapping with these fields does not have.
func (r nodeReader) unknownKey(key *strictyaml.Node, what string, known fields, takesSettings bool) {
	names := slices.Collect(maps.Keys(known))
	if takesSettings {
		names = append(names, connectionKeys...)
	}
	slices.Sort(names)
	hint := MeantKey(key.Text, names)
	elsewhere := cmp.Or(ansibleKeys[key.Text], foreignKeys[strings.ToLower(key.Text)])
	switch {
	case takesSettings && slices.Contains(connectionKeys, elsewhere):
		hint = fmt.Sprintf("%s is %s here", key.Text, elsewhere)
	case known["vars"] != nil && known["groups"] == nil && (key.Text == "groups" || key.Text == "group"):
		hint = "a group names its hosts: " + someGroups
	case hint != "":
	case slices.Contains(connectionKeys, key.Text) && known["connection"] != nil:
		hint = fmt.Sprintf("connection: {%s: …}", key.Text)
	case slices.Contains(connectionKeys, key.Text) && known["defaults"] != nil:
		hint = fmt.Sprintf("defaults: {%s: …}", key.Text)
	default:
		hint = "it takes " + strings.Join(names, ", ")
		if takesSettings && known["vars"] != nil {
			hint = fmt.Sprintf("put a variable in vars: {%s: …}; %s", key.Text, hint)
		}
	}
	r.fail(key, fmt.Sprintf("unknown key %q in %s", key.Text, what), hint)
}

// vars reads a mapping of vars; by is what sets them, for their origins.
func (r nodeReader) vars(n *strictyaml.Node, into *settings, by string) {
	if !r.isMap(n, "vars", "vars: {role: web}") {
		return
	}
	said := settings{vars: make(map[string]any, len(n.Pairs))}
	for _, p := range n.Pairs {
		said.vars[p.Key.Text] = p.Value.Any()
		r.remarkAnsible(&said, p.Key.Text, r.place(p.Key))
	}
	r.noteVars(&said, n, by)
	*into = into.overlay(said)
}

// remarkAnsible remarks on a var that would be a connection setting in a format of Ansible's.
func (r nodeReader) remarkAnsible(s *settings, name string, place Place) {
	if key := ansibleKeys[name]; slices.Contains(connectionKeys, key) {
		s.remark(name, Remark{Error: Error{place, name + " is only a var in this format", "the setting is " + key}})
	}
}

// connection reads a mapping of connection settings; by is what sets them, for their origins.
func (r nodeReader) connection(n *strictyaml.Node, into *settings, by string) {
	var said settings
	r.fields(n, "connection settings", "connection: {port: 2222}", nil, &said.conn)
	r.noteConnection(&said, n, by)
	*into = into.overlay(said)
}

// setting reads the connection setting with a key; known is false if there is none.
func (r nodeReader) setting(key string, n *strictyaml.Node, into *Connection) (known bool) {
	switch key {
	case "address":
		r.text(n, key, &into.Address, CheckAddress)
	case "user":
		r.text(n, key, &into.User, CheckUser)
	case "port":
		r.port(n, &into.Port)
	case "identity":
		into.Identity = r.values(n, key)
	case "jump":
		r.text(n, key, &into.Jump, CheckJump)
	case "ssh_config_host":
		r.text(n, key, &into.SSHConfigHost, CheckAddress)
	case "shell":
		r.text(n, key, &into.Shell, nil)
	case "become":
		r.yesOrNo(n, key, &into.Become)
	case "become_user":
		r.text(n, key, &into.BecomeUser, CheckUser)
	case "become_method":
		r.text(n, key, &into.BecomeMethod, checkBecomeMethod)
	case "connect_timeout":
		r.duration(n, key, &into.ConnectTimeout)
	case "known_hosts":
		into.KnownHosts = r.values(n, key)
	case "host_key_alias":
		r.text(n, key, &into.HostKeyAlias, CheckAddress)
	case "options":
		r.options(n, &into.Options)
	default:
		return false
	}
	return true
}

// text reads a text that passes check, which may be nil.
func (r nodeReader) text(n *strictyaml.Node, key string, into *string, check func(string) error) {
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

func (r nodeReader) isText(n *strictyaml.Node, key string) bool {
	_, isBool := n.Any().(bool)
	if n.Kind != strictyaml.Scalar || isBool || n.Text == "" || strings.ContainsFunc(n.Text, unicode.IsControl) {
		r.fail(n, key+": this has to be a text on one line", "")
		return false
	}
	return true
}

// texts reads one text or a list of them.
func (r nodeReader) texts(n *strictyaml.Node, key string) (texts []*strictyaml.Node) {
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

func (r nodeReader) values(n *strictyaml.Node, key string) (values []string) {
	for _, item := range r.texts(n, key) {
		values = append(values, item.Text)
	}
	return values
}

func (r nodeReader) port(n *strictyaml.Node, into *int) {
	port, ok := n.Int()
	if !ok || port < 1 || port > 65535 {
		r.fail(n, fmt.Sprintf("port: %q is not a port", n.Text), "a whole number from 1 to 65535, without quotes or leading zeros")
		return
	}
	*into = port
}

func (r nodeReader) duration(n *strictyaml.Node, key string, into *Duration) {
	if err := into.UnmarshalText([]byte(n.Text)); err != nil {
		r.fail(n, fmt.Sprintf("%s: %v", key, err), "")
	} else if *into == 0 {
		r.fail(n, key+": the time has to be above 0", "")
	}
}

func (r nodeReader) yesOrNo(n *strictyaml.Node, key string, into **bool) {
	value, ok := n.Any().(bool)
	if !ok {
		r.fail(n, key+": this has to be true or false", "")
		return
	}
	*into = &value
}

// addHosts adds the hosts that a pattern stands for, with their settings, and puts them into groups.
func (r nodeReader) addHosts(pattern *strictyaml.Node, said settings, groups []*groupDef) {
	names, wrong := r.b.expand(pattern.Text)
	if wrong != nil {
		r.b.failPattern(r.textPlace(pattern), wrong)
		return
	}
	r.b.add(names, said, nil, r.place(pattern))
	for _, g := range groups {
		r.b.add(names, settings{}, g, r.place(pattern))
	}
}

// ParseValue reads the value of a var as hail's YAML reads a plain scalar: whole numbers, decimals, true and false
// become int, float64 and bool, and everything else is text.
func ParseValue(text string) any {
	return (&strictyaml.Node{Kind: strictyaml.Scalar, Text: text}).Any()
}
