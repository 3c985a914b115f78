package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"hail/runner"
)

// JUnit's format, as far as its readers agree on it: testsuites, testsuite, testcase with failure, error or skipped,
// and outputs.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Hostname  string      `xml:"hostname,attr"`
		Props     *junitProps `xml:"properties"`
		Cases     []junitCase `xml:"testcase"`
		Out       string      `xml:"system-out,omitempty"`
		Err       string      `xml:"system-err,omitempty"`
	}
	junitProps struct {
		All []junitProp `xml:"property"`
	}
	junitProp struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string    `xml:"name,attr"`
		Class   string    `xml:"classname,attr"`
		Time    string    `xml:"time,attr"`
		Failure *junitBad `xml:"failure"`
		Error   *junitBad `xml:"error"`
		Skipped *junitBad `xml:"skipped"`
	}
	junitBad struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
	}
)

// writeJUnit writes a suite per host: for a test, with a case per check; for anything else, with one case. A host that
// did not get through its checks has one more case, which says why.
func writeJUnit(w io.Writer, r *Report) error {
	all := junitSuites{Name: legal("hail " + r.title() + " " + r.Run), Time: junitTime(r.Ended.Sub(r.Started))}
	for i := range r.Hosts {
		h := &r.Hosts[i]
		s := junitSuite{Name: legal(h.Host), Hostname: legal(h.Host), Time: junitTime(h.Took()), Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05")}
		if r.DryRun {
			s.Props = &junitProps{[]junitProp{{"dry_run", "true"}}}
		}
		for _, v := range r.verdicts(h) {
			s.Cases = append(s.Cases, v.junit(h.Host))
		}
		if len(h.Checks) == 0 || h.Status != runner.OK && h.Reason != runner.CheckFailed {
			s.Cases = append(s.Cases, h.junit(r.what()))
		}
		if len(h.Checks) == 0 {
			const most = 64 << 10
			s.Out, s.Err = legal(r.excerpt(h, runner.Stdout, most)), legal(r.excerpt(h, runner.Stderr, most))
		}
		all.add(s)
	}
	if fleet := r.fleet(); len(fleet) > 0 {
		s := junitSuite{Name: "the fleet", Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"), Time: junitTime(0)}
		for _, v := range fleet {
			s.Cases = append(s.Cases, v.junit("fleet"))
		}
		all.add(s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (all *junitSuites) add(s junitSuite) {
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
	all.Suites = append(all.Suites, s)
}

func (v verdict) junit(class string) junitCase {
	c := junitCase{Name: legal(v.ID), Class: legal(class), Time: junitTime(v.Took.Value())}
	bad := &junitBad{Message: legal(v.Text), Type: string(v.Outcome)}
	switch v.Outcome {
	case runner.Fail:
		c.Failure = bad
	case runner.CheckError:
		c.Error = bad
	case runner.Skip, runner.Waived, runner.NotEvaluated:
		c.Skipped = &junitBad{Message: legal(strings.TrimSpace(string(v.Outcome) + " " + v.Text))}
	}
	return c
}

func (r *Result) junit(what string) junitCase {
	c := junitCase{Name: legal(what), Class: legal(r.Host), Time: junitTime(r.Took())}
	bad := &junitBad{Message: legal(r.Said()), Type: string(r.Status)}
	switch r.Status {
	case runner.OK, runner.Changed:
	case runner.Failed, runner.Timeout, runner.Lost:
		c.Failure = bad
	case runner.Skipped, runner.Cancelled, "":
		c.Skipped = &junitBad{Message: bad.Message}
	default:
		c.Error = bad
	}
	return c
}

func junitTime(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// legal returns a text without what XML 1.0 does not allow.
func legal(s string) string {
	clean := string(Clean(nil, []byte(s)))
	return strings.Map(func(r rune) rune {
		if r == 0xfffe || r == 0xffff {
			return 0xfffd
		}
		return r
	}, clean)
}
