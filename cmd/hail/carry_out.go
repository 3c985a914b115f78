package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/action/check"
)

// fanOut selects the hosts that the options name, and carries out on them the job that build makes.
func fanOut(e environment, c *cli.Context, build func(*inventory.Inventory, []inventory.Host) (job, error)) error {
	inv, hosts, err := e.selectHosts(c)
	if err != nil {
		return err
	}
	j, err := build(inv, hosts)
	if err != nil {
		return err
	}
	plan, err := newPlan(e, c, j.spec, hosts)
	if err != nil {
		return err
	}
	if j.timeout > 0 && !c.IsSet("timeout") {
		plan.Clocks.Attempt = j.timeout
	}
	plan.Checks, plan.Fleet, plan.DryRun = j.checks, j.fleet, j.dryRunConnects && c.Bool("dry-run")
	return carryOut(e, c, inv, plan, j)
}

// carryOut carries out a plan:
//
//	plan ─► action, dialer ─► (dry run) ─► record ─► runner.Run ─► Drain: record, display ─► summary ─► exit code
func carryOut(e environment, c *cli.Context, inv *inventory.Inventory, plan *runner.Plan, j job) error {
	var record *report.Record
	act, err := newAction(plan.Action, action.Sources{Secrets: j.secrets, Blob: func(digest string) (io.ReadCloser, int64, error) { return j.open(digest, record) }})
	if err != nil {
		return err
	}
	var lines []string
	if exec, ok := act.(action.Exec); ok {
		if lines, err = exec.Lines(plan); err != nil {
			return usage("", "%v", err)
		}
	}
	d, err := newDisplay(e, c, plan, j)
	if err != nil {
		return err
	}
	reports, err := reportsOf(c)
	if err != nil {
		return err
	}
	var secrets passwords
	planOnly := c.Bool("dry-run") && !j.dryRunConnects
	if !planOnly {
		if secrets, err = e.passwords(plan); err != nil {
			return err
		}
	}
	dialer, ssh, err := newDialer(e, plan, inv, secrets, d.remark, d.trace())
	if err != nil {
		return err
	}
	defer ssh.Close()
	if planOnly {
		return d.plan(plan, lines, origins(c))
	}
	if !plan.DryRun {
		if err := e.confirm(c, plan, j.what); err != nil {
			return err
		}
	} else if !d.quiet {
		d.remark("dry run: shows what would change, and changes nothing")
	}
	if err := e.unlock(ssh, plan.Hosts); err != nil {
		return err
	}
	if record, err = createRecord(e, c, plan, j); err != nil {
		return err
	}
	d.header(plan)
	if j.remark != "" {
		d.remark(j.remark)
	}
	keyboard := !plan.TTY && c.String("stdin") != "-" && !c.IsSet("watch")
	summary, by, err := d.drain(record, func() { ssh.Close() }, keyboard, func(ctx context.Context) iter.Seq[[]runner.Event] {
		var gates []runner.Gate
		if plan.Gate != "" {
			gates = append(gates, gate{plan.Gate, d.talk, e.environ})
		}
		events := runner.Run(ctx, *plan, act, dialer, record, gates...)
		if suite, ok := act.(check.Suite); ok { // it judges the events before anything else sees them
			events = suite.Judge(events, j.earlier...)
		}
		return events
	})
	err = d.conclude(c, summary, record, reports, err)
	code := exitCode(summary, err, by)
	if code == exitOK && plan.DryRun && c.Bool("exit-code") && summary.Counts[runner.Changed] > 0 {
		code = exitWouldChange
	}
	if code != exitOK {
		return &exitError{code}
	}
	return nil
}

// createRecord begins the record of a run. The plan gets another id if there is a record with its own, as two hails that
// start in the same millisecond may draw.
func createRecord(e environment, c *cli.Context, plan *runner.Plan, j job) (*report.Record, error) {
	secret, err := secretVars(c)
	if err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		if j.begin != nil {
			if err := j.begin(); err != nil {
				return nil, usage("", "%v", err)
			}
		}
		record, err := report.Create(e.runsDir(c), report.Head{Version: versionText(), Started: e.now(), User: e.user, Machine: e.machine,
			Argv: recordedArgs(e.args, c, secret), What: j.what, Plan: plan}, j.blobs, e.openFiles/4)
		switch {
		case err == nil:
			return record, nil
		case !errors.Is(err, fs.ErrExist) || tries == mostIDs:
			return nil, &usageError{text: inventory.Plain(err).Error(), hint: "name another folder with --runs-dir", option: "runs-dir"}
		}
		plan.Run = report.NewRunID(e.now())
	}
}

const mostIDs = 10

// drain takes the events of a run to their end. Meanwhile it answers enquiries, also by keyboard if that is true, and signals:
// the first one stops the run, the second calls cut. by is the first one, or nil.
func (d *display) drain(record *report.Record, cut func(), keyboard bool, run func(context.Context) iter.Seq[[]runner.Event]) (s *report.Summary, by os.Signal, err error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	sinks := append([]report.Sink{stopping{record, func() { cancel(runner.Stopped(runner.Unrecorded)) }}}, d.begin(record)...)
	stopAnswering := d.answerEnquiries(keyboard)
	stopHandling := d.env.handleSignals(d.remark, func() { cancel(nil) }, cut)
	s, err = report.Drain(run(ctx), sinks...)
	by = stopHandling()
	stopAnswering()
	return s, by, err
}

// conclude shows how a run ended, writes the reports, finishes its record, and removes old records. drained is the error of
// drain. It tells all that went wrong with the record and the output, and returns it.
func (d *display) conclude(c *cli.Context, s *report.Summary, record *report.Record, reports []wantedReport, drained error) error {
	err := withoutEPIPE(errors.Join(drained, d.results(s, record)))
	// Once the record is finished, another hail may remove it.
	if err = errors.Join(err, writeAll(reports, s, record.Path(), d.columns), record.Finish(s)); err != nil {
		tell(d.env.stderr, err, asJSON(d.modes.names()))
	}
	if keep := c.Int("keep-runs"); keep > 0 {
		if err := report.Prune(d.env.runsDir(c), keep); err != nil {
			d.remark("removing old records: " + err.Error())
		}
	}
	return err
}

// newAction makes the action of a plan.
func newAction(spec runner.Spec, from action.Sources) (runner.Action, error) {
	switch spec.Kind {
	case check.Kind:
		return check.New(spec)
	case check.KindBaseline:
		return check.Baseline{}, nil
	}
	return action.New(spec, from)
}

// stopping is a record that stops the run when it can't be written: a run must not go on unrecorded.
type stopping struct {
	*report.Record
	stop func()
}

func (s stopping) Events(batch []runner.Event) error {
	err := s.Record.Events(batch)
	if err != nil || s.Failed() != nil {
		s.stop()
	}
	return err
}
