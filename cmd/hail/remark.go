package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// remark prints a note, which is not an error, unless --quiet is given.
func (e environment) remark(c *cli.Context, r *inventory.Error) {
	if c.Bool("quiet") {
		return
	}
	fmt.Fprintf(e.stderr, "hail: note: %s\n", report.OneLine(r.Error()))
	if r.Hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", report.OneLine(r.Hint))
	}
}

// remarkHosts prints the remarks about the inventory that concern these hosts and that no option settles. becomes says
// whether commands may run on them as other users.
func (e environment) remarkHosts(c *cli.Context, inv *inventory.Inventory, hosts []inventory.Host, becomes bool) {
	counts := func(r *inventory.Remark) bool { return (becomes || !r.Becoming) && !isSettled(c, r) }
	for _, r := range inv.RemarksOn(hosts, counts) {
		e.remark(c, r)
	}
}

// isSettled reports whether an option says what hail does instead of what a remark is about.
func isSettled(c *cli.Context, r *inventory.Remark) bool {
	switch r.Key {
	case "":
		return false
	case "become", "become_method":
		return c.IsSet("sudo") || c.IsSet("sudo-user") || c.IsSet("doas")
	case "become_user":
		return c.IsSet("sudo-user")
	default:
		return c.IsSet(strings.ReplaceAll(r.Key, "_", "-"))
	}
}

// bareHosts returns the names of the hosts that have no POSIX shell, or are treated so.
func bareHosts(hosts []inventory.Host) (names []string) {
	for _, h := range hosts {
		if h.Connection.Bare() {
			names = append(names, h.Name)
		}
	}
	return names
}

// checkShells is an error if what is done needs a POSIX shell and the inventory says that hosts have none.
func checkShells(c *cli.Context, kind string, hosts []inventory.Host) error {
	bare := bareHosts(hosts)
	if bare == nil || kind == runner.ActionPing || kind == runner.ActionExec || c.Bool("no-wrap") {
		return nil
	}
	return usage("hail run and hail ping take them, and -x leaves them out", "hail %s needs a POSIX shell, and the inventory says that there is none on %s (%d)", c.Command.Name, inventory.Fold(bare), len(bare))
}

// checkFollowed is an error for each thing that the inventory asks for on these hosts and that hail would do otherwise: by
// another connection than SSH, also to a jump host, with another ssh_config or another setting, which may lead to another
// machine, or as another user by other means. It names the hosts. An option for it settles it. becomes is as for
// remarkHosts.
func checkFollowed(c *cli.Context, inv *inventory.Inventory, hosts []inventory.Host, becomes bool) error {
	var wrong inventory.Errors // one for each text
	on := map[string][]string{}
	for _, h := range hosts {
		for _, name := range append(strings.Split(h.Connection.Jump, ","), h.Name) {
			becomes := becomes && name == h.Name
			for _, r := range inv.RemarksOf(name) {
				matters := r.Key != "" && !isSettled(c, r)
				switch r.Key {
				case "become":
					matters = matters && becomes
				case "become_method", "become_user":
					matters = matters && becomes && h.Connection.Becomes() != ""
				}
				if !matters {
					continue
				}
				if on[r.Text] == nil {
					first := r.Error
					wrong = append(wrong, &first)
				}
				if names := on[r.Text]; names == nil || names[len(names)-1] != h.Name {
					on[r.Text] = append(on[r.Text], h.Name)
				}
			}
		}
	}
	if wrong == nil {
		return nil
	}
	for _, w := range wrong {
		w.Text += " (" + inventory.Fold(on[w.Text]) + ")"
	}
	return wrong
}
