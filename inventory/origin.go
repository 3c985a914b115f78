package inventory

import "hail/inventory/strictyaml"

// Origin is who said a setting or a var of a host, and where.
type Origin struct {
	Key   string // a key of a Connection, or "vars." and the name of the var
	Value any
	Place Place
	By    string // "host", "group web", "defaults", "vars"
}

// Origins returns who said what of a host, in rising precedence: of a key that stands there more than once, the last one
// counts. The inventory knows it only when it was loaded with Surroundings.Origins.
func (inv *Inventory) Origins(host string) []Origin {
	if inv == nil {
		return nil
	}
	return inv.origins[host]
}

// varKey is the Key of an Origin of a var.
func varKey(name string) string { return "vars." + name }

// note adds to the origins of s, if they are asked for.
func (b *builder) note(s *settings, key string, value any, place Place, by string) {
	if b.around.Origins {
		s.origins = append(s.origins, Origin{key, value, place, by})
	}
}

// noteVars adds a mapping of vars to the origins of s.
func (r nodeReader) noteVars(s *settings, n *strictyaml.Node, by string) {
	if r.b.around.Origins {
		for _, p := range n.Pairs {
			r.b.note(s, varKey(p.Key.Text), p.Value.Any(), r.place(p.Value), by)
		}
	}
}

// noteConnection adds a mapping of connection settings to the origins of s; other keys are passed over.
func (r nodeReader) noteConnection(s *settings, n *strictyaml.Node, by string) {
	if !r.b.around.Origins {
		return
	}
	for _, p := range n.Pairs {
		if connectionFields[p.Key.Text] != nil {
			r.b.note(s, p.Key.Text, p.Value.Any(), r.place(p.Value), by)
		}
	}
}
