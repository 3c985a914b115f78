package inventory

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hail/inventory/wildcard"
)

// ansiblePattern evaluates a pattern as Ansible does: first the parts without a sign, then the intersections (&),
// then the exclusions (!), whatever their order. A part is a host, a group, or a wildcard for both; ~ begins a
// regular expression; [0] or [1:3] at the end takes some of its hosts. The parts are separated by commas or colons.
func (u *universe) ansiblePattern(source string) (*set, error) {
	p := ansiblePattern{u: u, source: source}
	if u.inv == nil {
		return nil, p.fail("there is no inventory to look it up in", "name one with -i FILE")
	}
	var alone, both, without []string
	for _, part := range splitAnsible(source) {
		switch {
		case strings.HasPrefix(part, "&"):
			both = append(both, part[1:])
		case strings.HasPrefix(part, "!"):
			without = append(without, part[1:])
		default:
			alone = append(alone, part)
		}
	}
	if len(alone)+len(both)+len(without) == 0 {
		return nil, p.fail("a host, a group or all is missing", "")
	}
	if len(alone) == 0 {
		alone = []string{"all"}
	}
	chosen := newSet(u.size())
	for _, step := range []struct {
		parts []string
		apply func(*set)
	}{{alone, chosen.union}, {both, chosen.intersect}, {without, chosen.minus}} {
		for _, part := range step.parts {
			s, err := p.hosts(part)
			if err != nil {
				return nil, err
			}
			step.apply(s)
		}
	}
	return chosen, nil
}

// ansiblePart matches one part of a pattern whose parts are separated by colons.
var ansiblePart = regexp.MustCompile(`(?:[^\s:\[\]]|\[[^\]]*\])+`)

func splitAnsible(source string) (parts []string) {
	if _, _, wrong := expandAnsible(source); !strings.Contains(source, ",") && wrong != nil {
		return ansiblePart.FindAllString(source, -1)
	}
	for part := range strings.SplitSeq(source, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

type ansiblePattern struct {
	u      *universe
	source string
}

func (p ansiblePattern) fail(text, hint string) *Error {
	return &Error{Place{File: fmt.Sprintf("pattern %q", p.source)}, text, hint}
}

// subscript matches a part with an index or a range at its end: web[0], web[-1], web[1:3].
var subscript = regexp.MustCompile(`^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$`)

func (p ansiblePattern) hosts(part string) (*set, error) {
	if i, ok := p.u.index[part]; ok {
		s := newSet(p.u.size())
		s.add(i)
		return s, nil
	}
	word := part
	m := subscript.FindStringSubmatch(part)
	if m != nil && !strings.HasPrefix(part, "~") {
		word = m[1]
	}
	s, err := p.matching(word)
	if err != nil || m == nil || word == part {
		return s, err
	}
	return p.some(s, m)
}

// some returns the hosts of s that a subscript takes, in the order of the inventory.
func (p ansiblePattern) some(s *set, m []string) (*set, error) {
	members := slices.Collect(s.all())
	if len(members) == 0 {
		return s, nil
	}
	var from int
	to := len(members) - 1
	if m[2] != "" { // [2], or [-1] from the end
		if from, _ = strconv.Atoi(m[2]); from < 0 { // Atoi saturates, which is out of range, too
			from += len(members)
		}
		if to = from; from < 0 || from >= len(members) {
			return nil, p.fail(fmt.Sprintf("%s: there are %d hosts", m[0], len(members)), "the first one is [0], the last one [-1]")
		}
	} else {
		from, _ = strconv.Atoi(m[3]) // Atoi saturates, behind the end
		if end, err := strconv.Atoi(m[4]); err == nil {
			to = min(to, end)
		}
	}
	taken := newSet(p.u.size())
	for i := from; i <= to; i++ {
		taken.add(members[i])
	}
	return taken, nil
}

// matching returns the hosts that a word matches, and the hosts of the groups that it matches.
func (p ansiblePattern) matching(word string) (*set, error) {
	match := func(name string) bool { return wildcard.Match(word, name) }
	if expr, ok := strings.CutPrefix(word, "~"); ok {
		regex, err := regexp.Compile("^(?:" + expr + ")")
		if err != nil {
			return nil, p.fail(RegexError(err).Error(), "")
		}
		match = regex.MatchString
	} else if strings.Contains(word, "[") {
		regex, err := regexp.Compile(classGlob(word))
		if err != nil {
			return nil, p.fail(fmt.Sprintf("%q is not a pattern", word), "")
		}
		match = regex.MatchString
	}
	s := newSet(p.u.size())
	if word == "all" || word == "*" {
		s.fill(p.u.size())
		return s, nil
	}
	found := false
	for _, g := range p.u.groups() {
		if match(g) {
			if _, err := p.u.addMembers(s, g); err != nil {
				return nil, err
			}
			found = true
		}
	}
	if !found || strings.ContainsAny(word, "~.?*[") {
		p.u.addWhere(s, func(h *Host) bool {
			if match(h.Name) {
				found = true
				return true
			}
			return false
		})
	}
	switch {
	case found || word == "ungrouped":
	case strings.ContainsAny(word, "~?*["):
		p.u.remarks = append(p.u.remarks, p.fail(fmt.Sprintf("no host and no group matches %s", word), p.u.where()))
	default:
		return nil, p.fail(fmt.Sprintf("%q is neither a host nor a group of the inventory", word), DidYouMean(word, slices.Concat(p.u.groups(), Names(p.u.inv.hosts))))
	}
	return s, nil
}

// classGlob makes a regular expression of a wildcard that has character classes, [a-c] or [!a].
func classGlob(word string) string {
	quoted := regexp.QuoteMeta(word)
	return "^" + strings.NewReplacer(`\*`, ".*", `\?`, ".", `\[!`, "[^", `\[`, "[", `\]`, "]").Replace(quoted) + "$"
}
