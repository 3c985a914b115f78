package inventory

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"hail/inventory/strictyaml"
)

// ansible begins a source in one of Ansible's formats: the groups all and ungrouped exist, the later of two values
// counts, and group_vars and host_vars are read from the folder of the file.
func (b *builder) ansible(f file) ansibleSource {
	b.ansibleRules, b.lastWins = true, true
	if dir := filepath.Dir(f.path); f.path != stdinName && !slices.Contains(b.varsDirs, dir) {
		b.varsDirs = append(b.varsDirs, dir)
	}
	a := ansibleSource{nodeReader{b, f.path}}
	a.group("all", f.place(0, 0))
	a.group("ungrouped", f.place(0, 0))
	return a
}

// ansibleSource feeds a source in one of Ansible's formats into a builder, by Ansible's rules.
type ansibleSource struct{ nodeReader }

func (a ansibleSource) group(name string, place Place) *groupDef {
	g := a.b.group(name, place)
	g.sorted = true
	return g
}

// pattern reads a pattern of hosts, which may have a port: www[01:50], db-[a:f]:5309, or an IPv6 address.
func (a ansibleSource) pattern(pattern string, place Place) (names []string, port int, ok bool) {
	if a.b.full() {
		return nil, 0, false
	}
	names, port, wrong := expandAnsible(pattern)
	if wrong != nil {
		a.b.failPattern(place, wrong)
	}
	return names, port, wrong == nil
}

// add adds the hosts of a pattern with their settings. Its port is only for hosts that nothing has named before.
func (a ansibleSource) add(names []string, port int, said settings, g *groupDef, place Place) {
	if port > 0 {
		var first settings
		a.set(&first, "ansible_port", port, place, "host")
		a.b.add(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return a.b.byName[name] != nil }), first, nil, place)
	}
	a.b.add(names, said, g, place)
}

// setNode is set for a value of YAML or JSON. It leaves out a value that ansible-vault encrypted.
func (a ansibleSource) setNode(s *settings, name string, n *strictyaml.Node, by string) {
	if !hasVault(n) {
		a.set(s, name, n.Any(), a.place(n), by)
		return
	}
	v := newSpecial(name)
	v.remark(Remark{Error: Error{Place: a.place(n), Text: name + " is encrypted by ansible-vault: it is left out"}, Key: v.key})
	s.put(settings{specials: []*special{v}})
}

// setAll is setNode for each entry of a mapping.
func (a ansibleSource) setAll(s *settings, vars *strictyaml.Node, by string) {
	for _, v := range vars.Pairs {
		a.setNode(s, v.Key.Text, v.Value, by)
	}
}

func hasVault(n *strictyaml.Node) bool {
	return n.Kind == strictyaml.Vault || slices.ContainsFunc(n.Items, hasVault) ||
		slices.ContainsFunc(n.Pairs, func(p strictyaml.Pair) bool { return hasVault(p.Value) })
}

// set gives the var name a value. A var that is a connection setting to Ansible becomes one, and a credential is left
// out.
func (a ansibleSource) set(s *settings, name string, value any, place Place, by string) {
	var said settings
	_, isSetting := ansibleKeys[name]
	switch {
	case isCredential(name):
		said.remark(name, Remark{Error: Error{Place: place, Text: name + " is a credential: it is left out"}})
	case isSetting:
		v := newSpecial(name)
		if value != nil && value != "" {
			ansibleSetting{a.b, v, place}.take(value)
		}
		said.specials = []*special{v}
		a.b.noteSettings(&said, v, place, by)
	default:
		if why, ok := unfollowed[name]; ok {
			said.remark(name, Remark{Error: Error{Place: place, Text: name + " has no effect: " + why}})
		}
		said.vars = map[string]any{name: value}
		a.b.note(&said, varsPrefix+name, value, place, by)
	}
	s.put(said)
}

func isCredential(name string) bool {
	return strings.HasPrefix(name, "ansible_") && strings.Contains(name, "pass")
}

// ansibleKeys are the vars that ansibleSetting takes: those that mean one of our settings, with its key, and others that
// deserve a remark.
var ansibleKeys = map[string]string{
	"ansible_host": "address", "ansible_ssh_host": "address",
	"ansible_user": "user", "ansible_ssh_user": "user",
	"ansible_port": "port", "ansible_ssh_port": "port",
	"ansible_private_key_file": "identity", "ansible_ssh_private_key_file": "identity",
	"ansible_shell_executable": "shell", "ansible_shell_type": "shell",
	"ansible_become": "become", "ansible_become_user": "become_user",
	"ansible_timeout": "connect_timeout", "ansible_ssh_timeout": "connect_timeout",
	"ansible_ssh_args": "options", "ansible_ssh_common_args": "options", "ansible_ssh_extra_args": "options",
	"ansible_become_method":     "become_method",
	"ansible_connection":        "connection",
	"ansible_host_key_checking": "host_key_checking", "ansible_ssh_host_key_checking": "host_key_checking",
}

