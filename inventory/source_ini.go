package inventory

import (
	"fmt"
	"regexp"
	"strings"

	"hail/inventory/pyliteral"
)

var (
	iniSection = regexp.MustCompile(`^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:[#;].*)?$`)
	iniVar     = regexp.MustCompile(`^[^\s=#]+\s+[^\s=#]+=`)
)

// isINI looks for a section, or for a host followed by vars.
func isINI(f file) bool {
	if f.ext() == ".ini" || f.ext() == ".cfg" {
		return true
	}
	for line := range strings.Lines(string(f.text)) {
		line = strings.TrimSpace(line)
		if iniVar.MatchString(line) {
			return true
		}
		if iniSection.MatchString(line) {
			if _, wrong := expand(line); wrong != nil { // neither [::1] nor [1-3]
				return true
			}
		}
	}
	return false
}

// readINI reads Ansible's INI: [group] with one host and its vars per line, [group:vars], and [group:children].
func readINI(b *builder, f file) {
	r := iniReader{ansibleSource: b.ansible(f), kind: "hosts", undeclared: map[*groupDef]*iniMention{}}
	r.g = b.groups["ungrouped"]
	number := 0
	for line := range strings.Lines(string(f.text)) {
		number++
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		r.line(text, f.place(number, strings.Index(line, text)+1))
		if len(b.errs) >= maxErrors {
			return
		}
	}
	for _, g := range r.mentioned {
		if m := r.undeclared[g]; m != nil && len(b.errs) < maxErrors {
			b.fail(m.place, fmt.Sprintf("[%s:%s] names the group %q, which is not declared", m.by.name, m.kind, g.name), DidYouMean(g.name, r.declared))
		}
	}
}

type iniReader struct {
	ansibleSource
	g          *groupDef // of the section
	kind       string    // hosts, vars or children
	declared   []string
	mentioned  []*groupDef // before they were declared, in order
	undeclared map[*groupDef]*iniMention
}

// iniMention is where a group is mentioned that may be declared later: the section by:kind. If that lists children, the
// group becomes a child only once it is declared, which is Ansible's order.
type iniMention struct {
	by      *groupDef
	kind    string
	place   Place
	parents []iniParent // that have listed it so far
}

// iniParent is a group, and where it names a child.
type iniParent struct {
	group *groupDef
	place Place
}

func (r *iniReader) line(text string, place Place) {
	if m := iniSection.FindStringSubmatch(text); m != nil && CheckName(text) != nil {
		r.section(m[1], m[2], place)
		return
	}
	switch r.kind {
	case "hosts":
		r.hostLine(text, place)
	case "vars":
		r.varLine(text, place)
	case "children":
		name, _, _ := strings.Cut(text, "#")
		name = strings.TrimSpace(name)
		if err := checkGroup(name); err != nil {
			r.b.fail(place, err.Error(), "")
			return
		}
		g := r.group(name, place)
		r.mention(g, place)
		if m := r.undeclared[g]; m != nil && m.kind == "children" {
			m.parents = append(m.parents, iniParent{r.g, place})
		} else {
			r.g.children = append(r.g.children, child{name, place})
		}
	}
}

func (r *iniReader) section(name, kind string, place Place) {
	if err := checkGroup(name); err != nil {
		r.b.fail(place, err.Error(), "")
		return
	}
	switch kind {
	case "":
		kind = "hosts"
	case "hosts", "vars", "children":
	default:
		r.b.fail(place, fmt.Sprintf("[%s:%s]: unknown kind of section", name, kind), "[group], [group:vars] or [group:children]")
	}
	r.g, r.kind = r.group(name, place), kind
	if kind == "vars" {
		r.mention(r.g, place)
		return
	}
	if m := r.undeclared[r.g]; m != nil {
		for _, p := range m.parents {
			p.group.children = append(p.group.children, child{name, p.place})
		}
		delete(r.undeclared, r.g)
	}
	r.declared = append(r.declared, name)
}

// mention records a group that this section mentions for the first time, and that has to be declared somewhere.
func (r *iniReader) mention(g *groupDef, place Place) {
	if g.place == place {
		r.mentioned = append(r.mentioned, g)
		r.undeclared[g] = &iniMention{by: r.g, kind: r.kind, place: place}
	}
}

// hostLine reads a host, or a pattern of hosts, and its vars: web1 ansible_host=10.0.0.1 role="front end".
func (r *iniReader) hostLine(text string, place Place) {
	words, err := shellWords(text)
	switch {
	case err != nil:
		r.b.fail(place, err.Error(), "")
		return
	case len(words) == 0:
		return
	}
	if text[0] == '[' && strings.HasSuffix(text, "]") && CheckName(text) != nil {
		r.b.fail(place, fmt.Sprintf("%s is not a section", text), "a section is [group], [group:vars] or [group:children], without blanks")
		return
	}
	if text[0] == '[' && !strings.Contains(text, "]") {
		r.b.fail(place, "the section is not closed", "[group], [group:vars] or [group:children]")
		return
	}
	names, port, ok := r.pattern(words[0], place)
	if !ok {
		return
	}
	var said settings
	done := len(words[0])
	for _, word := range words[1:] {
		name, value, ok := strings.Cut(word, "=")
		begin := word[:min(len(name)+1, len(word))] // what follows may have lost its quotes
		at := place
		if i := strings.Index(text[done:], begin); i >= 0 {
			at.Col += done + i
			done += i + len(begin)
		}
		if !ok || name == "" {
			r.b.fail(at, fmt.Sprintf("%q is not a var: name=value", word), "")
			return
		}
		r.set(&said, name, literal(value), at, "host")
	}
	r.add(names, port, said, r.g, place)
}

func (r *iniReader) varLine(text string, place Place) {
	name, value, ok := strings.Cut(text, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok || name == "":
		r.b.fail(place, fmt.Sprintf("%q is not a var: name=value", text), "")
	case name == "ansible_group_priority":
		r.priority(r.g, literal(value), place)
	default:
		r.set(&r.g.said, name, literal(value), place, "group "+r.g.name)
	}
}

// literal reads a value as Ansible does: a Python literal, or else text as it stands.
func literal(text string) any {
	if value, ok := pyliteral.Parse(text); ok {
		return value
	}
	return text
}
