package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hail/inventory"
	"hail/inventory/wildcard"
	"hail/runner"
)

// Choice selects checks of a suite. Its zero value selects all.
type Choice struct {
	IDs      []string        // patterns: * matches any text, also with /, and ? any one byte; nil: any id
	Tags     []string        // a check needs one of them; nil: any or none
	Severity runner.Severity // a check needs at least this one; empty: any
}

// Take removes all checks from the suite but those of the choice. A check over the fleet stays with the check whose
// values it is about, and keeps that one if it is of the choice itself. It is an error if no check is left, or if no
// check has one of the ids or tags.
func (s *Suite) Take(by Choice) error {
	if err := s.knows(by); err != nil {
		return err
	}
	var taken []Check
	places := map[int]int{} // in taken, by the places in s.Checks
	for i, c := range s.Checks {
		ofFleet := func(f Fleet) bool { return f.Of == i && by.has(f.Check) }
		if !by.has(c.Check) && !slices.ContainsFunc(s.Fleet, ofFleet) {
			s.removed = append(s.removed, c.ID)
			continue
		}
		places[i] = len(taken)
		taken = append(taken, c)
	}
	var fleet []Fleet
	for _, f := range s.Fleet {
		if place, ok := places[f.Of]; ok {
			f.Of = place
			fleet = append(fleet, f)
		}
	}
	if taken == nil {
		return errors.New("no check matches the selection")
	}
	s.Checks, s.Fleet = taken, fleet
	return nil
}

func (s *Suite) knows(by Choice) error {
	for _, glob := range by.IDs {
		if err := s.mustHaveLike(glob); err != nil && !s.overFleet(glob) {
			return err
		}
	}
	var tags []string
	for _, c := range s.Checks {
		tags = append(tags, c.Tags...)
	}
	for _, f := range s.Fleet {
		tags = append(tags, f.Tags...)
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	for _, tag := range by.Tags {
		if !slices.Contains(tags, tag) {
			hint := inventory.DidYouMean(tag, tags)
			if hint == "" && len(tags) > 0 {
				hint = "use one of " + strings.Join(tags, ", ")
			}
			return &inventory.Error{Text: fmt.Sprintf("no check has the tag %q", tag), Hint: hint}
		}
	}
	return nil
}

// overFleet reports whether a check over the fleet has an id that matches the glob.
func (s *Suite) overFleet(glob string) bool {
	return slices.ContainsFunc(s.Fleet, func(f Fleet) bool { return wildcard.Match(glob, f.ID) })
}

// mustHaveLike returns an error if no check on hosts has an id that matches the glob, also among those that Take has
// removed.
func (s *Suite) mustHaveLike(glob string) *inventory.Error {
	ids := slices.Clone(s.removed)
	for _, c := range s.Checks {
		ids = append(ids, c.ID)
	}
	if slices.ContainsFunc(ids, func(id string) bool { return wildcard.Match(glob, id) }) {
		return nil
	}
	if s.overFleet(glob) {
		return &inventory.Error{Text: fmt.Sprintf("%q is a check over the fleet, and only checks on hosts can be waived", glob)}
	}
	for _, f := range s.Fleet {
		ids = append(ids, f.ID)
	}
	return &inventory.Error{Text: fmt.Sprintf("no check has an id that matches %q", glob), Hint: inventory.DidYouMean(glob, ids)}
}

func (by Choice) has(c runner.Check) bool {
	like := func(glob string) bool { return wildcard.Match(glob, c.ID) }
	tagged := func(tag string) bool { return slices.Contains(c.Tags, tag) }
	return (by.IDs == nil || slices.ContainsFunc(by.IDs, like)) && (by.Tags == nil || slices.ContainsFunc(by.Tags, tagged)) &&
		slices.Index(runner.Severities, c.Severity) >= slices.Index(runner.Severities, by.Severity)
}
