package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"hail/runner"
)

// writeNagios writes one line with performance data, as plugins of Nagios and Icinga do. It does not change hail's exit
// code.
func writeNagios(w io.Writer, r *Report) error {
	outcomes := r.Outcomes()
	state := "OK"
	switch {
	case slices.ContainsFunc(runner.Statuses, func(s runner.Status) bool { return s.Bad() && s != runner.Skipped && r.Counts[s] > 0 }),
		slices.ContainsFunc(r.Fleet, func(v runner.Verdict) bool { return v.Outcome.Bad() }):
		state = "CRITICAL"
	case r.Counts[runner.Skipped] > 0 || !r.Whole:
		state = "UNKNOWN"
	case outcomes[runner.Waived] > 0:
		state = "WARNING"
	}
	var wrong []string
	for _, f := range slices.Backward(findings(r.Summary)) { // the worst first: only some are named
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
	if r.Plan.Checks != nil {
		for _, o := range slices.Backward(runner.Outcomes) {
			line += fmt.Sprintf(" checks_%s=%d", strings.ReplaceAll(string(o), "-", "_"), outcomes[o])
		}
	}
	_, err := io.WriteString(w, line+"\n")
	return err
}
