package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
)

// The commands that repeat a part of a run, retry and resume, and what replay.go shares with them. Their plan is that of the
// run, for fewer hosts.

func retryCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "retry",
		Usage:     "repeat a run on the hosts where it did not end well",
		ArgsUsage: "[RUN]",
		Description: `The command, its input, the limits and the way to the hosts are those of the earlier run; secrets are obtained
again. The last attempt at each host counts: hail show RUN --merged shows the runs together. Lost hosts may have run to
their end: they are retried only when --only says lost.

Examples:
  hail retry last
  hail retry last --only unreachable
  hail retry 20261123-150405-k3f9 --only failed,timeout,lost -K
  hail retry nightly --dry-run`,
		Flags: slices.Concat(againFlags(), []cli.Flag{
			&cli.StringFlag{Name: "only", Category: "Hosts", Value: "failed,timeout,unreachable,cancelled,skipped,error", Usage: "retry the hosts that ended with one of these `STATUSES` or reasons, such as refused"},
		}, confirmFlags("Command"), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			wanted, wrong := endingsOf(strings.Split(c.String("only"), ","))
			if wrong != nil {
				return wrongValue("only", wrong.Hint, "%s", wrong.Text)
			}
			return continueRun(e, c, wanted)
		},
	}
}

func resumeCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "resume",
		Usage:     "finish a run that was stopped or killed",
		ArgsUsage: "[RUN]",
		Description: `Runs on the hosts that were certainly never started. Lost hosts may have run to their end, and are left out.

Examples:
  hail resume
  hail resume last --lost
  hail resume 20261123-150405-k3f9 --dry-run`,
		Flags: slices.Concat(againFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "lost", Category: "Hosts", Usage: "include lost hosts: only where running twice is safe"},
		}, confirmFlags("Command"), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			wanted := endings{string(runner.Skipped)}
			if c.Bool("lost") {
				wanted = append(wanted, string(runner.Lost))
			}
			return continueRun(e, c, wanted)
		},
	}
}

// againFlags are the options for what a record does not hold.
func againFlags() []cli.Flag {
	return slices.Concat([]cli.Flag{
		&cli.StringSliceFlag{Name: "inventory", Aliases: []string{"i"}, Category: "Hosts", Usage: "find jump hosts in `SOURCE` (default: as for hail run)"},
	}, loginPasswordFlags("ask for a login password (default: as the run did)"), sudoPasswordFlags("ask for the sudo password (default: as the run did)"))
}

// continueRun repeats a run on the hosts that ended in one of these ways. The repetition is a run of its own, with the
// earlier one as its parent.
func continueRun(e environment, c *cli.Context, wanted endings) error {
	if c.NArg() > 1 {
		return usage("", "hail %s takes one run", c.Command.Name)
	}
	r, err := e.runOfArgs(c)
	if err != nil {
		return err
	}
	lineage, release, err := e.claimedLineage(c, r)
	if err != nil {
		return err
	}
	defer release()
	before, _, err := lineage.Summary()
	if err != nil {
		return err
	}
	var places []int
	for i := range before.Hosts {
		if wanted.has(&before.Hosts[i]) {
			places = append(places, i)
		}
	}
	if places == nil {
		return nothingLeft(e, c.Command.Name, lineage.Root().Plan.Run, before)
	}
	plan := lineage.Root().Plan.Part(places)
	plan.Parent = lineage.Last().Plan.Run
	inv, j, err := e.again(c, lineage.Root(), plan)
	if err != nil {
		return err
	}
	for _, run := range lineage.Runs {
		j.earlier = append(j.earlier, run.Events())
	}
	j.begin = func() error { return lineage.Continue(plan.Run) }
	ended := carryOut(e, c, inv, plan, j)
	if !c.Bool("dry-run") && !c.Bool("quiet") {
		e.sayTogether(c, r, plan.Run)
	}
	return ended
}

// claimedLineage returns the runs that belong together with r. Nobody else can continue or remove them until release is called,
// unless this is a dry run.
func (e environment) claimedLineage(c *cli.Context, r *report.Run) (l *report.Lineage, release func() error, err error) {
	l, err = report.LineageOf(e.runsDir(c), r)
	if err != nil || c.Bool("dry-run") {
		return l, func() error { return nil }, err
	}
	release, err = l.Claim()
	switch {
	case errors.Is(err, report.ErrContinued):
		return nil, nil, usage("hail logs "+l.Last().Plan.Run+" --follow shows its progress", "%s can't be continued now: %v", r.Plan.Run, err)
	case err != nil:
		return nil, nil, usage("", "%s can't be continued: %v", r.Plan.Run, err)
	}
	if l, err = report.LineageOf(e.runsDir(c), r); err != nil { // read again: another hail may have continued it before the claim
		release()
	}
	return l, release, err
}

