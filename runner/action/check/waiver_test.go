package check_test

import (
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/check"
)

func TestWhenAndWaivers(t *testing.T) {
	suite := read(t, `checks:
  - {id: cert-a, command: "exit 1"}
  - {id: cert-b, command: "exit 1"}
  - {id: elsewhere, command: "exit 1", when: other}
  - {id: off, command: "exit 1", skip: true}
  - {id: good, command: "true"}
`)
	choose := func(expr string) (map[string]bool, error) { return map[string]bool{expr: true}, nil }
	hosts := []inventory.Host{{Name: "here"}}
	must(t, suite.Aim(hosts, choose))
	waivers, err := check.ReadWaivers("w.yaml", []byte(`waivers:
  - {id: cert-a, hosts: here, reason: known, owner: ops, until: 2026-12-31}
  - {id: cert-b, reason: forgotten, until: 2026-01-01}
  - {id: good, reason: none}
`))
	must(t, err, suite.Waive(waivers, hosts, choose, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)))
	verdicts, finish := newMachine(t, "gnu").run(t, suite)
	for id, want := range map[string]runner.Verdict{
		"cert-a":    {Outcome: runner.Waived, Text: "exit: expected 0, is 1 (waived: known, ops, until 2026-12-31)"},
		"cert-b":    {Outcome: runner.Fail, Text: "exit: expected 0, is 1 (waived no more since 2026-01-01: forgotten)"},
		"elsewhere": {Outcome: runner.Skip}, "off": {Outcome: runner.Skip}, "good": {Outcome: runner.Pass}} {
		if v := verdicts[id]; v.Outcome != want.Outcome || v.Text != want.Text {
			t.Errorf("%s: %s %q, want %s %q", id, v.Outcome, v.Text, want.Outcome, want.Text)
		}
	}
	if finish.Error != "cert-b" {
		t.Errorf("the host ends with the error %q, want cert-b", finish.Error)
	}
	if err := suite.Waive([]check.Waiver{{ID: "none"}}, hosts, choose, time.Time{}); err == nil {
		t.Error("a waiver whose id matches no check is not refused")
	}
}
