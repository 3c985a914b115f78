package check_test

import (
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
