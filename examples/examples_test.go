package examples_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/local"
	"hail/runner/wrap"
)

func TestInventory(t *testing.T) {
	inv, err := inventory.Load(t.Context(), []string{"inventory/fleet.yaml"}, inventory.Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := inventory.Select(inv, inventory.Query{Targets: []string{"@prod!db1"}}, inventory.Lookups{})
	if err != nil || len(hosts) != 22 {
		t.Fatalf("%d hosts, %v, want 22", len(hosts), err)
	}
	h, _ := inv.Host("web21")
	if h.Connection.User != "www" || h.Connection.Jump != "bastion1" || h.Vars["canary"] != true || h.Vars["env"] != "production" {
		t.Errorf("web21 is %+v, want user www, jump host bastion1, and the vars canary and env", h)
	}
}

// TestChecks: the example checks can be read, and every check can be judged on this machine.
func TestChecks(t *testing.T) {
	for _, file := range []string{"checks/linux.yaml", "checks/web.yaml", "goss/goss.yaml", "goss/linux.yaml"} {
		suite, err := check.Read([]string{file}, os.ReadFile)
		if err != nil {
			t.Fatal(err)
		}
		for i := range suite.Checks {
			suite.Checks[i].Retry.Timeout = 0 // nothing is being started here
			if when := suite.Checks[i].When; when != "" && file == "checks/linux.yaml" {
				t.Errorf("%s: %s has when: %s, although not every inventory has such a var", file, suite.Checks[i].ID, when)
			}
		}
		hosts := []inventory.Host{{Name: "here"}}
		here := func(string) (map[string]bool, error) { return map[string]bool{"here": true}, nil }
		if err := suite.Aim(hosts, here); err != nil {
			t.Fatal(err)
		}
		if file == "checks/web.yaml" {
			text, err := os.ReadFile("checks/waivers.yaml")
			if err != nil {
				t.Fatal(err)
			}
			waivers, err := check.ReadWaivers("checks/waivers.yaml", text)
			if err != nil {
				t.Fatal(err)
			}
			if err := suite.Waive(waivers, hosts, here, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		action, err := check.New(suite.Spec())
		if err != nil {
			t.Fatal(err)
		}
		plan := runner.Plan{Hosts: hosts, Fanout: 1}
		plan.Checks, plan.Fleet = action.Listed()
		for batch := range runner.Run(t.Context(), plan, action, wrap.Dialer{Inner: local.Dialer{}}, nowhere{}) {
			for _, e := range batch {
				for _, v := range e.Verdicts {
					if v.Outcome == runner.NotEvaluated || strings.Contains(v.Text, "yntax error") {
						t.Errorf("%s: %s %s %s", file, v.Check, v.Outcome, v.Text)
					}
				}
				if e.Kind == runner.KindFinish && e.Status != runner.OK && e.Reason != runner.CheckFailed {
					t.Errorf("%s: %s %s", file, e.Status, e.Error)
				}
			}
		}
	}
}

// nowhere discards all output.
type nowhere struct{}

func (nowhere) Open(inventory.Host, int) (out, err io.WriteCloser, e error) {
	return discard{io.Discard}, discard{io.Discard}, nil
}

type discard struct{ io.Writer }

func (discard) Close() error { return nil }
