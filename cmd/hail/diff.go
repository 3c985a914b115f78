package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
)

func diffCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "show what differs between two runs",
		ArgsUsage: "RUN RUN",
		Description: `Shows the hosts whose status or output changed, those that differ in the same way together. The exit code is 0
whether or not anything differs, and 64 when a run is not found.

Examples:
  hail diff last~1 last
  hail diff before after
  hail diff last~1 last -w '@web' --alike`,
		Flags: []cli.Flag{runsDirFlag(),
			&cli.StringSliceFlag{Name: "target", Aliases: []string{"w"}, Category: "Hosts", Usage: "compare only the hosts of `EXPR`"},
			&cli.BoolFlag{Name: "alike", Category: "Output", Usage: "treat differences as equal that differ only by the host's own name, address or vars"},
			colorFlag()},
		Action: func(c *cli.Context) error { return diffRuns(e, c) },
	}
}

func diffRuns(e environment, c *cli.Context) error {
	if c.NArg() != 2 {
		return usage("hail diff last~1 last", "hail diff takes two runs")
	}
	style, err := e.style(c, e.stdoutTerminal)
	if err != nil {
		return err
	}
	var runs [2]*report.Run
	var reports [2]*report.Report
	for i, ref := range c.Args().Slice() {
		if runs[i], err = e.findRun(c, ref); err != nil {
			return err
		}
		e.remarkGoing(c, runs[i])
		s, err := runs[i].Summary()
		if err != nil {
			return err
		}
		if targets := c.StringSlice("target"); targets != nil {
			hosts, err := e.hostsOfRun(c, runs[i], inventory.Query{Targets: targets})
			if err != nil {
				return err
			}
			s = s.Only(hosts)
		}
		reports[i] = &report.Report{Summary: s, Files: runs[i]}
	}
	if a, b := runs[0], runs[1]; a.Plan.Action.Kind != b.Plan.Action.Kind { // a run in between has become the last one, say
		e.remark(c, &inventory.Error{Text: fmt.Sprintf("these did not do the same: %s (%s) and %s (%s)", a.Plan.Run, report.Brief(a.What), b.Plan.Run, report.Brief(b.What))})
	}
	return report.Diff(e.stdout, reports[0], reports[1], gathering(c), style)
}
