package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner/action"
)

// remark prints a note, which is not an error, unless --quiet is given.
func (e environment) remark(c *cli.Context, r *inventory.Error) {
	if c.Bool("quiet") {
		return
	}
	fmt.Fprintf(e.stderr, "hail: note: %v\n", r)
	if r.Hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", r.Hint)
	}
}

// remarkHosts prints the remarks about the inventory that concern these hosts.
func (e environment) remarkHosts(c *cli.Context, inv *inventory.Inventory, hosts []inventory.Host) {
	for _, r := range inv.RemarksOn(hosts) {
		e.remark(c, r)
	}
}

// checkFollowed is an error for each thing that the inventory asks for on these hosts and that hail would do otherwise: by
// another connection than SSH, which may lead to another machine, or as another user by other means. kind is that of the action.
func checkFollowed(c *cli.Context, inv *inventory.Inventory, hosts []inventory.Host, kind string) error {
	var wrong inventory.Errors
	means := c.Bool("sudo") || c.IsSet("sudo-user") || c.Bool("doas")
	for _, h := range hosts {
		become := kind != action.KindPing && h.Connection.Becomes() != "" && !means
		for _, r := range inv.RemarksOf(h.Name) {
			if matters := r.Key == "connection" || r.Key == "become_method" && become; matters && !slices.Contains(wrong, &r.Error) {
				wrong = append(wrong, &r.Error)
			}
		}
	}
	if wrong == nil {
		return nil
	}
	return wrong
}
