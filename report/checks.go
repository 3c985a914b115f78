package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hail/runner"
)

// finding is the hosts on which a check ended alike, and not well.
type finding struct {
	check   *runner.Check
	outcome runner.Outcome
	text    string
	hosts   []string
	differ  bool   // the text is that of the first host: those of others differ by what is specific to them
	masked  string // the text through the mask of the first host
	mixed   bool   // through the masks of other hosts, it looks different
}

// Checks writes the results of a run's checks: a table of hosts and checks if there is room for it; then what is
// waived, could not be evaluated or failed, equal results on several hosts together, the worst last; then the counts. It
// writes nothing of a run without checks.
func Checks(w io.Writer, s *Summary, style Style) error {
	if s.Plan == nil || len(s.Plan.Checks)+len(s.Plan.Fleet) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteString(matrix(s, style))
	for _, f := range findings(s) {
		f.write(&b, style)
	}
	fmt.Fprintf(&b, "%s\n", checkCounts(s, style))
	_, err := w.Write(b.Bytes())
	return err
}

// findingKey is what hosts have in common that share a finding.
type findingKey struct {
	check   string
	outcome runner.Outcome
	text    string
}

// findings returns what is not well with the checks of a run, the worst last.
func findings(s *Summary) []*finding {
	var known inOrder[findingKey, finding]
	add := func(check *runner.Check, v runner.Verdict, m mask, host string) {
		if !notWell(v) {
			return
		}
		masked := string(m.apply([]byte(v.Text)))
		f := known.at(findingKey{v.Check, v.Outcome, v.Text}, finding{check: check, outcome: v.Outcome, text: v.Text, masked: masked})
		f.mixed = f.mixed || f.masked != masked
		if host != "" {
			f.hosts = append(f.hosts, host)
		}
	}
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if !slices.ContainsFunc(r.Checks, notWell) {
			continue
		}
		m := s.mask(i)
		for j, v := range r.Checks {
			add(&s.Plan.Checks[j], v, m, r.Host)
		}
	}
	for i, v := range s.Fleet {
		add(&s.Plan.Fleet[i], v, nil, "")
	}
	all := joinMasked(known.all, func(f *finding) (findingKey, bool) { return findingKey{f.check.ID, f.outcome, f.masked}, !f.mixed },
		func(f, other *finding) { f.hosts, f.differ = append(f.hosts, other.hosts...), true })
	all = append(all, unevaluated(s)...)
	worstLast(all)
	all = fewer(all)
	worstLast(all) // again, as findings have been joined
	return all
}

// notWell reports whether a check was looked at, and did not end well.
func notWell(v runner.Verdict) bool {
	return v.Outcome != runner.Pass && v.Outcome != runner.Skip && v.Outcome != runner.NotEvaluated
}

// mostFindings is how many findings a page or a ticket has.
const mostFindings = 50

// worstFindings returns some of the findings of a run, the worst first, and how many others there are.
func worstFindings(s *Summary) (worst []*finding, others int) {
	all := findings(s)
	slices.Reverse(all)
	n := min(len(all), mostFindings)
	return all[:n], len(all) - n
}

func worstLast(all []*finding) {
	slices.SortStableFunc(all, func(a, b *finding) int {
		return cmp.Or(
			slices.Index(runner.Outcomes, b.outcome)-slices.Index(runner.Outcomes, a.outcome),
			slices.Index(runner.Severities, a.check.Severity)-slices.Index(runner.Severities, b.check.Severity),
			len(a.hosts)-len(b.hosts),
			cmp.Compare(a.check.ID, b.check.ID))
	})
}

// mostTexts is how many findings of one check are kept apart: one that says something else of each of a thousand hosts
// would leave no room for the others.
const mostTexts = 10

// fewer makes one finding of those of a check that are not among its mostTexts last ones.
func fewer(all []*finding) []*finding {
	type key struct {
		check   string
		outcome runner.Outcome
	}
	byCheck := map[key][]*finding{}
	for _, f := range all {
		k := key{f.check.ID, f.outcome}
		byCheck[k] = append(byCheck[k], f)
	}
	joined := map[*finding]bool{}
	for _, of := range byCheck {
		some := of[:max(0, len(of)-mostTexts)]
		if len(some) < 2 {
			continue
		}
		one, others := some[0], some[1:]
		for _, f := range others {
			one.hosts = append(one.hosts, f.hosts...)
			joined[f] = true
		}
		one.text += fmt.Sprintf(" (and %s)", Plural(len(others), "other text"))
		one.differ = true
	}
	return slices.DeleteFunc(all, func(f *finding) bool { return joined[f] })
}

// unevaluated returns the hosts that did not get to their checks, grouped by how they ended.
func unevaluated(s *Summary) []*finding {
	var known inOrder[string, finding]
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
		text := r.how()
		if why := r.why(); why != "" {
			text += ": " + r.Host + ": " + why
		}
		check := &runner.Check{ID: fmt.Sprintf("%d of %s", missing, Plural(len(r.Checks), "check"))}
		f := known.at(check.ID+r.how(), finding{check: check, outcome: runner.NotEvaluated, text: text})
		f.hosts = append(f.hosts, r.Host)
	}
	return known.all
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
	if says := f.says(); says != "" {
		fmt.Fprintf(b, "  %s\n", says)
	}
}

// says returns the text on one line, with the host that it is of where others have different ones.
func (f *finding) says() string {
	if f.differ && f.hosts != nil { // it has none where a foreign record has many checks of one name over the fleet
		return OneLine(f.hosts[0] + ": " + f.text)
	}
	return OneLine(f.text)
}

// marks are the outcomes as cells of the matrix.
var marks = map[runner.Outcome]string{
	runner.Pass: "ok", runner.Fail: "FAIL", runner.CheckError: "error", runner.Skip: "-", runner.Waived: "waived", runner.NotEvaluated: "?",
}

// How many checks the matrix may have, and how wide it may be where there is no terminal: what it shows is also said
// elsewhere.
const (
	matrixChecks = 60
	matrixWidth  = 100
)

// matrix returns the table of checks and hosts. It is empty if there is no room for it, or just one host.
func matrix(s *Summary, style Style) string {
	if len(s.Hosts) < 2 || len(s.Plan.Checks) > matrixChecks {
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
		if textWidth(line) > cmp.Or(style.Width, matrixWidth) {
			return ""
		}
	}
	failed := style.outcome(runner.Fail, marks[runner.Fail])
	for i := 1; i < len(lines); i++ {
		name := min(len(rows[i][0]), len(lines[i])) // the name of a check may have the mark in it; blanks at the end of a line are cut
		lines[i] = lines[i][:name] + strings.ReplaceAll(lines[i][name:], marks[runner.Fail], failed)
	}
	return strings.Join(lines, "\n") + "\n\n"
}

// checkCounts says how many verdicts have which outcome; they add up to the hosts times the checks.
func checkCounts(s *Summary, style Style) string {
	counts := s.Outcomes()
	line := Plural(len(s.Plan.Checks), "check") + " on " + Plural(len(s.Hosts), "host") + ": "
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
