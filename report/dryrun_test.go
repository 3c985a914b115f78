package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// dryRun is a dry run of a push to three hosts. Two of them would change.
func dryRun(t *testing.T) *Report {
	t.Helper()
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}, {Host: "web2", Status: runner.Changed}, {Host: "web3", Status: runner.Changed}}, map[string]string{"web2": "+new\n"}, nil)
	s.Plan.DryRun, s.Plan.Action.Kind = true, runner.ActionPush
	events := eventsOf(s)
	again := &Summary{}
	for batch := range events {
		again.Add(batch)
	}
	for i := range again.Hosts {
		again.Hosts[i].Stdout = s.Hosts[i].Stdout
	}
	return &Report{Summary: again, What: "push motd:/etc/motd (dry run)", Files: files, Events: events}
}

// TestDryRunSaysWouldChange: reports for people say that nothing was changed. Those for programs keep the status
// changed, and have a field that says dry run.
func TestDryRunSaysWouldChange(t *testing.T) {
	r := dryRun(t)
	const counts = "3 hosts: 1 ok, 2 would change (dry run: nothing was changed)"
	var text bytes.Buffer
	Text(&text, r.Summary, r.Files, Style{})
	for name, got := range map[string]string{"text": text.String(), "markdown": r.written(t, "markdown"), "html": r.written(t, "html"), "nagios": r.written(t, "nagios")} {
		if !strings.Contains(got, counts) {
			t.Errorf("%s does not say %q:\n%s", name, counts, got)
		}
	}
	for name, want := range map[string]string{
		"markdown":   "| would change | 2 |",
		"html":       `"how":"would change"`,
		"json":       `"dry_run": true`,
		"jsonl":      `"dry_run":true`,
		"junit":      `<property name="dry_run" value="true"></property>`,
		"prometheus": "\nhail_run_dry_run{run=\"push motd:/etc/motd (dry run) on web[1-3]\"} 1\n",
		"tap":        "\n# dry run: nothing was changed\n",
	} {
		if got := r.written(t, name); !strings.Contains(got, want) {
			t.Errorf("%s does not contain %q:\n%s", name, want, got)
		}
	}
	validJUnit(t, r.written(t, "junit"))
	live := NewLive(&text, 3, true, plainly)
	for batch := range r.Events {
		live.Events(batch)
	}
	if got := live.line(); !strings.Contains(got, "2 would change") {
		t.Errorf("the live line does not say \"2 would change\": %s", got)
	}
	live.Close()
	if page := r.written(t, "html"); strings.Contains(page, ">changed<") || !strings.Contains(page, `<span class="mark changed">would change</span>`) {
		t.Errorf("the HTML page says changed, want \"would change\"")
	}
	for _, name := range []string{"json", "csv"} {
		if got := r.written(t, name); !strings.Contains(got, "changed") || strings.Contains(got, wouldChange) {
			t.Errorf("%s does not have the status changed:\n%s", name, got)
		}
	}
	if real := reportOf(t, false); strings.Contains(real.written(t, "junit")+real.written(t, "json")+real.written(t, "tap"), "dry") {
		t.Error("a report calls a real run a dry run")
	}
}

// TestRecordOfADryRun: the files of the record for people say "would change", those for programs keep the status
// changed.
func TestRecordOfADryRun(t *testing.T) {
	plan := &runner.Plan{Run: NewRunID(start), DryRun: true, Hosts: []inventory.Host{{Name: "web1"}}}
	dir := t.TempDir()
	r, err := Create(dir, Head{Plan: plan}, nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := r.Open(plan.Hosts[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	out.Close()
	s := &Summary{}
	events := []runner.Event{{Kind: runner.KindPlan, Run: plan.Run, Plan: plan}, {Kind: runner.KindAttempt, Host: "web1", Attempt: 1},
		{Kind: runner.KindFinish, Host: "web1", Status: runner.Changed}, {Kind: runner.KindEnd}}
	s.Add(events)
	for _, err := range []error{r.Events(events), r.Close(), r.Finish(s)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"summary.txt": "1 would change", "hosts/web1/log": " would change\n", "summary.json": `"changed": 1`, "changed.hosts": "web1\n"} {
		if got, err := os.ReadFile(filepath.Join(r.Path(), name)); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %v, does not contain %q:\n%s", name, err, want, got)
		}
	}
	line, err := Describe(dir, plan.Run)
	if text, _ := json.Marshal(line); err != nil || !line.DryRun || !strings.Contains(string(text), `"dry_run":true`) {
		t.Errorf("the line in the list of runs does not say dry run: %s, %v", text, err)
	}
}
