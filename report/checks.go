package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// finding is the hosts on which a check ended alike, and not well.
type finding struct {
	check   *runner.Check
	outcome runner.Outcome
	text    string
	hosts   []string
}

// Checks writes the results of a run's checks: a table of hosts and checks if there is room for it; then what is
// waived, could not be evaluated or failed, equal results on several hosts together, the worst last; then the counts.
func Checks(w io.Writer, s *Summary, style Style) error {
	var b bytes.Buffer
	b.WriteString(matrix(s, style))
	for _, f := range findings(s) {
		f.write(&b, style)
	}
	fmt.Fprintf(&b, "%s\n", checkCounts(s, style))
	_, err := w.Write(b.Bytes())
	return err
}

func findings(s *Summary) (all []*finding) {
	type key struct {
		check   string
		outcome runner.Outcome
		text    string
	}
	known := map[key]*finding{}
	add := func(check *runner.Check, v runner.Verdict, host string) {
		if v.Outcome == runner.Pass || v.Outcome == runner.Skip || v.Outcome == runner.NotEvaluated {
			return
		}
		k := key{v.Check, v.Outcome, v.Text}
		f := known[k]
		if f == nil {
			f = &finding{check: check, outcome: v.Outcome, text: v.Text}
			known[k] = f
			all = append(all, f)
		}
		if host != "" {
			f.hosts = append(f.hosts, host)
		}
	}
	for i := range s.Hosts {
		for j, v := range s.Hosts[i].Checks {
			add(&s.Plan.Checks[j], v, s.Hosts[i].Host)
		}
	}
	all = append(all, unevaluated(s)...)
	for i, v := range s.Fleet {
		add(&s.Plan.Fleet[i], v, "")
	}
	worstLast(all)
	return worstLast(fewer(all))
}

func worstLast(all []*finding) []*finding {
	slices.SortStableFunc(all, func(a, b *finding) int {
		return cmp.Or(slices.Index(runner.Outcomes, b.outcome)-slices.Index(runner.Outcomes, a.outcome),
			slices.Index(runner.Severities, a.check.Severity)-slices.Index(runner.Severities, b.check.Severity), len(a.hosts)-len(b.hosts), cmp.Compare(a.check.ID, b.check.ID))
	})
	return all
}

// mostTexts is how many findings of one check are kept apart: one that says something else of each of a thousand hosts
// would leave no room for the others.
const mostTexts = 10

// fewer makes one finding of those of a check that are not among its mostTexts last ones.
func fewer(all []*finding) (kept []*finding) {
	type key struct {
		check   string
		outcome runner.Outcome
	}
	left, merged, others := map[key]int{}, map[key]*finding{}, map[*finding]int{}
	for _, f := range all {
		left[key{f.check.ID, f.outcome}]++
	}
	for _, f := range all {
		k := key{f.check.ID, f.outcome}
		if one := merged[k]; left[k] > mostTexts && one != nil {
			one.hosts = append(one.hosts, f.hosts...)
			others[one]++
		} else {
			kept = append(kept, f)
			merged[k] = cmp.Or(one, f)
		}
		left[k]--
	}
	for f, n := range others {
		f.text = fmt.Sprintf("%s: %s (and %s)", f.hosts[0], f.text, Plural(n, "other text"))
	}
	return kept
}

// unevaluated returns the hosts that did not get to their checks, grouped by how they ended.
func unevaluated(s *Summary) (all []*finding) {
	known := map[string]*finding{}
	for i := range s.Hosts {
		r := &s.Hosts[i]
		missing := 0
		for _, v := range r.Checks {
			if v.Outcome == runner.NotEvaluated {
				missing++
			}
		}
		if missing == 0 {
			continue
		}
		how := r.how()
		if r.Status == "" {
			how = unfinished
		}
		key := fmt.Sprint(missing, how)
		if known[key] == nil {
			text := how
			if why := r.why(); why != "" {
				text += ": " + r.Host + ": " + why
			}
			known[key] = &finding{check: &runner.Check{ID: fmt.Sprintf("%d of %s", missing, Plural(len(r.Checks), "check"))}, outcome: runner.NotEvaluated, text: text}
			all = append(all, known[key])
		}
		known[key].hosts = append(known[key].hosts, r.Host)
	}
	return all
}

func (f *finding) write(b *bytes.Buffer, style Style) {
	name := f.check.ID
	if f.check.Title != "" {
		name += " (" + f.check.Title + ")"
	}
	if f.check.Severity == runner.Critical {
		name += ", critical"
	}
	used := len(f.outcome) + len(name) + 2
	on := style.cut("over the fleet", used)
	if f.hosts != nil {
		on = "on " + style.fold(f.hosts, used+len("on "))
	}
	fmt.Fprintf(b, "%s %s %s\n", style.outcome(f.outcome, outcomeWord(f.outcome)), style.bold(OneLine(name)), on)
	if f.text != "" {
		fmt.Fprintf(b, "  %s\n", OneLine(f.text))
	}
}

// marks are the outcomes as cells of the matrix.
var marks = map[runner.Outcome]string{runner.Pass: "ok", runner.Fail: "FAIL", runner.CheckError: "error", runner.Skip: "-", runner.Waived: "waived", runner.NotEvaluated: "?"}

