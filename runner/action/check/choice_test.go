package check_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner/action/check"
)

// TestPatternsOfIDs: in patterns for waivers and --only, * also matches the / of a path, and all other characters of an
// id match only themselves.
func TestPatternsOfIDs(t *testing.T) {
	const text = "checks:\n  - {file: /etc/a}\n  - {command: \"[ -e /etc/b ]\"}\n"
	for pattern, want := range map[string][]int{"*": {0, 1}, "file:*": {0}, "*/?": {0}, "command:[ -e *": {1}} {
		suite := read(t, text)
		must(t, suite.Waive([]check.Waiver{{ID: pattern, Reason: "known"}}, []inventory.Host{{Name: "here"}}, nil, time.Time{}))
		if got := slices.Sorted(maps.Keys(suite.Waivers["here"])); !slices.Equal(got, want) {
			t.Errorf("%s waives %v, want %v", pattern, got, want)
		}
		if err := suite.Take(check.Choice{IDs: []string{pattern}}); err != nil || len(suite.Checks) != len(want) {
			t.Errorf("%s leaves %d checks, %v, want %d", pattern, len(suite.Checks), err, len(want))
		}
	}
}

// TestNearlyAnID: the hint for a mistyped id knows checks over the fleet, too.
func TestNearlyAnID(t *testing.T) {
	suite := read(t, "checks:\n  - {id: load, command: uptime, capture: up}\n  - {id: balance, fleet: {value_of: up, all_equal: true}}\n")
	for id, want := range map[string]string{"laod": `did you mean "load"?`, "balnace": `did you mean "balance"?`} {
		wrong, ok := errors.AsType[*inventory.Error](suite.Take(check.Choice{IDs: []string{id}}))
		if !ok || wrong.Hint != want {
			t.Errorf("%s: %v, want the hint %s", id, wrong, want)
		}
	}
}
