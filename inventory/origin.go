package inventory

import (
	"slices"
	"strings"

	"hail/inventory/strictyaml"
)

// Origin says where a setting or a var of a host comes from.
type Origin struct {
	Key   string // the key of a connection setting, or "vars." and the name of a var
	Value any
	Place Place
	By    string // what sets it: "host", "group web", "defaults" or "vars"

	of *special // the var that sets a connection setting, if it is one of Ansible's
}

// Origins returns where the settings and vars of a host come from, in rising precedence: of several origins with the
// same key, the last one counts. A host that the inventory does not have gets those for all hosts. It returns nil unless
// the inventory was loaded with Surroundings.Origins.
func (inv *Inventory) Origins(host string) []Origin {
	if inv == nil {
		return nil
	}
	if _, known := inv.index[host]; !known {
		host = ""
	}
	return inv.origins[host]
}

// note adds an origin to s, if the caller of Load asked for origins.
func (b *builder) note(s *settings, key string, value any, place Place, by string) {
	if b.around.Origins {
		s.origins = append(s.origins, Origin{key, value, place, by, nil})
	}
}

// noteSettings adds an origin to s for each connection setting that it has; of is the var that sets them, or nil.
func (b *builder) noteSettings(s *settings, of *special, place Place, by string) {
	if b.around.Origins {
		for _, now := range s.connection().Settings() {
			s.origins = append(s.origins, Origin{now.Key, now.Value, place, by, of})
		}
	}
}

// originsOf returns the origins of s, whose connection is c, without those that are neither in force nor overridden.
func (s settings) originsOf(c Connection) (all []Origin) {
	overridden := map[string]bool{}
	for _, o := range slices.Backward(s.origins) {
		if _, isSet := c.setting(o.Key); !isSet && !strings.HasPrefix(o.Key, varsPrefix) {
			continue
		}
		if o.of == nil || slices.Contains(s.specials, o.of) || overridden[o.Key] && o.of.arguments == nil {
			overridden[o.Key] = true
			all = append(all, o)
		}
	}
	slices.Reverse(all)
	return all
}

// noteVars adds an origin to s for each var of a mapping.
func (r nodeReader) noteVars(s *settings, n *strictyaml.Node, by string) {
	if r.b.around.Origins {
		for _, p := range n.Pairs {
			r.b.note(s, varsPrefix+p.Key.Text, p.Value.Any(), r.place(p.Value), by)
		}
	}
}

// noteConnection adds an origin to s for each connection setting of a mapping, and passes over other keys.
func (r nodeReader) noteConnection(s *settings, n *strictyaml.Node, by string) {
	if !r.b.around.Origins {
		return
	}
	for _, p := range n.Pairs {
		if !slices.Contains(connectionKeys, p.Key.Text) {
			continue
		}
		value := p.Value.Any()
		if p.Value.Kind == strictyaml.List { // of texts
			texts := make([]string, len(p.Value.Items))
			for i, item := range p.Value.Items {
				texts[i] = item.Text
			}
			value = texts
		}
		r.b.note(s, p.Key.Text, value, r.place(p.Value), by)
	}
}