// unfollowed are vars by which Ansible reaches a host otherwise than hail would, and why hail does not follow them.
var unfollowed = map[string]string{
	"ansible_become_exe":     "hail runs the sudo or doas that the login's PATH has",
	"ansible_become_flags":   "hail runs sudo and doas with options of its own",
	"ansible_ssh_executable": "hail does not run ssh",
}

// AnsibleSetting returns what a var of this name sets for a connection, as a key of hail's own format where there is one.
// It returns false for every other var.
func AnsibleSetting(name string) (key string, ok bool) {
	if isCredential(name) {
		return "password", true
	}
	if _, ok := unfollowed[name]; ok {
		return "", true
	}
	key, ok = ansibleKeys[name]
	return key, ok
}

// ansibleSetting reads the value of a var that is a connection setting to Ansible.
type ansibleSetting struct {
	b     *builder
	v     *special
	place Place
}

func (s ansibleSetting) remark(key, text, hint string) {
	s.v.remark(Remark{Error: Error{s.place, text, hint}, Key: key})
}

func (s ansibleSetting) fail(text string) { s.b.fail(s.place, s.v.name+": "+text, "") }

// take reads a value, or remarks that hail does not follow it.
func (s ansibleSetting) take(value any) {
	text := fmt.Sprint(value)
	kind := reflect.ValueOf(value).Kind()
	switch {
	case kind == reflect.Slice || kind == reflect.Map:
		s.fail("this has to be a text")
		return
	case strings.Contains(text, "{{"):
		hint := "leave the host out with -x, or give it a value in a later -i"
		if s.v.arguments != nil { // they may hold any setting, so that none of hail's own answers them
			hint = "leave the host out with -x, or give it another " + s.v.name + ", which may be empty, in a later -i of Ansible's INI or YAML"
		}
		s.remark(s.v.key, s.v.name+": templates are not evaluated here: "+text, hint)
		return
	case strings.ContainsFunc(text, unicode.IsControl):
		s.fail("this has to be a text on one line")
		return
	}
	var err error
	switch s.v.key {
	case "address":
		err = CheckAddress(text)
		s.v.set = func(c *Connection) { c.Address = text }
	case "user":
		err = CheckUser(text)
		s.v.set = func(c *Connection) { c.User = text }
	case "become_user":
		err = CheckUser(text)
		s.v.set = func(c *Connection) { c.BecomeUser = text }
	case "shell":
		shell := text
		if s.v.name == "ansible_shell_type" {
			if text != "powershell" && text != "cmd" { // any other runs sh
				s.v.set = nil
				return
			}
			shell = NoShell
		}
		s.v.set = func(c *Connection) { c.Shell = shell }
	case "identity":
		identity := []string{text}
		s.v.set = func(c *Connection) { c.Identity = identity }
	case "port":
		var port int
		port, err = parsePort(text)
		s.v.set = func(c *Connection) { c.Port = port }
	case "connect_timeout":
		var limit Duration
		if limit.UnmarshalText([]byte(text+"s")) != nil || strings.Trim(text, "0123456789.") != "" { // with an s behind it, 1m is a time, too
			err = fmt.Errorf("%q is not a number of seconds", text)
		}
		s.v.set = func(c *Connection) { c.ConnectTimeout = limit }
	case "become":
		yes, ok := ansibleBool(text)
		if !ok {
			err = fmt.Errorf("%q is neither yes nor no", text)
		}
		s.v.set = func(c *Connection) { c.Become = &yes }
	case "options":
		s.sshArguments(text)
	case "become_method":
		method := text[strings.LastIndexByte(text, '.')+1:] // ansible.builtin.sudo, community.general.doas
		if checkBecomeMethod(method) != nil {
			s.remark("become_method", "ansible_become_method is "+method+", and hail has only sudo and doas", "--sudo or --doas runs commands with that, and --sudo=false as the user who logs in")
			return
		}
		s.v.set = func(c *Connection) { c.BecomeMethod = method }
	case "connection":
		switch plugin := text[strings.LastIndexByte(text, '.')+1:]; plugin { // ansible.builtin.ssh
		case "ssh", "smart", "paramiko", "paramiko_ssh", "libssh", "network_cli":
		case "local":
			s.remark("", "ansible_connection is local: hail reaches every host by SSH", "")
		default:
			s.remark("connection", "ansible_connection is "+plugin+", and hail reaches hosts only by SSH", "leave them out with -x, or give those that have SSH ansible_connection=ssh in a later -i")
		}
	case "host_key_checking":
		if yes, ok := ansibleBool(text); ok && !yes {
			s.remark("", s.v.name+" is off: host keys stay verified", "use --host-keys off to stop verifying them")
		}
	}
	if err != nil {
		s.fail(err.Error())
	}
}

// ansibleBool reads the words that Ansible takes for a boolean.
func ansibleBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "yes", "true", "on", "1", "y", "t", "1.0":
		return true, true
	case "no", "false", "off", "0", "n", "f", "0.0":
		return false, true
	}
	return false, false
}
