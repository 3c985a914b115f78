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

// writeTAP writes TAP version 14: each host is a test, its checks a subtest
// (https://testanything.org/tap-version-14-specification.html).
func writeTAP(w io.Writer, r *Report) error {
	var b bytes.Buffer
	n := len(r.Hosts)
	if len(r.Fleet) > 0 {
		n++
	}
	fmt.Fprintf(&b, "TAP version 14\n1..%d\n", n)
	if r.DryRun {
		b.WriteString("# " + nothingChanged + "\n")
	}
	sub := func(name string, verdicts []verdict) (ok bool) {
		ok = true
		fmt.Fprintf(&b, "# Subtest: %s\n    1..%d\n", tapText(name), len(verdicts))
		for i, v := range verdicts {
			passed := !v.Outcome.Bad()
			ok = ok && passed
			line := tapLine(passed, i+1, v.ID)
			switch v.Outcome {
			case runner.Skip:
				line += " # SKIP"
			case runner.NotEvaluated:
				line += " # SKIP not evaluated"
			case runner.Waived:
				line = tapLine(false, i+1, v.ID) + " # TODO " + tapText(v.Text)
			}
			b.WriteString("    " + line + "\n")
			if !passed {
				fmt.Fprintf(&b, "      ---\n      message: %s\n      severity: %s\n      ...\n", strconv.Quote(strings.TrimSpace(string(v.Outcome)+" "+OneLine(v.Text))), v.Severity)
			}
		}
		return ok
	}
	for i := range r.Hosts {
		h := &r.Hosts[i]
		ok := well(h.Status)
		skipped := h.Status == runner.Skipped || h.Status == ""
		if len(h.Checks) > 0 {
			ok = sub(h.Host, r.verdicts(h)) && ok
		}
		b.WriteString(tapLine(ok, i+1, h.Host))
		if skipped {
			b.WriteString(" # SKIP " + tapText(h.Said()))
		}
		b.WriteString("\n")
		if !ok && !skipped {
			fmt.Fprintf(&b, "  ---\n  message: %s\n  ...\n", strconv.Quote(h.Said()))
		}
	}
	if len(r.Fleet) > 0 {
		b.WriteString(tapLine(sub("the fleet", r.fleet()), n, "the fleet") + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

func tapLine(ok bool, n int, name string) string {
	word := "ok"
	if !ok {
		word = "not ok"
	}
	return fmt.Sprintf("%s %d - %s", word, n, tapText(name))
}

var tapEscapes = strings.NewReplacer(`\`, `\\`, "#", `\#`)

func tapText(s string) string { return tapEscapes.Replace(OneLine(s)) }

// writeJoblog writes the format of GNU parallel's --joblog, for parallel --retry-failed. A host that was not reached
// has the exit status 255, as with ssh, and one that was stopped the signal 15. A host that has not finished yet is
// left out.
func writeJoblog(w io.Writer, r *Report) error {
	var b bytes.Buffer
	b.WriteString("Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n")
	for i := range r.Hosts {
		h := &r.Hosts[i]
		exit, signal := h.Exit, 0
		switch h.Status {
		case "":
			continue
		case runner.OK, runner.Changed:
			exit = 0
		case runner.Timeout, runner.Cancelled:
			exit, signal = -1, 15
		case runner.Failed:
			exit = max(exit, 1)
		default:
			exit = 255
		}
		began := h.Began
		if began.IsZero() {
			began = r.Started
		}
		fmt.Fprintf(&b, "%d\t%s\t%.3f\t%10.3f\t%d\t%d\t%d\t%d\thail replay %s %s\n", i+1, OneLine(h.Host), float64(began.UnixMilli())/1e3, h.Took().Seconds(), 0,
			h.Stdout.Length+h.Stderr.Length, exit, signal, r.Run, runner.Quote(OneLine(h.Host)))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeNagios writes one line with performance data, as plugins of Nagios and Icinga do. It does not change hail's exit
// code.
func writeNagios(w io.Writer, r *Report) error {
	outcomes := r.Outcomes()
	state := "OK"
	switch {
	case slices.ContainsFunc(runner.Statuses, func(s runner.Status) bool { return bad(s) && s != runner.Skipped && r.Counts[s] > 0 }),
		slices.ContainsFunc(r.Fleet, func(v runner.Verdict) bool { return v.Outcome.Bad() }):
		state = "CRITICAL"
	case r.Counts[runner.Skipped] > 0 || !r.Whole:
		state = "UNKNOWN"
	case outcomes[runner.Waived] > 0:
		state = "WARNING"
	}
	var wrong []string
	for _, f := range findings(r.Summary) {
		if f.outcome.Bad() && !slices.Contains(wrong, f.check.ID) {
			wrong = append(wrong, f.check.ID)
		}
	}
	line := fmt.Sprintf("HAIL %s - %s", state, Counts(r.Summary, Style{}))
	if wrong != nil {
		line += "; " + strings.Join(wrong[:min(5, len(wrong))], ", ")
		if len(wrong) > 5 {
			line += " …"
		}
	}
	line = strings.ReplaceAll(OneLine(line), "|", "/") + " |"
	for _, s := range runner.Statuses {
		line += fmt.Sprintf(" %s=%d;;;0;%d", s, r.Counts[s], len(r.Hosts))
	}
	line += fmt.Sprintf(" wall=%.3fs", r.Ended.Sub(r.Started).Seconds())
	for _, o := range slices.Backward(runner.Outcomes) {
		if r.Plan.Checks != nil {
			line += fmt.Sprintf(" checks_%s=%d", strings.ReplaceAll(string(o), "-", "_"), outcomes[o])
		}
	}
	_, err := io.WriteString(w, line+"\n")
	return err
}

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
