package report

import (
	"bytes"
	"fmt"
	"io"
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
	for i := range r.Hosts {
		h := &r.Hosts[i]
		ok := h.Status.Well()
		skipped := h.Status == runner.Skipped || h.Status == ""
		if len(h.Checks) > 0 {
			ok = tapSubtest(&b, h.Host, r.verdicts(h)) && ok
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
		b.WriteString(tapLine(tapSubtest(&b, "the fleet", r.fleet()), n, "the fleet") + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// tapSubtest writes a test for each verdict, and reports whether none is bad. The line of the test that they are a part of
// comes after them.
func tapSubtest(b *bytes.Buffer, name string, verdicts []verdict) (ok bool) {
	ok = true
	fmt.Fprintf(b, "# Subtest: %s\n    1..%d\n", tapText(name), len(verdicts))
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
			fmt.Fprintf(b, "      ---\n      message: %s\n      severity: %s\n      ...\n", strconv.Quote(strings.TrimSpace(string(v.Outcome)+" "+OneLine(v.Text))), v.Severity)
		}
	}
	return ok
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
