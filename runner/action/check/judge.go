package check

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"

	"hail/inventory"
	"hail/runner"
)

// What has to be judged even when hail is gone is judged on the host, by a program. It has the probes, and the matchers
// of a check are an awk expression over what its probe says. The verdict is the same as here.
var (
	//go:embed sh/judge.sh
	judgeScript string
	//go:embed sh/judge.awk
	judgeLibrary string
)

// ended begins the last line that the program prints about a probe; if it is missing, the time of the probe ran out.
const ended = "ended "

// JudgeProgram returns a program for a POSIX shell on a host. With the Arguments of one of the checks, it looks once, prints
// what it sees, for Verdict, and exits with 0 if the check passes.
func JudgeProgram(checks []Check) string {
	of := make([]*Check, len(checks))
	for i := range checks {
		of[i] = &checks[i]
	}
	return "library=" + runner.Quote(libraryFor(of)) + " judge=" + runner.Quote(runner.BareScript(judgeLibrary)) + "\n" + runner.BareScript(judgeScript)
}

// Arguments returns the arguments for JudgeProgram, quoted for a shell. The error says what a host can't judge.
func (c *Check) Arguments() (string, error) {
	var all []string
	for _, w := range c.Wants {
		is, err := w.Matcher.awk(attributeOf(w.Attribute, kinds[c.Type].shapeOf(w.Attribute)))
		if err != nil {
			return "", err
		}
		if w.Matcher.holdsOfNothing() {
			all = append(all, fmt.Sprintf("(seen(%q) ? %s : absent(%q))", w.Attribute, is, w.Attribute))
		} else {
			all = append(all, fmt.Sprintf("seen(%q) && %s", w.Attribute, is))
		}
	}
	return runner.QuoteWords(append([]string{strings.Join(all, " && "), c.as()}, strings.Fields(c.question())...)), nil
}

// Verdict returns what is wrong, in words, when JudgeProgram has printed these lines, and what the command of
// the check wrote to stderr. wrong is empty if nothing is.
func (c *Check) Verdict(said []string) (wrong, stderr string) {
	tests, err := c.compile()
	if err != nil {
		return err.Error(), ""
	}
	s := newSeen()
	status := "124"
	for _, line := range said {
		if last, ok := strings.CutPrefix(line, ended); ok {
			status = last
		} else {
			s.hear(c, line)
		}
	}
	s.ended(c, status)
	var v runner.Verdict
	(&openCheck{Check: c, tests: tests, verdict: &v}).judge(s)
	if stderr = s.fact("stderr"); stderr != "" && !strings.HasSuffix(stderr, "\n") {
		stderr += "\n"
	}
	return v.Text, stderr
}

// checkJudgeable returns an error if a host can't judge the matcher.
func (m Matcher) checkJudgeable(s shape) error {
	_, err := m.awk(attributeOf("", s))
	return err
}

// value is something that a matcher is applied to, in awk.
type value struct {
	shape shape
	is    string // the expression; for a list of texts, the name of the attribute as a string
}

func attributeOf(name string, s shape) value {
	name = strconv.Quote(name)
	switch s {
	case yesNo:
		return value{s, "plain(" + name + ")"}
	case number, period, sizes:
		return value{s, "number(" + name + ")"}
	case rights:
		return value{s, "mode(" + name + ")"}
	case texts:
		return value{s, name}
	}
	return value{s, "text(" + name + ")"}
}

