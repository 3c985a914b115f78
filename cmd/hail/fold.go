package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"hail/report"
)

func foldCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "fold",
		Usage: "group lines like \"host: text\" from standard input",
		Description: `Shows text that several hosts share once, for tools that do not group their output. Lines that do not begin with the
name of a host and a colon go to standard error and are counted at the end; the exit code is 0 all the same.

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
				return usage("pdsh -w web1,web2 uname -r | hail fold", "nothing is piped into hail fold")
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
			if err := report.Gather(e.stdout, piped.Summary, piped, gathering(c), style); err != nil {
				return err
			}
			if n := len(piped.Other); n > 0 {
				fmt.Fprintf(e.stderr, "hail: %s without a host\n", report.Plural(n, "line"))
			}
			return nil
		},
	}
}
