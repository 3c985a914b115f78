package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// loadInventory reads the sources that were named, or the first one that is there by default; nil when there is none.
func (e environment) loadInventory(ctx context.Context, sources []string, around inventory.Surroundings) (*inventory.Inventory, error) {
	if len(sources) == 0 {
		if s := e.getenv("HAIL_INVENTORY"); s != "" {
			sources = []string{s}
		}
	}
	if len(sources) == 0 {
		if _, err := os.Stat(projectFile); err == nil {
			if err := ownedByUs(projectFile); err != nil {
				return nil, err
			}
			inv, err := inventory.Load(ctx, []string{projectFile}, around)
			if err != nil || len(inv.Hosts())+len(inv.Groups()) > 0 { // otherwise it has settings alone
				return inv, err
			}
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
	return inventory.Load(ctx, sources, around)
}

// around is what sources may need, with the ssh_config that -F names.
func (e environment) around(sshConfig string) inventory.Surroundings {
	return inventory.Surroundings{Stdin: e.stdin, Local: e.sshLocal(false, false), SSHConfig: e.sshConfigFiles(sshConfig)}
}

// inventoryOf reads the inventory that the options name, and tells what is to know about it. A signal ends it.
func (e environment) inventoryOf(c *cli.Context, around inventory.Surroundings) (*inventory.Inventory, error) {
	var loaded *inventory.Inventory
	err := e.untilSignal(func(ctx context.Context) (err error) {
		loaded, err = e.loadInventory(ctx, c.StringSlice("inventory"), around)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range loaded.Remarks() {
		e.remark(c, r)
	}
	return loaded, nil
}

// remark tells what is to know, and is no error.
func (e environment) remark(c *cli.Context, r *inventory.Error) {
	if c.Bool("quiet") {
		return
	}
	fmt.Fprintf(e.stderr, "hail: note: %v\n", r)
	if r.Hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", r.Hint)
	}
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

// selectHosts returns the hosts that the options mean, with the settings and vars of the command line put in: those go
// before everything else.
func (e environment) selectHosts(c *cli.Context) (*inventory.Inventory, []inventory.Host, error) {
	inv, err := e.inventoryOf(c, e.around(c.String("ssh-config")))
	if err != nil {
		return nil, nil, err
	}
	hosts, err := e.hostsOf(c, inv)
	return inv, hosts, err
}

// hostsOf is selectHosts with an inventory that is loaded.
func (e environment) hostsOf(c *cli.Context, inv *inventory.Inventory) ([]inventory.Host, error) {
	q, err := e.query(c)
	if err != nil {
		return nil, err
	}
	look := inventory.Lookups{File: inventory.ReadFile, Run: e.earlierRun(c), Remark: func(r *inventory.Error) { e.remark(c, r) }}
	hosts, err := inventory.Select(inv, q, look)
	if err != nil {
		return nil, err
	}
	if q.Narrow.Sample > 0 && !c.IsSet("seed") && !c.Bool("quiet") {
		fmt.Fprintf(e.stderr, "hail: a sample of %d, the same again with --seed %d\n", len(hosts), q.Narrow.Seed)
	}
	top, err := e.connectionOf(c)
	if err != nil {
		return nil, err
	}
	vars, err := varsOf(c)
	if err != nil {
		return nil, err
	}
	for i := range hosts {
		hosts[i].Connection = hosts[i].Connection.Overlay(top)
		if len(vars) > 0 {
			hosts[i].Vars = maps.Clone(hosts[i].Vars)
			if hosts[i].Vars == nil {
				hosts[i].Vars = map[string]any{}
			}
			maps.Copy(hosts[i].Vars, vars)
		}
	}
	return hosts, nil
}

// targetsOf are the target expressions, with groups as such.
func targetsOf(c *cli.Context) []string {
	targets := c.StringSlice("target")
	for _, g := range c.StringSlice("group") {
		targets = append(targets, "@"+g)
	}
	return targets
}

// query is what the options say of the hosts that are meant.
func (e environment) query(c *cli.Context) (q inventory.Query, err error) {
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
	case c.IsSet("one-per") && q.Narrow.OnePer == "":
		return q, wrongValue("one-per", "", "the name of a var is missing")
	case c.IsSet("seed") && q.Narrow.Sample == 0:
		return q, usage("", "--seed is for --sample, which is not asked for")
	case !c.IsSet("seed"):
		q.Narrow.Seed = uint64(rand.Uint32N(1_000_000)) // short, to be typed again
	}
	return q, nil
}

// earlierRun looks up the hosts of an earlier run, by how they ended.
func (e environment) earlierRun(c *cli.Context) func(id string, statuses []string) ([]string, error) {
	return func(id string, statuses []string) ([]string, error) {
		wanted := map[runner.Status]bool{}
		for _, s := range statuses {
			if !slices.Contains(runner.Statuses, runner.Status(s)) {
				return nil, unknownWord("a status", s, statusWords())
			}
			wanted[runner.Status(s)] = true
		}
		run, err := report.Find(e.runsDir(c), id)
		if err != nil {
			return nil, err
		}
		summary, err := run.Summary()
		if err != nil {
			return nil, err
		}
		var names []string
		for _, h := range summary.Hosts {
			if len(statuses) == 0 || wanted[h.Status] {
				names = append(names, h.Host)
			}
		}
		return names, nil
	}
}

func statusWords() (words []string) {
	for _, s := range runner.Statuses {
		words = append(words, string(s))
	}
	return words
}

// unknownWord is the error for a word that is none of some.
func unknownWord(what, word string, known []string) *inventory.Error {
	hint := cmp.Or(inventory.DidYouMean(word, known), "it is one of "+joinWords(known))
	return &inventory.Error{Text: fmt.Sprintf("%q is not %s", word, what), Hint: hint}
}
