package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"hail/runner"
)

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// writePrometheus writes metrics for the textfile collector of node_exporter.
func writePrometheus(w io.Writer, r *Report) error {
	var b bytes.Buffer
	name := r.title()
	metric := func(metric, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", metric, help, metric) }
	label := func(s string) string { return `"` + labelEscapes.Replace(OneLine(s)) + `"` }
	metric("hail_run_end_time_seconds", "When the run ended.")
	fmt.Fprintf(&b, "hail_run_end_time_seconds{run=%s} %.3f\n", label(name), float64(r.Ended.UnixMilli())/1e3)
	metric("hail_run_duration_seconds", "How long the run took.")
	fmt.Fprintf(&b, "hail_run_duration_seconds{run=%s} %.3f\n", label(name), r.Ended.Sub(r.Started).Seconds())
	metric("hail_run_dry_run", "Whether the run was a dry run: nothing was changed.")
	fmt.Fprintf(&b, "hail_run_dry_run{run=%s} %d\n", label(name), oneIf(r.DryRun))
	metric("hail_hosts", "Hosts of the run by status.")
	for _, s := range runner.Statuses {
		fmt.Fprintf(&b, "hail_hosts{run=%s,status=%s} %d\n", label(name), label(string(s)), r.Counts[s])
	}
	metric("hail_host_ok", "Whether the host ended well.")
	for i := range r.Hosts {
		fmt.Fprintf(&b, "hail_host_ok{run=%s,host=%s} %d\n", label(name), label(r.Hosts[i].Host), oneIf(well(r.Hosts[i].Status)))
	}
	metric("hail_host_duration_seconds", "How long the host took.")
	for i := range r.Hosts {
		fmt.Fprintf(&b, "hail_host_duration_seconds{run=%s,host=%s} %.3f\n", label(name), label(r.Hosts[i].Host), r.Hosts[i].Took().Seconds())
	}
	if len(r.Plan.Checks) > 0 {
		metric("hail_check", "Whether the check passed on the host, by outcome.")
		for i := range r.Hosts {
			for _, v := range r.verdicts(&r.Hosts[i]) {
				fmt.Fprintf(&b, "hail_check{run=%s,host=%s,check=%s,severity=%s,outcome=%s} %d\n", label(name), label(r.Hosts[i].Host), label(v.ID), label(string(v.Severity)),
					label(string(v.Outcome)), oneIf(v.Outcome == runner.Pass))
			}
		}
	}
	if len(r.Fleet) > 0 {
		metric("hail_fleet_check", "Whether the check over the fleet passed, by outcome.")
		for _, v := range r.fleet() {
			fmt.Fprintf(&b, "hail_fleet_check{run=%s,check=%s,outcome=%s} %d\n", label(name), label(v.ID), label(string(v.Outcome)), oneIf(v.Outcome == runner.Pass))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
