package push

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"hail/inventory"
	"hail/runner/action/check"
	"hail/runner/action/program"
)

// aimHealth finds out which health checks are meant for which hosts and renders each of them, so that a mistake in one
// shows before a host is reached. It takes the hosts as in the plan, without secrets.
func (r *renderer) aimHealth(p *Push) error {
	if p.Health == nil {
		return nil
	}
	bare := make([]inventory.Host, len(r.hosts))
	for i, h := range r.hosts {
		bare[i] = h.Redact(r.secret)
	}
	if err := p.Health.Aim(bare, r.choose); err != nil {
		return err
	}
	if !slices.ContainsFunc(p.Health.Checks, func(c check.Check) bool { return c.Template }) {
		return nil // without templates, reading them has found every mistake
	}
	for i, h := range bare {
		health, err := p.healthOf(h, i)
		if err != nil {
			return err
		}
		for _, c := range health {
			if _, err := c.Arguments(); err != nil {
				return &inventory.Error{Place: c.Place, Text: fmt.Sprintf("for %s: %v", h.Name, err)}
			}
		}
	}
	return nil
}

// healthOf returns the health checks of a host.
func (p Push) healthOf(h inventory.Host, index int) ([]check.Check, error) {
	if p.Health == nil {
		return nil, nil
	}
	all, err := p.Health.For(h, index)
	return slices.DeleteFunc(all, func(c check.Check) bool { return c.Type == "" }), err
}

// health adds the health checks of the host and the program that judges them.
func (j *journal) health(checks []check.Check) error {
	if len(checks) == 0 {
		return nil
	}
	j.file("judge").WriteString(check.JudgeProgram(checks))
	for i, c := range checks {
		arguments, err := c.Arguments()
		if err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
		fmt.Fprintf(j.file("table"), "C %s %d %d %d %d %s\n", program.Word(c.ID), i, c.Retry.Timeout.WholeSeconds(), cmp.Or(c.Retry.Interval.WholeSeconds(), 1),
			int(c.Limit().Seconds()), program.Word(`sh -c "$hail_judge" hail `+arguments))
	}
	return nil
}

// sick is a health check that did not pass, and what its last look printed.
type sick struct {
	name  string
	check *check.Check // nil: it belongs to an earlier push
	said  []string
	size  int // bytes that were said; what exceeds check.MostSaid is not kept
}

// hear takes in a line that the look printed. A nil sick takes none.
func (s *sick) hear(line string) {
	if s == nil {
		return
	}
	if s.size += len(line) + 1; s.size <= check.MostSaid {
		s.said = append(s.said, line)
	}
}

// explain returns what is wrong and, for the log, what the command of the check wrote to stderr.
func (s *sick) explain() (log string, why error) {
	text := fmt.Sprintf("the health check %s did not pass", s.name)
	if s.check != nil {
		text += " within " + inWords(s.check.Retry.Timeout.Value())
		var wrong string
		if wrong, log = s.check.Verdict(s.said); wrong != "" {
			text += ": " + wrong
		}
	}
	return log, errors.New(text)
}
