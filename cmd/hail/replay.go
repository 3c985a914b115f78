package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
)

func replayCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "replay",
		Usage:     "do once more on one host what a run did, and tell each step",
		ArgsUsage: "RUN HOST",
		Description: `RUN is an id, the beginning of one, last, or last~1 for the one before. The command, the limits and the way to the
host are those of that run; secrets and input are given again.

Examples:
  hail replay last web03
  hail replay last web03 -K
  hail replay 20261123-150405-k3f9 db1 --tty
  hail replay last~2 web03 --dry-run`,
		Flags: flags([]cli.Flag{
			&cli.StringSliceFlag{Name: "inventory", Aliases: []string{"i"}, Category: "Hosts", Usage: "`SOURCE` of jump hosts (default: as for hail run)"},
			&cli.BoolFlag{Name: "tty", Category: "Command", Usage: "give the command a terminal"},
			&cli.StringFlag{Name: "stdin", Category: "Command", Usage: "`FILE`, or -, that the command gets as input"},
			&cli.BoolFlag{Name: "ask-pass", Category: "Connection", Usage: "ask for a password to log in with"},
			&cli.StringFlag{Name: "pass-command", Category: "Connection", Usage: "the first line that `CMD` prints is that password"},
			&cli.BoolFlag{Name: "ask-sudo-pass", Aliases: []string{"K"}, Category: "As another user", Usage: "ask for the password of sudo"},
			&cli.StringFlag{Name: "sudo-pass-command", Category: "As another user", Usage: "the first line that `CMD` prints is that password"},
		}, outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			if c.NArg() != 2 {
				return usage("hail replay last web03", "a run and a host are wanted")
			}
			r, err := report.Find(e.runsDir(c), c.Args().First())
			if err != nil {
				return usage("hail runs lists them", "%v", err)
			}
			plan, err := replayOf(r, c.Args().Get(1))
			if err != nil {
				return err
			}
			plan.Run, plan.Name = report.NewRunID(e.now()), c.String("name")
			plan.TTY = plan.TTY || c.Bool("tty")
			from, err := e.sourcesAgain(c, plan)
			if err != nil {
				return err
			}
			inv, err := e.inventoryOf(c, inventory.Surroundings{Stdin: e.stdin, Local: e.sshLocal(plan.AllowExec, plan.AskSSH), SSHConfig: e.sshConfigFiles(plan.SSHConfig)})
			if err != nil {
				return err
			}
			if !c.IsSet("verbose") && !c.Bool("quiet") {
				if err := c.Set("verbose", "true"); err != nil {
					return err
				}
			}
			return carryOut(e, c, inv, plan, from, r.What)
		},
	}
}

// replayOf is the plan of a run for one of its hosts alone.
func replayOf(r *report.Run, host string) (*runner.Plan, error) {
	i := slices.IndexFunc(r.Plan.Hosts, func(h inventory.Host) bool { return h.Name == host })
	if i < 0 {
		return nil, usage("hail show "+r.Plan.Run+" lists its hosts", "%s is no host of that run", host)
	}
	p := r.Plan.Part([]int{i})
	p.Waves, p.Pause, p.Gate, p.Per, p.Splay, p.Rate, p.Budget, p.Retry = nil, 0, "", nil, 0, 0, runner.Budget{}, runner.Retry{}
	return p, nil
}

// sourcesAgain gets what the record does not hold.
func (e environment) sourcesAgain(c *cli.Context, p *runner.Plan) (from action.Sources, err error) {
	var was struct{ action.Surroundings }
	if len(p.Action.Args) > 0 {
		if err := json.Unmarshal(p.Action.Args, &was); err != nil {
			return from, fmt.Errorf("the record's action: %w", err)
		}
	}
	for _, name := range was.Secrets {
		value := e.getenv(name)
		if value == "" {
			return from, usage("export "+name+" first", "the run had the secret variable %s, which is not set here", name)
		}
		if from.Secrets == nil {
			from.Secrets = map[string]string{}
		}
		from.Secrets[name] = value
	}
	if was.Stdin != "" && !c.IsSet("stdin") {
		return from, usage("--stdin "+strings.ReplaceAll(was.Stdin, "HOST", p.Hosts[0].Name)+" gives it again", "the run had input, which the record does not hold")
	}
	_, from.Stdin, err = e.stdinOf(c)
	return from, err
}