// awk returns the matcher as an awk expression.
func (m Matcher) awk(v value) (string, error) {
	wants, isList := m.Want.([]any)
	if !isList {
		wants = []any{m.Want}
	}
	var all []string
	switch m.Op {
	case equals:
		return v.equals(m.Want), nil
	case oneOf:
		for _, w := range wants {
			all = append(all, v.equals(w))
		}
		return joined(all, " || "), nil
	case less, atMost, more, atLeast:
		return fmt.Sprintf("(%s %s %s)", v.is, map[string]string{less: "<", atMost: "<=", more: ">", atLeast: ">="}[m.Op], literalOf(m.Want)), nil
	case contains:
		for _, w := range wants {
			switch part := bytesOf(inventory.ValueText(w)); {
			case v.shape == texts:
				all = append(all, "has("+v.is+", "+part+")")
			case part != `""`:
				all = append(all, "(index("+v.is+", "+part+") > 0)")
			}
		}
		return joined(append(all, "1"), " && "), nil
	case matches:
		pattern, err := wordPattern(fmt.Sprint(m.Want))
		if v.shape == texts {
			return "anyLike(" + v.is + ", " + strconv.Quote(pattern) + ")", err
		}
		return "like(" + v.is + ", " + strconv.Quote(pattern) + ")", err
	case version:
		within, err := awkVersions(fmt.Sprint(m.Want))
		return "(version(" + v.is + ") && " + within + ")", err
	case length:
		if v.shape == texts {
			return m.Of[0].awk(value{number, "size(" + v.is + ")"})
		}
		return m.Of[0].awk(value{number, "letters(" + v.is + ")"})
	case query:
		return "", &inventory.Error{Text: "the host judges this by itself, and has no jq", Hint: "use contains or regex, or a command that judges: run: curl -fs localhost/health | grep -q '\"ok\": *true'"}
	}
	for _, one := range m.Of {
		is, err := one.awk(v)
		if err != nil {
			return "", err
		}
		all = append(all, is)
	}
	switch m.Op {
	case not:
		return "(!" + all[0] + " && !hopeless)", nil // there is only one
	case anyOf:
		return "settled(begun() || " + strings.Join(all, " || tried() || ") + ")", nil
	}
	return joined(all, " && "), nil
}

func joined(all []string, operator string) string { return "(" + strings.Join(all, operator) + ")" }

// equals compares strictly, as same does: a value of another shape differs.
func (v value) equals(want any) string {
	switch want := want.(type) {
	case bool:
		return fmt.Sprintf("((%s == \"true\") == %s)", v.is, literalOf(want))
	case float64:
		return "(" + v.is + " == " + literalOf(want) + ")"
	case []any:
		var all []string
		for _, w := range want {
			all = append(all, strings.Trim(bytesOf(inventory.ValueText(w)), `"`))
		}
		return "same(" + v.is + ", " + strconv.Quote(strings.Join(all, ",")) + ")"
	}
	switch v.shape {
	case rights:
		return "(" + v.is + " == " + strconv.Quote(fmt.Sprint(want)) + ")"
	case texts:
		return "0"
	}
	return "(" + v.is + " == " + bytesOf(inventory.ValueText(want)) + ")"
}

func literalOf(want any) string {
	switch want := want.(type) {
	case bool:
		if want {
			return "1"
		}
		return "0"
	case float64:
		return "(" + strconv.FormatFloat(want, 'g', -1, 64) + ")"
	}
	return "0"
}

// bytesOf returns a text as sh/judge.awk keeps it, in quotes.
func bytesOf(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, " %02x", s[i])
	}
	return `"` + b.String() + `"`
}

var digitsOf = regexp.MustCompile(`\d+`)

// awkVersions returns an awk expression that says whether the version v1.v2.v3 is in a range of versions. The answer can
// change only at a number of the constraint and right after one. So it is enough to ask for one number in each stretch
// between these edges, whatever the operators mean.
func awkVersions(constraint string) (string, error) {
	c, err := semver.NewConstraint(constraint)
	if err != nil {
		return "", err
	}
	edges := []uint64{0}
	for _, digits := range digitsOf.FindAllString(constraint, -1) {
		if n, err := strconv.ParseUint(digits, 10, 63); err == nil {
			edges = append(edges, n, n+1)
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var at [3]uint64
	var decide func(part int) string
	decide = func(part int) string {
		if part == len(at) {
			return literalOf(c.Check(semver.New(at[0], at[1], at[2], "", "")))
		}
		is, next := "", ""
		for i := len(edges) - 1; i >= 0; i-- { // from the last one, so that each condition comes before the rest
			at[part] = edges[i]
			here := decide(part + 1)
			switch {
			case is == "":
				is = here
			case here != next:
				is = fmt.Sprintf("(v%d < %d ? %s : %s)", part+1, edges[i+1], here, is)
			}
			next = here
		}
		return is
	}
	return decide(0), nil
}