// matrixRoom is how wide the matrix may be where there is no terminal: what it shows is also said elsewhere.
const matrixRoom = 100

// matrix returns the table of checks and hosts. It is empty if there is no room for it, or just one host.
func matrix(s *Summary, style Style) string {
	if len(s.Hosts) < 2 || s.Plan == nil || len(s.Plan.Checks) > 60 {
		return ""
	}
	head := []string{"CHECK"}
	for i := range s.Hosts {
		head = append(head, s.Hosts[i].Host)
	}
	rows := [][]string{head}
	for j, c := range s.Plan.Checks {
		row := []string{c.ID}
		for i := range s.Hosts {
			row = append(row, marks[s.Hosts[i].Checks[j].Outcome])
		}
		rows = append(rows, row)
	}
	lines := Table(rows)
	for _, line := range lines {
		if textWidth(line) > cmp.Or(style.Width, matrixRoom) {
			return ""
		}
	}
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, "FAIL", style.outcome(runner.Fail, "FAIL"))
	}
	return strings.Join(lines, "\n") + "\n\n"
}

// checkCounts says how many verdicts have which outcome; they add up to the hosts times the checks.
func checkCounts(s *Summary, style Style) string {
	counts := s.Outcomes()
	hosts, checks := len(s.Hosts), 0
	if s.Plan != nil {
		checks = len(s.Plan.Checks)
	}
	line := Plural(checks, "check") + " on " + Plural(hosts, "host") + ": "
	var parts []string
	for _, o := range slices.Backward(runner.Outcomes) {
		if n := counts[o]; n > 0 {
			parts = append(parts, style.outcome(o, fmt.Sprintf("%d %s", n, outcomeWord(o))))
		}
	}
	line += strings.Join(parts, ", ")
	if len(s.Fleet) > 0 {
		n := map[runner.Outcome]int{}
		for _, v := range s.Fleet {
			n[v.Outcome]++
		}
		line += fmt.Sprintf("; over the fleet: %d of %d pass", n[runner.Pass], len(s.Fleet))
		for _, o := range []runner.Outcome{runner.NotEvaluated, runner.Skip} {
			if n[o] > 0 {
				line += fmt.Sprintf(", %d %s", n[o], outcomeWord(o))
			}
		}
	}
	return line
}

// CompareChecks writes how the checks of a run differ from those of an earlier one: what newly fails, newly passes or
// still fails, and where another value was captured. A verdict that only one of the runs has is just counted.
func CompareChecks(w io.Writer, before, now *Summary, style Style) error {
	type place struct{ host, check string }
	was := map[place]runner.Verdict{}
	before.eachVerdict(func(host string, v runner.Verdict) { was[place{host, v.Check}] = v })
	// The hosts, by change and check.
	changes := map[string]map[string][]string{"still failing": {}, "newly passing": {}, "newly failing": {}, "changed": {}}
	alone := 0
	now.eachVerdict(func(host string, v runner.Verdict) {
		at := place{host, v.Check}
		old, known := was[at]
		delete(was, at)
		change := ""
		switch {
		case v.Outcome.Bad() && old.Outcome.Bad():
			change = "still failing"
		case v.Outcome.Bad() && known:
			change = "newly failing"
		case v.Outcome == runner.Pass && old.Outcome.Bad():
			change = "newly passing"
		case !known, (v.Outcome == runner.NotEvaluated) != (old.Outcome == runner.NotEvaluated):
			alone++
		case v.Value != nil && old.Value != nil && *v.Value != *old.Value:
			change = "changed"
		}
		if change != "" {
			changes[change][v.Check] = append(changes[change][v.Check], host)
		}
	})
	alone += len(was)
	var b bytes.Buffer
	fmt.Fprintf(&b, "compared with %s:\n", before.Run)
	for _, change := range []string{"changed", "still failing", "newly passing", "newly failing"} {
		outcome := map[string]runner.Outcome{"changed": runner.Skip, "newly passing": runner.Pass}[change]
		for _, c := range slices.Concat(now.Plan.Checks, now.Plan.Fleet) {
			hosts := changes[change][c.ID]
			if hosts == nil {
				continue
			}
			on := "over the fleet"
			if hosts[0] != "" {
				on = "on " + inventory.Fold(hosts)
			}
			fmt.Fprintf(&b, "  %s %s %s\n", style.outcome(outcome, change), c.ID, style.cut(on, len(change)+len(c.ID)+4))
		}
		if len(changes[change]) == 0 && change != "changed" {
			fmt.Fprintf(&b, "  nothing is %s\n", change)
		}
	}
	if alone > 0 {
		fmt.Fprintf(&b, "  in only one of the runs: %s\n", Plural(alone, "verdict"))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// eachVerdict calls do with the verdicts on each host, and with those over the fleet, for which host is empty.
func (s *Summary) eachVerdict(do func(host string, v runner.Verdict)) {
	for i := range s.Hosts {
		for _, v := range s.Hosts[i].Checks {
			do(s.Hosts[i].Host, v)
		}
	}
	for _, v := range s.Fleet {
		do("", v)
	}
}
