package report

import (
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// TestPrometheusUnfinished: a host that has not finished yet has no metrics, as nothing is known of how it ends.
func TestPrometheusUnfinished(t *testing.T) {
	s := &Summary{}
	s.Add([]runner.Event{{Kind: runner.KindPlan, Plan: &runner.Plan{Name: "n", Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}}},
		{Kind: runner.KindFinish, Host: "web1", Status: runner.Failed}})
	got := (&Report{Summary: s}).written(t, "prometheus")
	if !strings.Contains(got, `hail_host_ok{run="n",host="web1"} 0`) || strings.Contains(got, "web2\"}") {
		t.Errorf("want web1 failed, and nothing of web2, got\n%s", got)
	}
}
