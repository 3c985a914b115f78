package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"hail/report"
	"hail/runner"
	"hail/runner/action/check"
)

func replayCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "repeat a run on one of its hosts, and show each step",
		ArgsUsage: "RUN HOST",
		Description: `RUN is an id, the beginning of one, a name, last, or last~1 for the one before. The command, its input, the limits
and the way to the host are those of that run; secrets are obtained again.

Examples:
  hail replay last web03
  hail replay last web03 -K
  hail replay 20261123-150405-k3f9 db1 --tty
  hail replay last~2 web03 --dry-run`,
		Flags: slices.Concat(againFlags(), []cli.Flag{&cli.BoolFlag{Name: "tty", Category: "Command", Usage: "give the command a terminal"}}, outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return usage("hail replay last web03", "hail replay takes a run and a host")
			}
			r, err := e.runOfArgs(c)
			if err != nil {
				return err
			}
			plan, err := replayOf(r, c.Args().Get(1))
			if err != nil {
				return err
			}
			plan.TTY = plan.TTY || c.Bool("tty")
			inv, j, err := e.again(c, r, plan)
			if err != nil {
				return err
			}
			if r.Plan.Fleet != nil && !c.Bool("quiet") {
				j.remark += "; checks over the fleet are left out"
			}
			j.verbose = !c.IsSet("verbose") && !c.Bool("quiet")
			return carryOut(e, c, inv, plan, j)
		},
	}
}

// replayOf returns the plan of a run for one of its hosts, as a run of its own without waves, budgets, retries and checks
// over the fleet.
func replayOf(r *report.Run, host string) (*runner.Plan, error) {
	i, err := placeOf(r.Plan, host)
	if err != nil {
		return nil, err
	}
	p := r.Plan.Part([]int{i})
	p.Parent = ""
	p.Pace, p.Budget, p.Retry = runner.Pace{}, runner.Budget{}, runner.Retry{}
	if p.Fleet != nil {
		suite, err := check.New(p.Action)
		if err != nil {
			return nil, err
		}
		suite.Fleet, p.Fleet = nil, nil
		p.Action = suite.Spec()
	}
	return p, nil
}
