package main

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
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
	if err := checkShells(c, j.spec.Kind, hosts); err != nil {
		return err
	}
	becomes := j.spec.Kind != runner.ActionPing
	if err := checkFollowed(c, inv, hosts, becomes); err != nil {
		return err
	}
	e.remarkHosts(c, inv, hosts, becomes)
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
//	plan ─► prepare: action, dialer ─► (dry run) ─► ask ─► record ─► events ─► drain: record, display ─► summary ─► exit code
func carryOut(e environment, c *cli.Context, inv *inventory.Inventory, plan *runner.Plan, j job) error {
	r, err := prepare(e, c, inv, plan, j)
	if err != nil {
		return err
	}
	defer r.ssh.Close()
	if r.planOnly {
		return r.display.plan(plan, r.lines, origins(c))
	}
	if err := r.ask(c); err != nil {
		return err
	}
	if r.record, err = createRecord(e, c, plan, j); err != nil {
		return err
	}
	r.display.header(plan)
	if j.remark != "" {
		r.display.remark(j.remark)
	}
	keyboard := !plan.TTY && c.String("stdin") != "-" && !c.IsSet("watch")
	summary, by, err := r.drain(keyboard)
	err = r.conclude(c, summary, err)
	if code := exitCode(summary, err, by, c.Bool("exit-code")); code != exitOK {
		return &exitError{code}
	}
	return nil
}

// ask asks for what the run still lacks: the consent of the user, and passphrases of keys.
func (r *prepared) ask(c *cli.Context) error {
	e := r.display.env
	if !r.plan.DryRun {
		if err := e.confirm(c, r.plan, r.job.what); err != nil {
			return err
		}
	} else if !r.display.quiet {
		r.display.remark("dry run: shows what would change, and changes nothing")
	}
	return e.unlock(r.ssh, r.plan.Hosts)
}

// createRecord begins the record of a run. If there is one with the id of the plan already, because another hail drew the same
// in the same millisecond, the plan gets another id.
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
		head := report.Head{Version: versionText(), Started: e.now(), User: e.user, Machine: e.machine,
			Argv: recordedArgs(e.args, c, secret), What: j.what, Plan: plan}
		record, err := report.Create(e.runsDir(c), head, j.blobs, filesOfRecord(e.openFiles))
		switch {
		case err == nil:
			return record, nil
		case !errors.Is(err, fs.ErrExist) || tries == mostIDs:
			return nil, &usageError{text: inventory.Plain(err).Error(), hint: "name another folder with --runs-dir", option: "runs-dir"}
		}
		plan.Run = report.NextRunID(e.runsDir(c), e.now())
	}
}

const mostIDs = 10

// drain takes the events of the run to their end, and writes its summary. Meanwhile it answers enquiries, also by keyboard
// if that is true, and signals: the first one stops the run, the second cuts the connections. by is the first one, or nil.
func (r *prepared) drain(keyboard bool) (s *report.Summary, by os.Signal, err error) {
	d := r.display
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	record := stopping{r.record, func() { cancel(runner.Stopped(runner.Unrecorded)) }}
	sinks := append([]report.Sink{record}, d.begin(r.record, len(r.plan.Hosts))...)
	stopAnswering := d.answerEnquiries(keyboard)
	stopHandling := d.env.handleSignals(d.remark, func() { cancel(nil) }, func() { r.ssh.Close() })
	s, err = report.Drain(r.events(ctx), sinks...)
	err = errors.Join(err, r.record.WriteSummary(s)) // from here on, a signal ends hail at once: the record is whole
	by = stopHandling()
	stopAnswering()
	return s, by, err
}

// events returns the events of the run, which goes on as they are taken.
func (r *prepared) events(ctx context.Context) iter.Seq[[]runner.Event] {
	var gates []runner.Gate
	if r.plan.Gate != "" {
		gates = append(gates, gate{r.plan.Gate, r.display.talk, r.display.env.environ})
	}
	events := runner.Run(ctx, *r.plan, r.action, r.dialer, r.record, gates...)
	if suite, ok := r.action.(check.Suite); ok { // it judges the events before anything else sees them
		events = suite.Judge(events, r.job.earlier...)
	}
	return events
}

// conclude shows how the run ended, writes the reports, releases its record, and removes old records. drained is the error
// of drain. It tells all that went wrong with the record and the output, and returns it.
func (r *prepared) conclude(c *cli.Context, s *report.Summary, drained error) error {
	d := r.display
	err := withoutEPIPE(errors.Join(drained, d.results(s, r.record)))
	// The reports come first: once the record is released, another hail may remove it.
	if err = errors.Join(err, writeAll(r.reports, s, r.record.Path(), d.columns), r.record.Finish(s)); err != nil {
		tell(d.env.stderr, err, asJSON(d.modes.names()))
	}
	if keep := c.Int("keep-runs"); keep > 0 {
		if err := report.Prune(d.env.runsDir(c), keep); err != nil {
			d.remark("removing old records: " + err.Error())
		}
	}
	return err
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
