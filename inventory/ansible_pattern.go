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

// splitAnsible returns the parts of a pattern. Colons separate them only where there is no comma, and where the whole is
// not one name: with a port or a range, or an IPv6 address.
func splitAnsible(source string) (parts []string) {
	if !strings.Contains(source, ",") {
		if _, _, wrong := expandAnsible(source); wrong != nil {
			return ansiblePart.FindAllString(source, -1)
		}
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
	hosts, err := p.matching(word)
	if err == nil && word != part {
		hosts, err = p.some(hosts, m)
	}
	return setOf(p.u.size(), hosts), err
}

// some returns the members that a subscript takes; m is its match.
func (p ansiblePattern) some(members []int, m []string) ([]int, error) {
	if len(members) == 0 {
		return nil, nil
	}
	var from int
	to := len(members) - 1
	if m[2] != "" { // [2], or [-1] from the end
		if from, _ = strconv.Atoi(m[2]); from < 0 { // too large a number becomes the largest int, which is out of range, too
			from += len(members)
		}
		if to = from; from < 0 || from >= len(members) {
			return nil, p.fail(fmt.Sprintf("%s: there are %d hosts", m[0], len(members)), "the first one is [0], the last one [-1]")
		}
	} else {
		from, _ = strconv.Atoi(m[3]) // too large a number becomes the largest int, which is behind the end, too
		if end, err := strconv.Atoi(m[4]); err == nil {
			to = min(to, end)
		}
	}
	if from > to {
		return nil, nil
	}
	return members[from : to+1], nil
}

// matching returns the hosts of the groups that a word matches, and the hosts that it matches, in Ansible's order. A
// host may be there more than once, and counts each time.
func (p ansiblePattern) matching(word string) (hosts []int, err error) {
	if word == "all" {
		return p.everybody(), nil
	}
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
	found := false
	for _, g := range p.u.inv.Groups() {
		if match(g) {
			hosts, found = append(hosts, p.u.inv.inOrder(p.u.inv.group(g))...), true
		}
	}
	if !found || strings.ContainsAny(word, "~.?*[") {
		for i := range p.u.size() {
			if match(strings.Trim(p.u.host(i).Name, "[]")) { // Ansible's names of IPv6 hosts have no brackets
				hosts, found = append(hosts, i), true
			}
		}
	}
	switch {
	case found || word == "ungrouped":
	case strings.ContainsAny(word, "~?*["):
		p.u.remarks = append(p.u.remarks, p.fail(fmt.Sprintf("no host and no group matches %s", word), p.u.where()))
	default:
		return nil, p.fail(fmt.Sprintf("%q is neither a host nor a group of the inventory", word), DidYouMean(word, slices.Concat(p.u.inv.Groups(), Names(p.u.inv.hosts))))
	}
	return hosts, nil
}

// everybody returns the hosts of the group all, and then those outside of it: other formats may not have such a group.
func (p ansiblePattern) everybody() (hosts []int) {
	if all := p.u.inv.group("all"); all != nil {
		hosts = p.u.inv.inOrder(all)
	}
	known := setOf(p.u.size(), hosts)
	for i := range p.u.size() {
		if !known.has(i) {
			hosts = append(hosts, i)
		}
	}
	return hosts
}

// inOrder returns the hosts of a group in Ansible's order: those that it names, and then those of the groups below it,
// level by level.
func (inv *Inventory) inOrder(g *groupDef) (hosts []int) {
	seen := newSet(len(inv.hosts))
	groups, known := []*groupDef{g}, map[*groupDef]bool{g: true}
	for ; len(groups) > 0; groups = groups[1:] {
		for _, i := range groups[0].named {
			if !seen.has(i) {
				seen.add(i)
				hosts = append(hosts, i)
			}
		}
		for _, c := range groups[0].children {
			if below := inv.groups[c.name]; !known[below] {
				known[below] = true
				groups = append(groups, below)
			}
		}
	}
	return hosts
}

// classGlob makes a regular expression of a wildcard that has character classes, [a-c] or [!a].
func classGlob(word string) string {
	quoted := regexp.QuoteMeta(word)
	return "^" + strings.NewReplacer(`\*`, ".*", `\?`, ".", `\[!`, "[^", `\[`, "[", `\]`, "]").Replace(quoted) + "$"
}
