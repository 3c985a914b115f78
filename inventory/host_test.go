package inventory

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"
)

// TestHostJSON: a host read back from a record is the same for templates and target expressions.
func TestHostJSON(t *testing.T) {
	inv := load(t, "i.yaml", "hosts: {h: {port: 22, vars: {size: 10000000, big: 9007199254740993, part: 0.5, deep: {l: [1, 2.5, x]}, large: 100000000.0, yes: true, none: null}}}")
	h, _ := inv.Host("h")
	text, err := json.Marshal(inv.Hosts())
	if err != nil {
		t.Fatal(err)
	}
	var back []Host
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	for name := range h.Vars {
		if got, want := ValueText(back[0].Vars[name]), ValueText(h.Vars[name]); got != want {
			t.Errorf("%s is %s, before it was %s", name, got, want)
		}
	}
	h.Vars["large"] = 100000000 // JSON has only one kind of number
	if !reflect.DeepEqual(back[0], h) {
		t.Errorf("got  %#v\nwant %#v", back[0], h)
	}
	for _, expr := range []string{"size=10000000", "large=100000000", "big>=9007199254740993", "deep.l=2.5"} {
		for _, inv := range []*Inventory{inv, Of(back)} {
			if _, err := Select(inv, Query{Targets: []string{expr}}, Lookups{}); err != nil {
				t.Errorf("%s: %v", expr, err)
			}
		}
	}
}

func TestDurationText(t *testing.T) {
	for text, want := range map[string]string{"1d": "24h0m0s", "36500d": "876000h0m0s", "90s": "1m30s", "36501d": "", "213504d": "", "-1d": "", "-213504d": "", "99999999999999999999d": "", "5": ""} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); (err == nil) != (want != "") || err == nil && d.String() != want {
			t.Errorf("%s is %v, %v, want %s", text, d, err, want)
		}
	}
}

func TestWholeSeconds(t *testing.T) {
	for d, want := range map[time.Duration]int{0: 0, time.Nanosecond: 1, time.Second: 1, 1400 * time.Millisecond: 2, time.Minute: 60} {
		if got := Duration(d).WholeSeconds(); got != want {
			t.Errorf("%v is %d, want %d", d, got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	for name, want := range map[string]bool{"password": true, "db/password": true, "Token/web/1": true, "a/b?c": false, "api/key": true, "x/pin": true, "1/2/zip": true, "pin": false, "keys": false} {
		h := Host{Vars: map[string]any{"deep": []any{map[string]any{name: "hunter2"}}}}
		got := h.Redact(slices.Concat(SecretVars, []string{"X/[Pp]in", "?/?/z*"})).Vars["deep"].([]any)[0].(map[string]any)[name] == Redacted
		if got != want {
			t.Errorf("%s is hidden: %v, want %v", name, got, want)
		}
	}
}

// TestRedactMalformed: a malformed pattern hides all vars rather than none.
func TestRedactMalformed(t *testing.T) {
	h := Host{Vars: map[string]any{"db": "hunter2"}}
	if got := h.Redact([]string{"[db"}).Vars["db"]; got != Redacted {
		t.Errorf("the var is %v, want it hidden", got)
	}
}
