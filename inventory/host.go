// Package inventory turns files, ranges and expressions into hosts. It never connects to one.
//
// Load reads files into an Inventory, and Select returns the hosts of one that a Query means, by target expressions:
//
//	web01  web[01-20]  db*  /^web\d+$/    names: as they are, with a range, by wildcard, by regular expression
//	@web                                  the hosts of a group
//	role=web  memory>=64  name!=web01     what is known of a host: a var, a connection setting, name, address, group
//	run:last/failed  ^FILE                the hosts of an earlier run, and those in a file: by the Lookups
//	a,b  a!b  a&b  a^b  (a,b)&c           a and b together, a without b, in both, in one only; from left to right
//
// docs/inventory.md has the whole language, and the formats of the files. Errors about what the user wrote are an *Error,
// or an Errors of several: each with its place, and often a hint.
package inventory

import (
	"bytes"
	"encoding/json"
	"path"
	"strconv"
	"strings"
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
