package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner/action"
)

func pingCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "ping",
		Usage: "reach hosts and log in, without running anything",
		Description: `Examples:
  hail ping -w 'web[01-20]'
  hail ping -a -i inventory.yaml --connect-timeout 3s
  hail ping -g web --host-keys accept-new
  hail ping -w web01 --json`,
		Flags: slices.Concat(targetFlags(), connectionFlags(), limitFlags(), outputFlags(),
			[]cli.Flag{&cli.BoolFlag{Name: "json", Category: "Output", Usage: "the same as --output json"}}, recordFlags()),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return fanOut(e, c, func(*inventory.Inventory, []inventory.Host) (job, error) {
				return job{spec: action.Ping{}.Spec(), what: "ping"}, nil
			})
		},
	}
}
