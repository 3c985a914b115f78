package check

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"hail/runner"
)

// seen is what is known of the subject of a check.
type seen struct {
	facts   map[string][]string // what a probe said
	values  map[string]any      // of attributes; one without a value does not exist
	cannot  map[string]string   // why an attribute can't be seen; of "": why none can
	because string              // why it is so, if that helps
	heard   float64             // when the host told its time, by the clock of this machine, in seconds since 1970
	took    runner.Duration
}

func cannot(why string, args ...any) *seen {
	return &seen{cannot: map[string]string{"": fmt.Sprintf(why, args...)}}
}

func newSeen() *seen {
	return &seen{facts: map[string][]string{}, values: map[string]any{}, cannot: map[string]string{}}
}

// hear takes in one line of the probe of c: NAME VALUE, NAME:HEX, or !ATTRIBUTE WHY. A name that the kind does not have
// is ignored.
func (s *seen) hear(c *Check, line string) {
	k := kinds[c.Type]
	if rest, ok := strings.CutPrefix(line, "!"); ok {
		attribute, why, _ := strings.Cut(rest, " ")
		if attribute == "*" {
			attribute = ""
		}
		if k.attrs[attribute] != "" || attribute == "" {
			s.cannot[attribute] = why
		}
		return
	}
	end := strings.IndexAny(line, " :")
	if end < 1 {
		return
	}
	name, value := line[:end], line[end+1:]
	if k.attrs[name] == "" && name != k.told {
		return
	}
	if line[end] == ':' {
		raw, err := hex.DecodeString(value)
		if err != nil {
			s.cannot[name] = "the host's answer is not understood"
			return
		}
		value = string(raw)
	}
	if k.attrs[name] == texts {
		s.facts[name] = append(s.facts[name], value)
	} else {
		s.facts[name] = []string{value} // the last one counts
	}
}

// ended takes in the exit status of a probe, and makes values of its facts.
func (s *seen) ended(c *Check, status string) {
	switch {
	case status == "0":
		s.evaluate(c)
	case status == "124", status == "137", status == "143":
		s.cannot[""] = fmt.Sprintf("it took longer than %v", c.Limit())
	case s.cannot[""] != "":
	case c.Sudo && status == "127":
		s.cannot[""] = "there is no sudo on the host"
	case c.Sudo && len(s.facts) == 0:
		s.cannot[""] = "sudo -n refused: it wants a password, or the user has no such right"
	default:
		s.cannot[""] = "the probe ended with exit status " + status
	}
}

// evaluate makes values of the facts.
func (s *seen) evaluate(c *Check) {
	k := kinds[c.Type]
	for name, shape := range k.attrs {
		facts, said := s.facts[name]
		if !said {
			continue
		}
		value, err := valueOf(facts, shape)
		if err != nil {
			s.cannot[name] = err.Error()
			continue
		}
		s.values[name] = value
	}
	if k.values != nil {
		if err := k.values(c, s); err != nil {
			s.cannot[""] = err.Error()
		}
	}
}

// valueOf returns what facts mean as a value of a shape.
func valueOf(facts []string, s shape) (any, error) {
	if s == texts {
		list := []any{}
		for _, f := range facts {
			if f != "" {
				list = append(list, f)
			}
		}
		return list, nil
	}
	f := facts[len(facts)-1]
	switch s {
	case yesNo:
		return f == "true", nil
	case number, period, sizes:
		n, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
		if err != nil {
			return nil, fmt.Errorf("the host said %s, which is not a number", show(f, text))
		}
		return n, nil
	case rights:
		return cmp.Or(strings.TrimLeft(f, "0"), "0"), nil
	}
	return f, nil
}

// fact returns the last fact of this name, or an empty text.
func (s *seen) fact(name string) string {
	if all := s.facts[name]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// value returns the value of an attribute, nil if there is none, or why it can't be seen.
func (s *seen) value(attribute string) (value any, why string) {
	name, below, _ := strings.Cut(attribute, ".")
	value, known := s.values[name]
	if !known {
		why = cmp.Or(s.cannot[name], s.cannot[""])
	}
	if named, ok := value.(map[string]any); ok && below != "" {
		value = named[below]
	}
	return value, why
}
