// Package inventory turns files, ranges and expressions into hosts. It never connects to one.
package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Host is one machine of an inventory. It is plain data, and never holds a connection or a result. It is safe to
// copy, and to share as long as nobody modifies its maps and slices.
type Host struct {
	Name       string         `json:"name"` // as the inventory spells it: the host's identity everywhere
	Connection Connection     `json:"connection,omitzero"`
	Groups     []string       `json:"groups,omitempty"` // every group it is in, parents included, sorted
	Vars       map[string]any `json:"vars,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler. Vars get back the types that they had when they were written: whole
// numbers become int, so that a repeated run sends the same values.
func (h *Host) UnmarshalJSON(text []byte) error {
	type plain Host
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode((*plain)(h)); err != nil {
		return err
	}
	for name, value := range h.Vars {
		h.Vars[name] = numbers(value)
	}
	return nil
}

// numbers replaces every json.Number in a value with an int or a float64. It changes lists and mappings in place.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := strconv.Atoi(v.String()); err == nil {
			return i
		}
		f, _ := v.Float64() // json.Marshal writes none that is out of range
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return value
}

// Names returns the names of hosts, in their order.
func Names(hosts []Host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return names
}

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

// Duration is a time.Duration that files spell as "10s", "1m30s" or "2d". A bare number other than 0 is refused,
// because its unit is unknown.
type Duration time.Duration

// String spells d as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// Value returns d as a time.Duration.
func (d Duration) Value() time.Duration { return time.Duration(d) }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

const mostDays = 36500 // in the longest Duration

// UnmarshalText implements encoding.TextUnmarshaler. It takes what time.ParseDuration takes, and whole days such as
// "2d". A negative duration, or one of more than 36500 days, is an error.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); n < 0 || n > mostDays {
			err = strconv.ErrRange
		}
		v = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || v/(24*time.Hour) > mostDays || v < 0 {
		return fmt.Errorf("%q is not a time like 10s or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// SecretVars are patterns for the names of vars whose values are never shown or written down.
var SecretVars = []string{"*pass*", "*secret*", "*token*", "*key"}

// Redacted stands for a secret value.
const Redacted = "(secret)"

// Redact returns h with Redacted in place of the value of every var, and of every entry of a mapping inside one,
// whose name matches one of patterns. Patterns are globs that ignore case; a malformed one matches every name. h
// itself does not change.
func (h Host) Redact(patterns []string) Host {
	vars := make(map[string]any, len(h.Vars))
	for name, value := range h.Vars {
		vars[name] = redact(name, value, patterns)
	}
	if h.Vars != nil {
		h.Vars = vars
	}
	return h
}

func redact(name string, value any, patterns []string) any {
	// In path.Match, * and ? do not match a slash, which the name of a var may have.
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x00") }
	for _, p := range patterns {
		if ok, err := path.Match(plain(p), plain(name)); ok || err != nil {
			return Redacted
		}
	}
	switch v := value.(type) {
	case map[string]any:
		inner := make(map[string]any, len(v))
		for k, x := range v {
			inner[k] = redact(k, x, patterns)
		}
		return inner
	case []any:
		inner := make([]any, len(v))
		for i, x := range v {
			inner[i] = redact("", x, patterns)
		}
		return inner
	}
	return value
}
