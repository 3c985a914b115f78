package report

import (
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// TestNagiosNamesOnce: a check that fails with another text on each host is named once, and the worst one first.
func TestNagiosNamesOnce(t *testing.T) {
	plan := &runner.Plan{Checks: []runner.Check{{ID: "a", Severity: runner.Minor}, {ID: "b", Severity: runner.Critical}}, Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}}
	s := &Summary{}
	s.Add([]runner.Event{{Kind: runner.KindPlan, Plan: plan}})
	for _, h := range plan.Hosts {
		s.Add([]runner.Event{{Kind: runner.KindCheck, Host: h.Name, Verdicts: []runner.Verdict{{Check: "a", Outcome: runner.Fail, Text: h.Name}, {Check: "b", Outcome: runner.Fail, Text: h.Name}}}})
	}
	if got := (&Report{Summary: s}).written(t, "nagios"); !strings.Contains(got, "; b, a |") {
		t.Errorf("want each check named once, \"; b, a |\", got %s", got)
	}
}

// TestNagiosNotEvaluated: a check over the fleet is UNKNOWN, not CRITICAL, when no host was tested.
func TestNagiosNotEvaluated(t *testing.T) {
	plan := &runner.Plan{Fleet: []runner.Check{{ID: "same"}}, Hosts: []inventory.Host{{Name: "web1"}}}
	for outcome, want := range map[runner.Outcome]string{runner.NotEvaluated: "UNKNOWN", runner.Fail: "CRITICAL", runner.CheckError: "CRITICAL"} {
		s := &Summary{}
		s.Add([]runner.Event{{Kind: runner.KindPlan, Plan: plan}, {Kind: runner.KindFinish, Host: "web1", Status: runner.Skipped},
			{Kind: runner.KindCheck, Verdicts: []runner.Verdict{{Check: "same", Outcome: outcome}}}, {Kind: runner.KindEnd}})
		if got := (&Report{Summary: s}).written(t, "nagios"); !strings.HasPrefix(got, "HAIL "+want+" ") {
			t.Errorf("%s: want %s, got %s", outcome, want, got)
		}
	}
}
