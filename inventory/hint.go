package inventory

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// whyNone is a hint for a selection that came out empty.
func (u *universe) whyNone() string {
	if where := u.where(); where != listHint || len(u.remarks) == 0 {
		return where
	}
	return cmp.Or(u.remarks[0].Hint, u.remarks[0].Text)
}

const listHint = "hail hosts -a --fold lists the inventory"

// where is a hint that says which hosts there are, or how to list them.
func (u *universe) where() string {
	switch {
	case u.of != "":
		return u.of + " has " + u.has()
	case u.inv == nil:
		return "there is no inventory to look in: name one with -i FILE"
	case len(u.inv.hosts) == 0:
		return "the inventory has no hosts"
	}
	return listHint
}

// has lists the hosts for a hint, as far as they fit.
func (u *universe) has() string {
	const most = 100
	text := []rune(Fold(Names(u.inv.hosts)))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return fmt.Sprintf("%s (%d)", string(text), len(u.inv.hosts))
}

// unknownHost returns the error for name, a host that does not exist, among all the names of the term.
func (u *universe) unknownHost(t term, name string, names []string) error {
	hint := u.meant(t, name, names)
	switch {
	case u.of != "":
		hint = andHint("it has "+u.has(), hint)
	case hint == "":
		hint = "--any-host accepts names that are not in the inventory"
	}
	return t.fail(fmt.Sprintf("host %q is not in %s", name, cmp.Or(u.of, "the inventory")), hint)
}

// meant is a hint that says what may be meant by the name of a host that does not exist; "" if nothing is near.
func (u *universe) meant(t term, name string, names []string) string {
	switch {
	case name == "all":
		return "use -a for all hosts of the inventory"
	case u.inv.group(name) != nil:
		return fmt.Sprintf("%q is a group: write @%s, or -g %s", name, name, name)
	case t.kind == patternTerm && t.text != name && u.of == "" && len(u.inv.hosts) > 0: // in a range, no single name is mistyped
		if padded := u.otherwisePadded(names); padded != nil {
			return fmt.Sprintf("did you mean %q?", Fold(padded))
		}
		return "it has " + u.has()
	}
	return DidYouMean(name, Names(u.inv.hosts))
}

var zerosInFront = regexp.MustCompile(`(^|\D)0+(\d)`)

// otherwisePadded returns the hosts whose names differ from these only in leading zeros; nil unless each name has
// one.
func (u *universe) otherwisePadded(names []string) (meant []string) {
	plain := func(name string) string { return zerosInFront.ReplaceAllString(name, "$1$2") }
	known := map[string]string{}
	for _, h := range u.inv.hosts {
		known[plain(h.Name)] = h.Name
	}
	for _, name := range names {
		there, ok := known[plain(name)]
		if !ok {
			return nil
		}
		meant = append(meant, there)
	}
	return meant
}

// unknownGroup returns the error for a group that does not exist, or for a wildcard that no group matches.
func (u *universe) unknownGroup(t term, name string) error {
	known := u.Groups()
	hint := u.groupsOf(DidYouMean(name, known))
	switch {
	case u.inv == nil && len(known) == 0:
		return t.fail(fmt.Sprintf("there is no inventory to look up @%s in", t.text), "name one with -i FILE")
	case len(known) == 0:
		return t.fail(fmt.Sprintf("unknown group %q: %s has no groups", t.text, cmp.Or(u.of, "the inventory")), "")
	case isGlob(name):
		return t.fail(fmt.Sprintf("no group matches %q", name), u.groupsOf(""))
	case name == "all":
		hint = "use -a for all hosts of the inventory"
	}
	return t.fail(fmt.Sprintf("unknown group %q", name), hint)
}

// groupsOf adds the existing groups to the hint, if no command lists them.
func (u *universe) groupsOf(hint string) string {
	if u.of == "" {
		return hint
	}
	return andHint("the groups of "+u.of+" are "+strings.Join(u.Groups(), ", "), hint)
}

// andHint puts a hint behind the list of what exists.
func andHint(has, hint string) string {
	if hint == "" {
		return has
	}
	return has + ": " + hint
}

// instead returns a hint for text in the syntax of another program, where only names are taken.
func instead(text string) string {
	_, behind, colon := strings.Cut(text, ":")
	switch _, err := netip.ParseAddr(strings.Trim(text, "[]")); {
	case err == nil: // only the brackets are missing
		return ""
	case text == "-":
		return "use ^- for names on standard input, or -i - -a for an inventory"
	case strings.Contains(text, "{"):
		return "write ranges in brackets: web[01-20]"
	case strings.Contains(text, "@"), colon && behind != "" && leadingDigits(behind) == len(behind):
		return "set the user and the port with options, or in the inventory"
	case colon:
		return "use --ansible-pattern for patterns of Ansible"
	}
	return ""
}
