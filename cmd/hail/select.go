package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"

	"hail/inventory"
)

// loadInventory reads the named sources, or else the first default one that exists; it returns nil when there is none.
func (e environment) loadInventory(ctx context.Context, sources []string, around inventory.Surroundings) (*inventory.Inventory, error) {
	if len(sources) > 0 {
		return inventory.Load(ctx, sources, around)
	}
	if _, err := os.Stat(projectFile); err == nil {
		if err := ownedByUs(projectFile, "to use it anyway, name it with -i "+projectFile); err != nil {
			return nil, err
		}
		inv, err := inventory.Load(ctx, []string{projectFile}, around)
		if err == nil {
			err = withoutOwnOnly(inv)
		}
		if err != nil || !inv.Empty() { // otherwise the file has only settings
			return inv, err
		}
	}
	mine := filepath.Join(e.configDir(), "inventory.yaml")
	if _, err := os.Stat(mine); err != nil {
		return nil, nil
	}
	return inventory.Load(ctx, []string{mine}, around)
}

// withoutOwnOnly checks the inventory in the current folder, which may just have been downloaded, for what its settings must
// not contain either.
func withoutOwnOnly(inv *inventory.Inventory) error {
	forbidden := func(c inventory.Connection) string {
		switch {
		case len(c.KnownHosts) > 0:
			return "known_hosts"
		case len(c.Options) > 0:
			return "options"
		}
		return ""
	}
	key := forbidden(inv.Base().Connection)
	for _, h := range inv.Hosts() {
		key = cmp.Or(key, forbidden(h.Connection))
	}
	if key != "" {
		return usage("to use it anyway, name it with -i "+projectFile,
			"%s: %s can't be set for hosts in the current folder: they could send secrets, overwrite files or weaken the checks of host keys", projectFile, key)
	}
	return nil
}

// around returns what sources of hosts may need, except for standard input; sshConfig is the value of -F.
func (e environment) around(sshConfig string) inventory.Surroundings {
	return inventory.Surroundings{Local: e.sshLocal(), SSHConfig: e.sshConfigFiles(sshConfig)}
}

// inventoryOf reads the inventory that the options name, perhaps from standard input. A signal interrupts it.
func (e environment) inventoryOf(c *cli.Context, around inventory.Surroundings) (*inventory.Inventory, error) {
	var loaded *inventory.Inventory
	around.Stdin = e.stdinOf(c, "hosts")
	err := e.untilSignal(func(ctx context.Context) (err error) {
		loaded, err = e.loadInventory(ctx, c.StringSlice("inventory"), around)
		return err
	})
	if err != nil {
		return nil, withSourceOrigin(c, err)
	}
	return loaded, nil
}

// ownedByUs checks a file that is read only because it is in the current folder: it is an error if anyone but the user and
// root could have put it there.
func ownedByUs(path, hint string) error {
	others, err := othersWrite(path)
	if others {
		return usage(hint, "%s in the current folder is not trusted: others may write there", path)
	}
	return err
}

// othersWrite reports whether anyone but the user and root may write to a file or its folder.
func othersWrite(path string) (bool, error) {
	for _, p := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		if err != nil {
			return false, err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if ok && (st.Uid != uint32(os.Geteuid()) && st.Uid != 0 || info.Mode().Perm()&0o022 != 0) {
			return true, nil
		}
	}
	return false, nil
}

// selectHosts returns the inventory and the hosts that the options select. The settings and vars of the command line are put
// into the hosts, and override all others.
func (e environment) selectHosts(c *cli.Context) (*inventory.Inventory, []inventory.Host, error) {
	inv, err := e.inventoryOf(c, e.around(c.String("ssh-config")))
	if err != nil {
		return nil, nil, err
	}
	q, err := e.queryOf(c)
	if err != nil {
		return nil, nil, err
	}
	look := inventory.Lookups{File: e.readFile(c, "hosts"), Run: e.earlierRun(c), Remark: func(r *inventory.Error) { e.remark(c, r) }}
	hosts, err := inventory.Select(inv, q, look)
	if err != nil {
		return nil, nil, err
	}
	if q.Narrow.Sample > 0 && !c.IsSet("seed") && !c.Bool("quiet") {
		fmt.Fprintf(e.stderr, "hail: a sample of %d; --seed %d draws the same again\n", len(hosts), q.Narrow.Seed)
	}
	return inv, hosts, e.overrideHosts(c, hosts)
}

// overrideHosts puts the settings and vars of the command line into the hosts.
func (e environment) overrideHosts(c *cli.Context, hosts []inventory.Host) error {
	top, err := e.connectionOf(c)
	if err != nil {
		return err
	}
	vars, err := varsOf(c)
	if err != nil {
		return err
	}
	for i := range hosts {
		hosts[i].Connection = top.over(hosts[i].Connection)
		if len(vars) > 0 {
			hosts[i].Vars = maps.Clone(hosts[i].Vars)
			if hosts[i].Vars == nil {
				hosts[i].Vars = map[string]any{}
			}
			maps.Copy(hosts[i].Vars, vars)
		}
	}
	return nil
}

// targetsOf returns the target expressions, with --group as @GROUP.
func targetsOf(c *cli.Context) []string {
	targets := c.StringSlice("target")
	for _, g := range c.StringSlice("group") {
		targets = append(targets, "@"+g)
	}
	return targets
}

// queryOf returns the selection of hosts that the options describe.
func (e environment) queryOf(c *cli.Context) (q inventory.Query, err error) {
	q = inventory.Query{
		Targets: targetsOf(c),
		Ansible: c.StringSlice("ansible-pattern"),
		Exclude: c.StringSlice("exclude"),
		All:     c.Bool("all"),
		AnyHost: c.Bool("any-host"),
		Narrow:  inventory.Narrowing{OnePer: c.String("one-per"), Sample: c.Int("sample"), Seed: c.Uint64("seed"), Limit: c.Int("limit")},
	}
	if err := positive(c, "sample", "limit"); err != nil {
		return q, err
	}
	if c.IsSet("shard") {
		if q.Narrow.Shard, err = inventory.ParseShard(c.String("shard")); err != nil {
			return q, wrongValue("shard", "", "%v", err)
		}
	}
	switch {
	case q.All && len(q.Targets)+len(q.Ansible) > 0: // for clush that is all, for pdsh what -w leaves of it
		return q, usage("leave out -a to take only those, or leave out the others to take all", "-a takes every host, and so does not go together with -w, -g or --ansible-pattern")
	case c.IsSet("one-per") && q.Narrow.OnePer == "":
		return q, wrongValue("one-per", "", "the name of a var is missing")
	case c.IsSet("seed") && q.Narrow.Sample == 0:
		return q, usage("", "--seed is for --sample, which is not given")
	case !c.IsSet("seed"):
		q.Narrow.Seed = e.seed
	}
	return q, nil
}
