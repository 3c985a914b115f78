package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"hail/report"
)

func foldCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "fold",
		Usage: "gather lines like \"host: text\" of standard input",
		Description: `What hosts with the same text said is shown once, for the tools whose output is not gathered.

Examples:
  pdsh -w 'web[01-20]' uname -r | hail fold
  hail run -a --output stream -- cat /etc/resolv.conf | hail fold --diff-groups
  (cd logs; grep -H '' *) | hail fold`,
		Flags: gatherFlags(),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if e.stdinTerminal {
				return usage("pdsh -w web1,web2 uname -r | hail fold", "there is nothing on standard input")
			}
			style, err := e.style(c, e.stdoutTerminal)
			if err != nil {
				return err
			}
			piped, err := report.ReadPiped(e.stdin)
			if err != nil {
				return err
			}
			for _, line := range piped.Other {
				fmt.Fprintf(e.stderr, "%s\n", report.OneLine(line))
			}
			return report.Gather(e.stdout, piped.Summary, piped, gathering(c), style)
		},
	}
}
