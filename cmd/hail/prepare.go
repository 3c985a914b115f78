package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/sshconn"
)

// prepared is a run in which nothing is known to be wrong, before it begins.
type prepared struct {
	plan     *runner.Plan
	job      job
	planOnly bool // to be shown, and not carried out
	action   runner.Action
	lines    []string // the command lines of the hosts, in the order of the plan; nil if the action has none
	display  *display
	reports  []wantedReport
	dialer   runner.Dialer
	ssh      *sshconn.Dialer // in the dialer
	record   *report.Record  // nil until the run begins
}

// prepare makes what it takes to carry out a plan, so that a mistake shows before any host is reached. It may ask for
// passwords. The caller closes ssh.
func prepare(e environment, c *cli.Context, inv *inventory.Inventory, plan *runner.Plan, j job) (r *prepared, err error) {
	r = &prepared{plan: plan, job: j, planOnly: c.Bool("dry-run") && !j.dryRunConnects}
	if r.action, err = action.New(plan.Action, action.Sources{Secrets: j.secrets, Blob: r.content}); err != nil {
		return nil, err
	}
	if exec, ok := r.action.(action.Exec); ok {
		if r.lines, err = exec.Lines(plan); err != nil {
			return nil, usage("", "%v", err)
		}
	}
	if r.display, err = newDisplay(e, c, plan, j); err != nil {
		return nil, err
	}
	if most := mostAtOnce(e.openFiles); plan.AtOnce() > most {
		plan.Fanout, plan.ConnectingMost = most, min(plan.ConnectingMost, most)
		e.remark(c, &inventory.Error{Text: fmt.Sprintf("%s at once and no more: only %d files may be open at once (ulimit -n)", report.Plural(most, "host"), e.openFiles)})
	}
	if r.reports, err = reportsOf(c); err != nil {
		return nil, err
	}
	var given passwords
	if !r.planOnly {
		if given, err = e.passwords(plan); err != nil {
			return nil, err
		}
	}
	if r.dialer, r.ssh, err = newDialer(e, plan, inv, given, r.display.remark, r.display.trace()); err != nil {
		return nil, withFileOrigin(c, err)
	}
	return r, nil
}

// content opens a content for the action while the run goes on, a private one or one from the record, and returns its
// size. The caller closes it.
func (r *prepared) content(digest string) (io.ReadCloser, int64, error) {
	for _, b := range r.job.private {
		if b.Digest == digest {
			content, err := b.Open()
			return content, b.Size, err
		}
	}
	return r.record.Blob(digest)
}
