package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"

	"hail/inventory"
)

// loadInventory reads the sources that were named, or the first one that is there by default; nil when there is none.
func (e environment) loadInventory(sources []string) (*inventory.Inventory, error) {
	if len(sources) == 0 {
		if s := e.getenv("HAIL_INVENTORY"); s != "" {
			sources = []string{s}
		}
	}
	if len(sources) == 0 {
		if _, err := os.Stat("hail.yaml"); err == nil {
			if err := ownedByUs("hail.yaml"); err != nil {
				return nil, err
			}
			sources = []string{"hail.yaml"}
		}
	}
	if mine := filepath.Join(e.configDir(), "inventory.yaml"); len(sources) == 0 {
		if _, err := os.Stat(mine); err == nil {
			sources = []string{mine}
		}
	}
	if len(sources) == 0 {
		return nil, nil
	}
	return inventory.Load(sources, e.stdin)
}

// ownedByUs refuses a file that is read only because it lies in the current folder, when somebody else could have put it
// there.
func ownedByUs(path string) error {
	for _, p := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if ok && (st.Uid != uint32(os.Geteuid()) && st.Uid != 0 || info.Mode().Perm()&0o022 != 0) {
			return usage("name it with -i "+path+" if you trust it", "%s is not taken from the current folder: others may write there", path)
		}
	}
	return nil
}

// selectHosts returns the hosts that the options mean, with the connection options of the command line put in: those
// go before everything else.
func (e environment) selectHosts(c *cli.Context) (*inventory.Inventory, []inventory.Host, error) {
	inv, err := e.loadInventory(c.StringSlice("inventory"))
	if err != nil {
		return nil, nil, err
	}
	q := inventory.Query{Targets: c.StringSlice("target"), Exclude: c.StringSlice("exclude"), All: c.Bool("all"), AnyHost: c.Bool("any-host")}
	for _, g := range c.StringSlice("group") {
		q.Targets = append(q.Targets, "@"+g)
	}
	hosts, err := inventory.Select(inv, q, inventory.Lookups{File: inventory.ReadFile})
	if err != nil {
		return nil, nil, err
	}
	top, err := connectionOf(c)
	if err != nil {
		return nil, nil, err
	}
	for i := range hosts {
		hosts[i].Connection = hosts[i].Connection.Overlay(top)
	}
	return inv, hosts, nil
}

// connectionOf reads the connection options.
func connectionOf(c *cli.Context) (inventory.Connection, error) {
	top := inventory.Connection{
		User:       c.String("user"),
		Port:       c.Int("port"),
		Identity:   c.StringSlice("identity"),
		Jump:       c.String("jump"),
		KnownHosts: c.StringSlice("known-hosts"),
	}
	if c.IsSet("user") {
		if err := inventory.CheckUser(top.User); err != nil {
			return top, usage("", "-l: %v", err)
		}
	}
	if c.IsSet("port") && (top.Port < 1 || top.Port > 65535) {
		return top, usage("", "-p: %d is not a port (1 to 65535)", top.Port)
	}
	if c.IsSet("connect-timeout") {
		var err error
		if top.ConnectTimeout, err = duration(c, "connect-timeout"); err != nil {
			return top, err
		}
	}
	return top, nil
}

func hostsCommand(e environment) *cli.Command {
	const out = "Output"
	return &cli.Command{
		Name:  "hosts",
		Usage: "list the hosts that are meant, without reaching them",
		Description: `Examples:
  hail hosts -a --fold                  the whole inventory in short
  hail hosts -w '@prod!db1' --fold
  hail hosts -g web --count
  hail hosts --groups                   the groups and how many hosts they have`,
		Flags: append(targetFlags(),
			&cli.BoolFlag{Name: "fold", Category: out, Usage: "in short: web[01-20]"},
			&cli.BoolFlag{Name: "count", Category: out, Usage: "how many"},
			&cli.BoolFlag{Name: "groups", Category: out, Usage: "the groups of the inventory instead"},
			&cli.BoolFlag{Name: "json", Category: out, Usage: "with settings, groups and vars, as JSON"},
		),
		Action: func(c *cli.Context) error { return listHosts(e, c) },
	}
}

func listHosts(e environment, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	if c.Bool("groups") {
		return listGroups(e, c)
	}
	_, hosts, err := e.selectHosts(c)
	if err != nil {
		return err
	}
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
		hosts[i] = h.Redact(inventory.SecretVars)
	}
	switch {
	case c.Bool("count"):
		_, err = fmt.Fprintln(e.stdout, len(names))
	case c.Bool("json"):
		err = writeJSON(e.stdout, hosts)
	case c.Bool("fold"):
		_, err = fmt.Fprintln(e.stdout, inventory.Fold(names))
	default:
		for _, name := range names {
			if _, err = fmt.Fprintln(e.stdout, name); err != nil {
				break
			}
		}
	}
	return err
}

func listGroups(e environment, c *cli.Context) error {
	inv, err := e.loadInventory(c.StringSlice("inventory"))
	if err != nil {
		return err
	}
	if inv == nil {
		return usage("name one with -i FILE", "there is no inventory")
	}
	for _, g := range inv.Groups() {
		members := inv.Members(g)
		if _, err := fmt.Fprintf(e.stdout, "@%s (%d) %s\n", g, len(members), inventory.Fold(members)); err != nil {
			return err
		}
	}
	return nil
}

func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		return usage(fmt.Sprintf("hosts are named with options: -w '%s'", c.Args().First()), "hail %s takes no argument %q", c.Command.Name, c.Args().First())
	}
	return nil
}
