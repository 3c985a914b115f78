package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"hail/runner"
)

// writePrometheus writes metrics for the textfile collector of node_exporter.
func writePrometheus(w io.Writer, r *Report) error {
	var b bytes.Buffer
	run := r.title()
	// metric begins a metric. What it returns writes a value; labels are names and values by turns.
	metric := func(name, help string) func(value string, labels ...string) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s gauge\n", name, help)
		return func(value string, labels ...string) {
			fmt.Fprintf(&b, "%s{run=%s", name, labelValue(run))
			for label := range slices.Chunk(labels, 2) {
				fmt.Fprintf(&b, ",%s=%s", label[0], labelValue(label[1]))
			}
			fmt.Fprintf(&b, "} %s\n", value)
		}
	}
	seconds := func(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }
	yes := func(is bool) string {
		if is {
			return "1"
		}
		return "0"
	}
	metric("hail_run_end_time_seconds", "When the run ended.")(seconds(float64(r.Ended.UnixMilli()) / 1e3))
	metric("hail_run_duration_seconds", "How long the run took.")(seconds(r.Ended.Sub(r.Started).Seconds()))
	metric("hail_run_dry_run", "Whether the run was a dry run: nothing was changed.")(yes(r.DryRun))
	hosts := metric("hail_hosts", "Hosts of the run by status.")
	for _, s := range runner.Statuses {
		hosts(strconv.Itoa(r.Counts[s]), "status", string(s))
	}
	finished := slices.DeleteFunc(slices.Clone(r.Hosts), func(h Result) bool { return h.Status == "" })
	ok := metric("hail_host_ok", "Whether the host ended well.")
	for i := range finished {
		ok(yes(finished[i].Status.Well()), "host", finished[i].Host)
	}
	took := metric("hail_host_duration_seconds", "How long the host took.")
	for i := range finished {
		took(seconds(finished[i].Took().Seconds()), "host", finished[i].Host)
	}
	if len(r.Plan.Checks) > 0 {
		check := metric("hail_check", "Whether the check passed on the host, by outcome.")
		for i := range r.Hosts {
			for _, v := range r.verdicts(&r.Hosts[i]) {
				check(yes(v.Outcome == runner.Pass), "host", r.Hosts[i].Host, "check", v.ID, "severity", string(v.Severity), "outcome", string(v.Outcome))
			}
		}
	}
	if len(r.Fleet) > 0 {
		check := metric("hail_fleet_check", "Whether the check over the fleet passed, by outcome.")
		for _, v := range r.fleet() {
			check(yes(v.Outcome == runner.Pass), "check", v.ID, "outcome", string(v.Outcome))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func labelValue(s string) string { return `"` + labelEscapes.Replace(OneLine(s)) + `"` }
