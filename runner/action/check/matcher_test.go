package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
)

// TestMatchersHere: what is judged on this machine, among it the values that only it sees.
func TestMatchersHere(t *testing.T) {
	is := func(o string, want any, of ...Matcher) Matcher { return Matcher{o, want, of} }
	list := func(all ...any) []any { return all }
	for _, tt := range []struct {
		m     Matcher
		value any
		want  string // the result, or the error
	}{
		{is(equals, list("a", "b")), list("b", "a"), "true"},
		{is(equals, list("a", "b")), list("a", "c"), "false"},
		{is(equals, list("a", "a")), list("a", "b"), "false"},
		{is(equals, list("a")), list("a", "a"), "false"},
		{is(equals, "1"), 1.0, "false"},
		{is(contains, "a"), list("ab", "a"), "true"},
		{is(contains, "a"), list("ab"), "false"},
		{is(matches, "^b"), list("ab", "b"), "true"},
		{is(matches, "^b"), list("ab"), "false"},
		{is(version, ">=2"), "none", "there is no version in \"none\""},
		{is(not, nil, is(version, ">=2")), "none", "there is no version in \"none\""},
		{is(anyOf, nil, is(version, ">=2"), is(equals, "none")), "none", "true"},
		{is(anyOf, nil, is(version, ">=2"), is(equals, "some")), "none", "there is no version in \"none\""},
		{is(length, nil, is(equals, 2.0)), list("a", "b"), "true"},
		{is(version, ">=2"), "3.99999999999999999999", "\"3.99999999999999999999\" is not a version"},
		{is(query, ".", is(length, nil, is(equals, 2.0))), `{"a": 1, "b": 2}`, "true"},
		{is(query, ".a", is(equals, 1.0)), `{"a": 1}`, "true"},
		{is(query, ".a|length", is(equals, 3.0)), `{"a": "abc"}`, "true"},
		{is(query, ".a", is(equals, list(1.0, 3.0))), `{"a": [3, 1]}`, "true"},
		{is(query, "empty", is(equals, 1.0)), `1`, "false"},
		{is(query, ".a", is(equals, 1.0)), `{`, `"{" is not JSON`},
		{is(query, ".a.b", is(equals, 1.0)), `{"a": 1}`, `jq says: expected an object but got: number (1)`},
		{is(query, ".a|nothing", is(equals, 1.0)), `{"a": 1}`, `".a|nothing": function not defined: nothing/0`},
	} {
		test, err := tt.m.compile(text)
		got := ""
		if err == nil {
			var ok bool
			ok, _, err = test(t.Context(), tt.value)
			got = fmt.Sprint(ok)
		}
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v of %v: %s, want %s", tt.m, tt.value, got, tt.want)
		}
	}
}

// TestShowLongText: a long text is cut between two characters.
func TestShowLongText(t *testing.T) {
	for long, want := range map[string]string{
		"a" + strings.Repeat("é", 199): `"a` + strings.Repeat("é", 199) + `"`,
		"a" + strings.Repeat("é", 200): `"a` + strings.Repeat("é", 199) + `"…`,
	} {
		if got := show(long, text); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestLastDayOfAWaiver: a waiver holds to the end of its last day, and one that holds counts more than one that does not
// any more.
func TestLastDayOfAWaiver(t *testing.T) {
	day := func(d, hour int) time.Time { return time.Date(2026, 11, d, hour, 30, 0, 0, time.UTC) }
	until := Waiver{ID: "a", Reason: "old", Until: day(24, 0).Truncate(24 * time.Hour)}
	for _, tt := range []struct {
		waivers []Waiver
		now     time.Time
		want    string
	}{
		{[]Waiver{until}, day(24, 23), "old, until 2026-11-24"},
		{[]Waiver{until}, day(25, 0), "waived no more since 2026-11-24: old"},
		{[]Waiver{until, {ID: "a", Reason: "new"}}, day(25, 0), "new"},
		{[]Waiver{{ID: "a", Reason: "new"}, until}, day(25, 0), "new"},
		{[]Waiver{{ID: "a", Reason: "new"}, {ID: "*", Reason: "newer"}}, day(25, 0), "new"},
	} {
		s := Suite{Checks: []Check{{Check: runner.Check{ID: "a"}}}}
		err := s.Waive(tt.waivers, []inventory.Host{{Name: "web1"}}, nil, tt.now)
		if got := s.Waivers["web1"][0]; err != nil || got != tt.want {
			t.Errorf("%v at %v: %q, %v, want %q", tt.waivers, tt.now, got, err, tt.want)
		}
	}
}