// sayTogether says how the hosts have ended by now in all runs that belong together with r, if the run id has begun.
func (e environment) sayTogether(c *cli.Context, r *report.Run, id string) {
	lineage, err := report.LineageOf(e.runsDir(c), r)
	if err != nil || lineage.Last().Plan.Run != id {
		return
	}
	if all, _, err := lineage.Summary(); err == nil {
		fmt.Fprintf(e.stderr, "with the earlier runs: %s\n", report.Counts(all, report.Style{}))
	}
}

// nothingLeft says that the command has no host left to take. It is an error if there are hosts that did not end well, and
// the hint says which command takes them.
func nothingLeft(e environment, command, root string, before *report.Summary) error {
	nothing := fmt.Sprintf("nothing is left to %s in %s (%s)", command, root, report.Counts(before, report.Style{}))
	var left []string
	for _, status := range runner.Statuses {
		if status.Bad() && before.Counts[status] > 0 {
			left = append(left, string(status))
		}
	}
	if left == nil {
		fmt.Fprintf(e.stderr, "hail: %s\n", nothing)
		return nil
	}
	lost := before.Counts[runner.Lost] > 0
	hint := fmt.Sprintf("hail retry %s takes the hosts that did not end well", root)
	switch {
	case command == "retry":
		hint = fmt.Sprintf("hail retry %s --only %s takes the others", root, strings.Join(left, ","))
		if lost {
			hint += "; look first: a lost host may have run to its end"
		}
	case lost:
		hint = fmt.Sprintf("hail resume %s --lost includes lost hosts", root)
		if len(left) > 1 {
			hint += fmt.Sprintf(", and hail retry %s takes the others that did not end well", root)
		}
	}
	return usage(hint, "%s", nothing)
}

// again prepares plan, a part of the plan of run r, to be run: it gives the plan an id of its own, and returns the inventory
// and a job with what the record does not hold.
func (e environment) again(c *cli.Context, r *report.Run, plan *runner.Plan) (inv *inventory.Inventory, j job, err error) {
	if others, err := othersWrite(r.HeadPath()); err != nil {
		return nil, j, err
	} else if others {
		return nil, j, usage("hail show "+r.Plan.Run+" shows what it did", "%s can't be repeated: others may write to %s, and a plan can run programs here", r.Plan.Run, r.Path())
	}
	plan.Run, plan.Name = report.NextRunID(e.runsDir(c), e.now()), c.String("name")
	if err := checkRecordOptions(c); err != nil {
		return nil, j, err
	}
	if err := passwordSources(c, plan); err != nil {
		return nil, j, err
	}
	if isGiven(c, "max-output") {
		if plan.MaxOutput, err = size(c, "max-output"); err != nil {
			return nil, j, err
		}
	}
	if j, err = e.jobAgain(r, plan); err != nil {
		return nil, j, err
	}
	if c.Bool("quiet") {
		j.remark = ""
	}
	if inv, err = e.inventoryOf(c, e.around(plan.SSHConfig)); err == nil {
		e.remarkHosts(c, inv, nil, false)
	}
	return inv, j, err
}

// jobAgain returns a job for plan, with the contents that the record of run r holds, and with the secrets that it does not.
func (e environment) jobAgain(r *report.Run, plan *runner.Plan) (j job, err error) {
	j.what = r.What
	var had struct{ action.Surroundings }
	if len(plan.Action.Args) > 0 {
		if err := json.Unmarshal(plan.Action.Args, &had); err != nil {
			return j, fmt.Errorf("the record's action: %w", err)
		}
	}
	for _, name := range had.Secrets {
		value := e.getenv(name)
		if value == "" {
			return j, usage("export "+name+" first", "the run had the secret variable %s, which is not set here", name)
		}
		j.addSecret(name, value)
	}
	if j.blobs, err = r.Blobs(); err != nil {
		return j, err
	}
	switch plan.Action.Kind {
	case runner.ActionPush:
		j.private, err = privateAgain(plan)
		fallthrough
	case runner.ActionScript, runner.ActionCheck:
		j.remark = "its files are taken as they were in " + r.Plan.Run + ", not as they are now"
	}
	return j, err
}

// privateAgain reads the secret files of a push again. A file that has changed since is an error.
func privateAgain(plan *runner.Plan) (all []report.Blob, err error) {
	var p struct{ Private map[string]string }
	if err := json.Unmarshal(plan.Action.Args, &p); err != nil {
		return nil, fmt.Errorf("the record's action: %w", err)
	}
	for _, digest := range slices.Sorted(maps.Keys(p.Private)) {
		path := p.Private[digest]
		if path == "" {
			return nil, usage("run hail push again", "files that a template makes with a secret are not recorded")
		}
		blob, err := fileBlob(path)
		if err != nil {
			return nil, usage("", "the secret file of the run: %v", err)
		}
		if blob.Digest != digest {
			return nil, usage("run hail push again", "the secret file %s has changed since the run", path)
		}
		all = append(all, blob)
	}
	return all, nil
}
