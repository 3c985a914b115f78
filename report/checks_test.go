package report

import (
	"fmt"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// TestCompareChecks: a check that was not evaluated does not count as failed. Checks over the fleet and captured values
// are compared like others.
func TestCompareChecks(t *testing.T) {
	hosts := []string{"web1", "web2", "web3", "web4"}
	run := func(id string, outcomes []runner.Outcome, value runner.Text, fleet runner.Outcome) *Summary {
		s := &Summary{Run: id, Plan: &runner.Plan{Checks: []runner.Check{{ID: "up"}, {ID: "kernel"}}, Fleet: []runner.Check{{ID: "same"}}},
			Fleet: []runner.Verdict{{Check: "same", Outcome: fleet}}}
		for i, o := range outcomes {
			s.Hosts = append(s.Hosts, Result{Host: hosts[i], Checks: []runner.Verdict{{Check: "up", Outcome: o}, {Check: "kernel", Outcome: runner.Pass, Value: &value}}})
		}
		return s
	}
	const pass, fail, not, skip = runner.Pass, runner.Fail, runner.NotEvaluated, runner.Skip
	for _, tt := range []struct {
		name        string
		before, now *Summary
		want        string
	}{
		{"nothing", run("a", []runner.Outcome{pass, skip, not, pass}, "6", pass), run("b", []runner.Outcome{pass, skip, not, pass}, "6", pass), `
  nothing is still failing
  nothing is newly passing
  nothing is newly failing
`},
		{"all of it", run("a", []runner.Outcome{pass, fail, fail, fail}, "6", fail), run("b", []runner.Outcome{fail, fail, pass, not}, "7", pass), `
  changed kernel 6 → 7 on web[1-4]
  still failing up on web2
  newly passing up on web3
  newly passing same over the fleet
  newly failing up on web1
  in only one of the runs: 1 verdict
`},
		{"a host less", run("a", []runner.Outcome{pass, fail}, "6", pass), run("b", []runner.Outcome{pass}, "6", pass), `
  nothing is still failing
  nothing is newly passing
  nothing is newly failing
  in only one of the runs: 2 verdicts
`},
		{"another host", run("a", []runner.Outcome{pass}, "6", pass), run("b", []runner.Outcome{runner.CheckError, fail}, "6", fail), `
  nothing is still failing
  nothing is newly passing
  newly failing up on web1
  newly failing same over the fleet
  in only one of the runs: 2 verdicts
`},
	} {
		var b strings.Builder
		if err := CompareChecks(&b, tt.before, tt.now, Style{}); err != nil {
			t.Fatal(err)
		}
		if want := "compared with a:" + tt.want; b.String() != want {
			t.Errorf("%s: got\n%swant\n%s", tt.name, b.String(), want)
		}
	}
}

// TestCompareManyValues: of a value that changes otherwise on each host, the hosts are named; of one that changes in few
// ways, each of them, in short, also where the check no longer passes.
func TestCompareManyValues(t *testing.T) {
	run := func(outcome runner.Outcome, values ...runner.Text) *Summary {
		s := &Summary{Run: "a", Plan: &runner.Plan{Checks: []runner.Check{{ID: "load"}}}}
		for i, v := range values {
			s.Hosts = append(s.Hosts, Result{Host: fmt.Sprintf("web%d", i), Checks: []runner.Verdict{{Check: "load", Outcome: outcome, Value: &v}}})
		}
		return s
	}
	const pass, fail = runner.Pass, runner.Fail
	long := runner.Text(strings.Repeat("x", 41))
	for _, tt := range []struct {
		before, now *Summary
		want        string
	}{
		{run(pass, "1", "1", "1", "1", "1", "1"), run(pass, "2", "3", "4", "5", "6", "7"), "\n  changed load on web[0-5]\n"},
		{run(pass, "1", "1", "1", "1", "1", "1"), run(pass, "2", "3", "4", "5", "6", "2"), "\n  changed load 1 → 2 on web[0,5]\n  changed load 1 → 3 on web1\n"},
		{run(pass, "a\nb", ""), run(pass, "", long), "\n  changed load a b → nothing on web0\n  changed load nothing → " + strings.Repeat("x", 39) + "… on web1\n"},
		{run(pass, "1", "1"), run(fail, "1", "7"), "\n  newly failing load on web0\n  newly failing load 1 → 7 on web1\n"},
		{run(fail, "7", "7"), run(fail, "7", "8"), "\n  still failing load on web0\n  still failing load 7 → 8 on web1\n"},
	} {
		var b strings.Builder
		if err := CompareChecks(&b, tt.before, tt.now, Style{}); err != nil || !strings.Contains(b.String(), tt.want) {
			t.Errorf("%v, got\n%swant%s", err, b.String(), tt.want)
		}
	}
}

// TestManyTexts: a check that says something else of each of many hosts leaves room for the others.
func TestManyTexts(t *testing.T) {
	s := &Summary{Plan: &runner.Plan{Checks: []runner.Check{{ID: "load", Severity: runner.Critical}, {ID: "up", Severity: runner.Major}}}}
	for i := range 40 {
		name := fmt.Sprintf("web%02d", i)
		s.Plan.Hosts = append(s.Plan.Hosts, inventory.Host{Name: name})
		s.Hosts = append(s.Hosts, Result{Host: name, Checks: []runner.Verdict{
			{Check: "load", Outcome: runner.Fail, Text: fmt.Sprintf("is %d", max(i, 10))}, {Check: "up", Outcome: runner.Fail, Text: "is down"}}})
	}
	var b strings.Builder
	if err := Checks(&b, s, Style{}); err != nil {
		t.Fatal(err)
	}
	want := "fail up on web[00-39] (40)\n  is down\n"
	for i := 31; i < 40; i++ {
		want += fmt.Sprintf("fail load, critical on web%d\n  is %d\n", i, i)
	}
	want += `fail load, critical on web[00-10] (11)
  is 10
fail load, critical on web[11-30] (20)
  web11: is 11 (and 19 other texts)
2 checks on 40 hosts: 80 fail
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// TestOwnTexts: hosts whose texts differ only by what is specific to each of them are one finding.
func TestOwnTexts(t *testing.T) {
	s := &Summary{Plan: &runner.Plan{Checks: []runner.Check{{ID: "name"}}}}
	for i := range 40 {
		h := inventory.Host{Name: fmt.Sprintf("web%02d", i), Vars: map[string]any{"id": 100 + i}}
		s.Plan.Hosts = append(s.Plan.Hosts, h)
		s.Hosts = append(s.Hosts, Result{Host: h.Name, Checks: []runner.Verdict{{Check: "name", Outcome: runner.Fail, Text: fmt.Sprint(h.Name, " is ", h.Vars["id"])}}})
	}
	s.Hosts[7].Checks[0].Text = "web07 is 999"
	var b strings.Builder
	if err := Checks(&b, s, Style{}); err != nil {
		t.Fatal(err)
	}
	want := `fail name on web07
  web07 is 999
fail name on web[00-06,08-39] (39)
  web00: web00 is 100
1 check on 40 hosts: 40 fail
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// TestSameTexts: hosts with the same text are one finding, also if it holds a name or a var of just some of them. Others, whose
// texts hold their own names instead, are not joined with them.
func TestSameTexts(t *testing.T) {
	s := &Summary{Plan: &runner.Plan{Checks: []runner.Check{{ID: "dns"}, {ID: "tcp"}}}}
	for i, dns := range []string{"db0", "db0", "db0", "db3", "db4"} {
		h := inventory.Host{Name: fmt.Sprint("db", i)}
		if i == 1 {
			h.Vars = map[string]any{"port": 443}
		}
		s.Plan.Hosts = append(s.Plan.Hosts, h)
		s.Hosts = append(s.Hosts, Result{Host: h.Name, Checks: []runner.Verdict{
			{Check: "dns", Outcome: runner.Fail, Text: "no address of " + dns}, {Check: "tcp", Outcome: runner.Fail, Text: "port 443 is closed"}}})
	}
	var b strings.Builder
	for _, f := range findings(s) {
		fmt.Fprintln(&b, f.check.ID, inventory.Fold(f.hosts), f.says())
	}
	if want := "dns db[3-4] db3: no address of db3\ndns db[0-2] no address of db0\ntcp db[0-4] port 443 is closed\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// TestFindingsTogether: findings of as many hosts stand by their check.
func TestFindingsTogether(t *testing.T) {
	s := &Summary{Plan: &runner.Plan{Checks: []runner.Check{{ID: "a"}, {ID: "b"}}, Hosts: []inventory.Host{{Name: "web0"}, {Name: "web1"}}}}
	for i := range 2 {
		text := fmt.Sprint(i)
		s.Hosts = append(s.Hosts, Result{Host: "web" + text, Checks: []runner.Verdict{{Check: "a", Outcome: runner.Fail, Text: text}, {Check: "b", Outcome: runner.Fail, Text: text}}})
	}
	var got []string
	for _, f := range findings(s) {
		got = append(got, f.check.ID+f.text)
	}
	if want := "a0 a1 b0 b1"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %s", got, want)
	}
}

// TestMatrixColor: in the table of checks and hosts, failures have their colour, and not a part of a name.
func TestMatrixColor(t *testing.T) {
	s := &Summary{Plan: &runner.Plan{Checks: []runner.Check{{ID: "FAILOVER"}}}, Hosts: []Result{
		{Host: "FAIL1", Checks: []runner.Verdict{{Check: "FAILOVER", Outcome: runner.Pass}}},
		{Host: "web2", Checks: []runner.Verdict{{Check: "FAILOVER", Outcome: runner.Fail}}},
	}}
	if got, want := matrix(s, Style{Color: true}), "CHECK     FAIL1  web2\nFAILOVER  ok     \x1b[31mFAIL\x1b[0m\n\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestMatrixBlank: nothing is cut behind the end of a line, which lacks the blanks that the name of a check ends with.
func TestMatrixBlank(t *testing.T) {
	none := []runner.Verdict{{Check: "a "}}
	s := &Summary{Plan: &runner.Plan{Checks: []runner.Check{{ID: "a "}}}, Hosts: []Result{{Host: "web1", Checks: none}, {Host: "web2", Checks: none}}}
	if got, want := matrix(s, Style{}), "CHECK  web1  web2\na\n\n"; got != want {
		t.Errorf("the table is %q, want %q", got, want)
	}
}
