package check

import (
	"cmp"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hail/runner"
	"hail/runner/action/program"
)

// programScript makes one check after another, and frames what each says; libraryScript has the functions that probes
// use.
var (
	//go:embed sh/program.sh
	programScript string
	//go:embed sh/library.sh
	libraryScript string
)

// MostSaid is how many bytes a probe may say: both outputs of a command, in hex, and more.
const MostSaid = 5 << 20

// inspect runs the probes of checks in one command on the host. Checks that the host did not get to are missing from
// the result, and err says why.
func inspect(ctx context.Context, t *runner.Target, checks []*Check) (map[*Check]*seen, error) {
	var table strings.Builder
	for i, c := range checks {
		fmt.Fprintf(&table, "%d %d %s %s\n", i, int(c.Limit().Seconds()), c.as(), c.question())
	}
	nonce := rand.Text()
	found := map[*Check]*seen{}
	var now *seen
	var of *Check
	var began float64
	said := 0
	var underway time.Duration // how long an answer takes to get here
	if r, ok := runner.As[runner.Reacher](t.Conn); ok {
		underway = r.Reach().TCP / 2
	}
	err := program.Run(ctx, t, nonce, "sh -c "+runner.Quote(programScript)+" hail "+nonce+" "+runner.Quote(libraryFor(checks)),
		runner.Stdio{In: strings.NewReader(table.String()), Size: int64(table.Len())}, func(kind, rest string) error {
			switch word, value, _ := strings.Cut(rest, " "); {
			case kind == "begin":
				i, err := strconv.Atoi(word)
				if err != nil || i < 0 || i >= len(checks) {
					return errors.New("the host answered a check that was not asked for")
				}
				of, now, said = checks[i], &seen{facts: map[string][]string{}, values: map[string]any{}, cannot: map[string]string{}}, 0
				began, _ = strconv.ParseFloat(value, 64)
			case kind == "end" && now != nil:
				ended, _ := strconv.ParseFloat(value, 64)
				now.took = runner.Duration((ended - began) * float64(time.Second))
				now.ended(of, word)
				found[of], now = now, nil
			case now != nil:
				if said += len(rest); said > MostSaid {
					now.cannot[""] = "the host said too much"
					return nil
				}
				if strings.HasPrefix(rest, "now ") {
					now.heard = float64(time.Now().Add(-underway).UnixNano()) / 1e9
				}
				now.hear(of, rest)
			}
			return nil
		})
	return found, err
}

// libraryFor returns the script that makes the looks of checks. Its arguments are the question of one of them.
func libraryFor(checks []*Check) string {
	var b strings.Builder
	b.WriteString(libraryScript)
	var included []string
	for _, c := range checks {
		if !slices.Contains(included, c.Type) {
			included = append(included, c.Type)
			b.WriteString(kinds[c.Type].probe)
		}
	}
	b.WriteString("\nprobe_\"$@\"\n")
	return b.String()
}

// as returns who makes the look: sudo, or - for the user who is logged in.
func (c *Check) as() string {
	if c.Sudo {
		return "sudo"
	}
	return "-"
}

// question returns the words for the probe: its kind, the attributes that are wanted, and the values of its parameters.
func (c *Check) question() string {
	k := kinds[c.Type]
	var b strings.Builder
	b.WriteString(k.name + " " + program.Word(","+strings.Join(c.attributes(), ",")+","))
	for _, name := range k.words {
		b.WriteString(" =" + program.Word(c.Params[name])) // with =, as a word may be empty
	}
	return b.String()
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
	switch status {
	case "0":
	case "124", "137", "143":
		s.cannot[""] = fmt.Sprintf("it took longer than %v", c.Limit())
		return
	default:
		if s.cannot[""] == "" && c.Sudo && status == "127" {
			s.cannot[""] = "there is no sudo on the host"
		} else if s.cannot[""] == "" && c.Sudo && len(s.facts) == 0 {
			s.cannot[""] = "sudo -n refused: it wants a password, or the user has no such right"
		} else if s.cannot[""] == "" {
			s.cannot[""] = "the probe ended with exit status " + status
		}
		return
	}
	k := kinds[c.Type]
	for name, shape := range k.attrs {
		if facts, ok := s.facts[name]; ok {
			value, err := valueOf(facts, shape)
			if err != nil {
				s.cannot[name] = err.Error()
				continue
			}
			s.values[name] = value
		}
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

// attributes returns the names of the attributes that the check needs.
func (c *Check) attributes() (names []string) {
	for _, w := range c.Wants {
		name, _, _ := strings.Cut(w.Attribute, ".")
		names = append(names, name)
	}
	if c.Value != "" {
		names = append(names, c.Value)
	}
	return names
}
