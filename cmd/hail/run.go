package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/action/fill"
)

func runCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run a command on hosts",
		ArgsUsage: "-- COMMAND [ARGUMENT…]",
		Description: `A single word is a line for the host's shell; several words are quoted one by one.

Examples:
  hail run -w 'web[01-20]' -- uptime
  hail run -g web -x web07 -- systemctl is-active nginx
  hail run -a -- 'df -h / | tail -1'
  hail run -g db -f 5 --timeout 30s -c 'pg_dump --schema-only app | wc -l'
  hail run -g db --template -c 'pg_dump -h {{.host}} {{.vars.db}} | wc -c'
  hail run -w '@prod!db1' --output stream -- tail -n 3 /var/log/syslog`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{&cli.StringFlag{Name: "command", Aliases: []string{"c"}, Category: "Command", Usage: "shell `LINE` to run, instead of arguments"},
			&cli.BoolFlag{Name: "template", Category: "Command", Usage: "fill in {{.host}}, {{.address}}, {{.index}} and {{.vars.NAME}} for each host, quoted"}},
			surroundingsFlags("command"), commandFlags("command"), confirmFlags("Command"), becomeFlags(), connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			line, err := commandLine(c)
			if err != nil {
				return err
			}
			return fanOut(e, c, func(_ *inventory.Inventory, hosts []inventory.Host) (job, error) {
				j := job{what: line}
				around, err := j.surroundings(e, c, hosts)
				j.spec = action.Exec{Line: runner.Text(line), Template: c.Bool("template"), Surroundings: around}.Spec()
				return j, err
			})
		},
	}
}

// commandLine returns the line for the remote shell.
func commandLine(c *cli.Context) (string, error) {
	words, line := c.Args().Slice(), c.String("command")
	switch {
	case c.IsSet("command") && len(words) > 0:
		return "", usage("", "there are two commands: -c %q, and %q", line, strings.Join(words, " "))
	case c.IsSet("command"):
	case len(words) == 1:
		line = words[0]
	case len(words) > 1 && c.Bool("template"):
		var err error
		if line, err = fill.Words(words); err != nil {
			return "", usage("", "%v", err)
		}
	case len(words) > 1:
		line = runner.QuoteWords(words)
	}
	if strings.TrimSpace(line) == "" {
		return "", usage("hail run -g web -- uptime", "there is no command to run")
	}
	return line, nil
}
