package inventory

import (
	"reflect"
	"slices"
	"strings"
)

// special is a var that is more than a value: one by which Ansible sets how a host is reached, or one to remark on.
type special struct {
	name      string            // of the var, or of a file of vars
	key       string            // of the setting that it is to Ansible; "" if it is none
	prefixed  bool              // as ansible_ssh_user is, which counts more than ansible_user wherever it is set
	set       func(*Connection) // gives the setting the var's value, be it none; nil if there is nothing to set
	arguments *Connection       // what arguments for ssh set; nil if it has none
	remarks   []*Remark
}

// newSpecial returns a var with no value in one of Ansible's formats.
func newSpecial(name string) *special {
	v := &special{name: name, key: ansibleKeys[name]}
	switch field := slices.Index(connectionKeys, v.key); {
	case v.key == "options":
		v.arguments = &Connection{}
	case field >= 0:
		v.prefixed = strings.HasPrefix(name, "ansible_ssh_")
		v.set = func(c *Connection) { reflect.ValueOf(c).Elem().Field(field).SetZero() }
	}
	return v
}

func (v *special) remark(r Remark) {
	r.Becoming = strings.HasPrefix(v.name, "ansible_become")
	v.remarks = append(v.remarks, &r)
}

// remark remarks on a var that sets nothing, or on a file.
func (s *settings) remark(name string, r Remark) {
	v := &special{name: name}
	v.remark(r)
	s.specials = append(s.specials, v)
}

// hides says whether o does not count where v is set, too.
func (v *special) hides(o *special) bool {
	return v.name == o.name && (v.key != "" || o.key == "") || v.prefixed && v.key == o.key
}

func hidden(v *special, by []*special) bool {
	return slices.ContainsFunc(by, func(o *special) bool { return o.hides(v) })
}

// settles says whether v does not count where s is laid over it.
func (s settings) settles(v *special) bool {
	_, isVar := s.vars[v.name]
	_, isSet := s.conn.setting(v.key)
	return isVar && v.key == "" || isSet && v.set != nil || hidden(v, s.specials)
}

// specialsUnder returns which specials of s and of top count when top is laid over s.
func (s settings) specialsUnder(top settings) []*special {
	below := slices.DeleteFunc(slices.Clone(s.specials), top.settles)
	above := slices.DeleteFunc(slices.Clone(top.specials), func(v *special) bool { return hidden(v, below) })
	return slices.Concat(below, above)
}

// connection returns conn with what the specials set. Of several vars with arguments for ssh, the first one that says
// something counts, as for ssh.
func (s settings) connection() Connection {
	c, args := s.conn, Connection{}
	for _, v := range s.specials {
		if v.set != nil {
			v.set(&c)
		}
	}
	for _, name := range slices.Backward(sshVars) {
		for _, v := range s.specials {
			if v.name == name {
				args = args.without(*v.arguments).Overlay(*v.arguments)
			}
		}
	}
	if args.isZero() {
		return c
	}
	return args.without(c).Overlay(c)
}
