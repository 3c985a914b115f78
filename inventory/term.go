package inventory

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"hail/inventory/wildcard"
)

// term returns the hosts that a term of an expression stands for.
func (u *universe) term(t term) (*set, error) {
	s := newSet(u.size())
	if u.growing && (t.kind == regexTerm || t.kind == attributeTerm || t.kind == patternTerm && isGlob(t.text)) {
		return nil, t.fail("not all hosts are known here: name them, or a group", "")
	}
	switch t.kind {
	case innerTerm:
		return s, u.eval(s, t.inner)
	case groupTerm:
		return s, u.addGroups(s, t)
	case fileTerm:
		return s, u.addFile(s, t)
	case runTerm:
		return s, u.addRun(s, t)
	case regexTerm:
		u.addNamed(s, t, "/"+t.text+"/", t.regex.MatchString)
		return s, nil
	case attributeTerm:
		u.addWhere(s, t.test.holds)
		return s, u.checkAttribute(t)
	}
	if isGlob(t.text) {
		if err := checkGlob(t); err != nil {
			return nil, err
		}
		u.addNamed(s, t, t.text, func(name string) bool { return wildcard.Match(t.text, name) })
		return s, nil
	}
	names, wrong := expand(t.text)
	if wrong != nil {
		if wrong.hint == "" {
			wrong.hint = instead(t.text)
		}
		return nil, wrong.in(Place{Col: t.at + 1})
	}
	return s, u.addNames(s, t, names)
}

// fail returns an error at the term.
func (t term) fail(text, hint string) *Error {
	return &Error{Place: Place{Col: t.at + 1}, Text: text, Hint: hint}
}

func (u *universe) addWhere(s *set, match func(*Host) bool) {
	for i := range u.size() {
		if match(u.host(i)) {
			s.add(i)
		}
	}
}

// addNamed adds the hosts whose names match. No match is only a remark: it may be intended, as when a pattern
// excludes hosts that are only there at times.
func (u *universe) addNamed(s *set, t term, pattern string, match func(name string) bool) {
	u.addWhere(s, func(h *Host) bool { return match(h.Name) })
	if s.empty() {
		u.remarks = append(u.remarks, t.fail(fmt.Sprintf("no host matches %s", pattern), u.where()))
	}
}

// checkAttribute refuses an attribute that no host has if it seems mistyped: as an exclusion, it would exclude
// nothing. It is only a remark if no known name is near, or if the prefix vars. says that hosts may have it at other
// times.
func (u *universe) checkAttribute(t term) error {
	wrong, ok := errors.AsType[*Error](u.inv.CheckAttribute(t.test.name))
	if !ok {
		return nil
	}
	wrong.Place.Col = t.at + 1
	if wrong.Hint != "" && !strings.HasPrefix(t.test.name, varsPrefix) {
		return wrong
	}
	u.remarks = append(u.remarks, wrong)
	return nil
}

func (u *universe) addNames(s *set, t term, names []string) error {
	for _, name := range names {
		i, ok := u.index[name]
		if !ok {
			if !u.anyHost {
				return u.unknownHost(t, name, names)
			}
			if u.size() >= maxHosts {
				return t.fail(fmt.Sprintf("there are more than %d hosts up to here", maxHosts), "")
			}
			if u.inv != nil && len(u.extra) == 0 { // the inventory's own index must not change
				u.index = maps.Clone(u.index)
			}
			i = u.size()
			u.extra = append(u.extra, name)
			u.index[name] = i
		}
		s.add(i)
	}
	return nil
}

// addGroups adds the hosts of a group, of a range of groups, or of the groups that match a wildcard.
func (u *universe) addGroups(s *set, t term) error {
	names := []string{t.text}
	switch {
	case isGlob(t.text):
		if names = u.groupsLike(t.text); len(names) == 0 {
			return u.unknownGroup(t, t.text)
		}
	case strings.Contains(t.text, "["):
		var wrong *patternError
		source, pattern, ok := strings.Cut(t.text, ":")
		if source += ":"; !ok {
			source, pattern = "", t.text
		}
		if names, wrong = expand(pattern); wrong != nil {
			return wrong.in(Place{Col: t.at + len("@"+source) + 1})
		}
		for i := range names {
			names[i] = source + names[i]
		}
	}
	for _, name := range names {
		found, err := u.addMembers(s, name)
		if err != nil {
			return err
		}
		if !found {
			return u.unknownGroup(t, name)
		}
	}
	return nil
}

// addRun adds the hosts of an earlier run: run:ID, or run:ID/STATUS+STATUS.
func (u *universe) addRun(s *set, t term) error {
	if u.look.Run == nil {
		return t.fail("earlier runs cannot be used here", "")
	}
	id, wanted := t.text, []string(nil)
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		id, wanted = id[:i], strings.Split(id[i+1:], "+")
	}
	names, err := u.look.Run(id, wanted)
	if err != nil && wanted != nil { // the name of a run may have slashes, too
		if all, e := u.look.Run(t.text, nil); e == nil {
			names, err = all, nil
		}
	}
	wrong, known := errors.AsType[*Error](err)
	switch {
	case known:
		return t.fail(wrong.Text, wrong.Hint)
	case err != nil:
		return t.fail(err.Error(), "")
	case len(names) == 0 && wanted != nil:
		u.remarks = append(u.remarks, t.fail(fmt.Sprintf("no host of run %s ended as %s", id, strings.Join(wanted, " or ")), ""))
	}
	return u.addNames(s, t, names)
}

// addFile adds the hosts that a host list names. It only selects: settings in the list would be lost, so they are
// refused.
func (u *universe) addFile(s *set, t term) error {
	if u.look.File == nil {
		return t.fail("files of names cannot be used here", "")
	}
	text, err := u.look.File(t.text)
	if err != nil {
		hint := ""
		if strings.ContainsAny(t.text, ",!&^") {
			hint = withinExpression
		}
		return t.fail(err.Error(), hint)
	}
	text, wrong := plainText(t.text, text)
	if wrong != nil {
		return wrong
	}
	var errs Errors
	empty := true
	for e, wrong := range listEntries(t.text, text) {
		empty = false
		switch {
		case wrong != nil:
			errs = append(errs, wrong)
			continue
		case e.conn.User != "" || e.conn.Port != 0:
			return &Error{e.place, "this sets a user or a port, but only names are allowed here", "read the file as an inventory: -i " + t.text}
		}
		if err := u.addNames(s, t, e.names); err != nil {
			if wrong, ok := errors.AsType[*Error](err); ok {
				wrong.Place = e.place
			}
			return err
		}
	}
	switch {
	case len(errs) > 0:
		return errs
	case empty:
		u.remarks = append(u.remarks, t.fail(t.text+" has no names", ""))
	}
	return nil
}
