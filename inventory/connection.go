package inventory

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Connection says how to reach a host, as far as the inventory and the command line define it. A zero field is left
// to ssh_config, and then to ssh's defaults.
type Connection struct {
	Address        string            `json:"address,omitempty"` // name or IP to connect to; empty: ssh_config's HostName, or the host's name
	User           string            `json:"user,omitempty"`
	Port           int               `json:"port,omitempty"`
	Identity       []string          `json:"identity,omitempty"` // private key files, offered before any other
	Jump           string            `json:"jump,omitempty"`     // inventory hosts or [user@]host[:port], with commas between; or "none"
	SSHConfigHost  string            `json:"ssh_config_host,omitempty"`
	Shell          string            `json:"shell,omitempty"`         // runs the command lines; empty: the login shell
	Become         *bool             `json:"become,omitempty"`        // run commands as another user; nil: unset
	BecomeUser     string            `json:"become_user,omitempty"`   // empty: root
	BecomeMethod   string            `json:"become_method,omitempty"` // sudo or doas; empty: sudo
	ConnectTimeout Duration          `json:"connect_timeout,omitempty"`
	KnownHosts     []string          `json:"known_hosts,omitempty"`
	HostKeyAlias   string            `json:"host_key_alias,omitempty"`
	Options        map[string]string `json:"options,omitempty"` // ssh_config keywords and their values, as for ssh -o
}

// Becomes returns the user that commands run as if that is not the one who logs in; otherwise "".
func (c Connection) Becomes() string {
	if c.Become == nil || !*c.Become {
		return ""
	}
	return cmp.Or(c.BecomeUser, "root")
}

// Overlay returns c with the settings of top that are not zero in place of its own. Options are merged; those of top
// win, in whatever case their keywords are.
func (c Connection) Overlay(top Connection) Connection {
	options := mergedOptions(c.Options, top.Options)
	into, from := reflect.ValueOf(&c).Elem(), reflect.ValueOf(top)
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			into.Field(i).Set(from.Field(i))
		}
	}
	c.Options = options
	return c
}

// fieldSet is a set of the fields of a Connection, with a bit for each.
type fieldSet uint32

// fieldOf returns the set with the field of a key, which is empty if there is none.
func fieldOf(key string) fieldSet {
	i := slices.Index(connectionKeys, key)
	return fieldSet(1<<(i+1)) >> 1
}

// fields returns the fields that are not zero.
func (c Connection) fields() (set fieldSet) {
	for i, v := 0, reflect.ValueOf(c); i < v.NumField(); i++ {
		if !v.Field(i).IsZero() {
			set |= 1 << i
		}
	}
	return set
}

// without returns c without the settings that it shares with o.
func (c Connection) without(o Connection) Connection {
	options := maps.Clone(c.Options)
	maps.DeleteFunc(options, func(key, value string) bool { return o.Options[key] == value })
	into, from := reflect.ValueOf(&c).Elem(), reflect.ValueOf(o)
	for i := range from.NumField() {
		if reflect.DeepEqual(into.Field(i).Interface(), from.Field(i).Interface()) {
			into.Field(i).SetZero()
		}
	}
	if c.Options = nil; len(options) > 0 {
		c.Options = options
	}
	return c
}

// mergedOptions is merged for keywords, whose case does not matter.
func mergedOptions(base, top map[string]string) map[string]string {
	if len(top) > 0 {
		base = maps.Clone(base)
	}
	for key := range top {
		maps.DeleteFunc(base, func(k, _ string) bool { return strings.EqualFold(k, key) })
	}
	return merged(base, top)
}

func (c Connection) isZero() bool { return reflect.ValueOf(c).IsZero() }

// ConnectionKeys returns the keys of all settings, in the order of the fields.
func ConnectionKeys() []string { return slices.Clone(connectionKeys) }

// Setting is one setting of a Connection, under the key that inventories use for it.
type Setting struct {
	Key   string
	Value any
}

// Settings returns the settings that are not zero, in the order of the fields.
func (c Connection) Settings() (all []Setting) {
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() {
			all = append(all, Setting{connectionKeys[i], reflect.Indirect(f).Interface()})
		}
	}
	return all
}

// setting returns the setting with a key; ok is false when it is zero, or when there is no such key.
func (c Connection) setting(key string) (value any, ok bool) {
	i := slices.Index(connectionKeys, key)
	if i < 0 || reflect.ValueOf(c).Field(i).IsZero() {
		return nil, false
	}
	return reflect.Indirect(reflect.ValueOf(c).Field(i)).Interface(), true
}

// connectionKeys are the keys of the fields of a Connection.
var connectionKeys = func() (keys []string) {
	for f := range reflect.TypeFor[Connection]().Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, key)
	}
	return keys
}()
