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
	Shell          string            `json:"shell,omitempty"`         // runs the command lines; empty: the login shell; or NoShell
	Become         *bool             `json:"become,omitempty"`        // run commands as another user; nil: unset
	BecomeUser     string            `json:"become_user,omitempty"`   // empty: root
	BecomeMethod   string            `json:"become_method,omitempty"` // Sudo or Doas; empty: Sudo
	ConnectTimeout Duration          `json:"connect_timeout,omitempty"`
	KnownHosts     []string          `json:"known_hosts,omitempty"`
	HostKeyAlias   string            `json:"host_key_alias,omitempty"`
	Options        map[string]string `json:"options,omitempty"` // ssh_config keywords and their values, as for ssh -o
}

// NoShell is the Shell of a host that has no POSIX shell, such as network gear.
const NoShell = "none"

// The values of BecomeMethod: the tools that run commands as another user.
const (
	Sudo = "sudo"
	Doas = "doas"
)

// Bare reports whether command lines are sent as they are, since nothing on the host could take them in the wrapper that ends
// them.
func (c Connection) Bare() bool { return c.Shell == NoShell }

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
	if top.isZero() {
		return c
	}
	all := c
	into, from := reflect.ValueOf(&all).Elem(), reflect.ValueOf(top)
	for i := range from.NumField() {
		if !from.Field(i).IsZero() {
			into.Field(i).Set(from.Field(i))
		}
	}
	all.Options = mergedOptions(c.Options, top.Options)
	return all
}

// mergedOptions is merged for keywords, whose case does not matter.
func mergedOptions(base, top map[string]string) map[string]string {
	return merged(withoutOptions(base, top), top)
}

// withoutOptions returns the options whose keywords top does not have.
func withoutOptions(options, top map[string]string) map[string]string {
	if len(options) == 0 || len(top) == 0 {
		return options
	}
	options = maps.Clone(options)
	for key := range top {
		maps.DeleteFunc(options, func(k, _ string) bool { return strings.EqualFold(k, key) })
	}
	if len(options) == 0 {
		return nil
	}
	return options
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
