package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/report"
	"hail/runner"
	"hail/runner/become"
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

// query is what the options say of the hosts that are meant.
func (e environment) query(c *cli.Context) (q inventory.Query, err error) {
	q = inventory.Query{
		Targets: c.StringSlice("target"),
		Ansible: c.StringSlice("ansible-pattern"),
		Exclude: c.StringSlice("exclude"),
		All:     c.Bool("all"),
		AnyHost: c.Bool("any-host"),
		Narrow:  inventory.Narrowing{OnePer: c.String("one-per"), Sample: c.Int("sample"), Seed: c.Uint64("seed"), Limit: c.Int("limit")},
	}
	for _, g := range c.StringSlice("group") {
		q.Targets = append(q.Targets, "@"+g)
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

// varsOf reads --set, whose values are written as in YAML: numbers and true are what they look like.
func varsOf(c *cli.Context) (map[string]any, error) {
	vars := map[string]any{}
	for _, text := range c.StringSlice("set") {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, wrongValue("set", "--set role=web", "%q is not VAR=VALUE", text)
		}
		vars[name] = inventory.ParseValue(value)
	}
	return vars, nil
}

// secretVars are the patterns of the vars that are never shown.
func secretVars(c *cli.Context) ([]string, error) {
	more := c.StringSlice("secret-vars")
	for _, p := range more {
		if _, err := path.Match(p, ""); err != nil {
			return nil, wrongValue("secret-vars", "", "%q is no pattern", p)
		}
	}
	return slices.Concat(inventory.SecretVars, more), nil
}

// recordedArgs is the command line without what --set gives to secret vars.
func recordedArgs(args []string, c *cli.Context, secret []string) []string {
	args = slices.Clone(args)
	for _, set := range c.StringSlice("set") {
		name, _, _ := strings.Cut(set, "=")
		if !isSecret(name, secret) {
			continue
		}
		for i, a := range args {
			if before, ok := strings.CutSuffix(a, set); ok && (before == "" || before == "--set=" || before == "-set=") {
				args[i] = before + name + "=" + inventory.Redacted
			}
		}
	}
	return args
}

func isSecret(name string, patterns []string) bool {
	return inventory.Host{Vars: map[string]any{name: ""}}.Redact(patterns).Vars[name] == inventory.Redacted
}

// connectionOf reads the connection options, those behind -o included: they all go before the inventory.
func (e environment) connectionOf(c *cli.Context) (inventory.Connection, error) {
	config, err := sshconfig.Load(nil, c.StringSlice("option"), e.sshLocal(false, false))
	if err != nil {
		return inventory.Connection{}, err
	}
	o, err := config.Lookup(c.Context, "", sshconfig.Given{})
	if err != nil {
		return inventory.Connection{}, err
	}
	top := inventory.Connection{
		User:           o.User,
		Port:           o.Port,
		Identity:       o.IdentityFile,
		Jump:           strings.Join(o.ProxyJump, ","),
		KnownHosts:     o.UserKnownHostsFile,
		HostKeyAlias:   o.HostKeyAlias,
		ConnectTimeout: inventory.Duration(o.ConnectTimeout),
	}
	err = readConnection(c, &top)
	return top, err
}

// readBecome reads --sudo and its kin.
func readBecome(c *cli.Context, top *inventory.Connection) error {
	asked := c.Bool("sudo") || c.IsSet("sudo-user") || c.Bool("doas")
	switch {
	case c.Bool("sudo") && c.Bool("doas"):
		return usage("", "--sudo and --doas don't go together")
	case c.Bool("doas") && (c.Bool("ask-sudo-pass") || c.IsSet("sudo-pass-command")):
		return usage("a rule with nopass in doas.conf needs none", "doas takes passwords on a terminal only")
	case c.IsSet("sudo-user"):
		if err := inventory.CheckUser(c.String("sudo-user")); err != nil {
			return wrongValue("sudo-user", "", "%v", err)
		}
	}
	if asked {
		top.Become, top.BecomeUser, top.BecomeMethod = &asked, c.String("sudo-user"), become.Sudo
	}
	if c.Bool("doas") {
		top.BecomeMethod = become.Doas
	}
	return nil
}

func readConnection(c *cli.Context, into *inventory.Connection) error {
	top := inventory.Connection{
		User:       c.String("user"),
		Port:       c.Int("port"),
		Identity:   c.StringSlice("identity"),
		Jump:       c.String("jump"),
		KnownHosts: c.StringSlice("known-hosts"),
	}
	if c.IsSet("user") {
		if err := inventory.CheckUser(top.User); err != nil {
			return wrongValue("user", "", "%v", err)
		}
	}
	if err := readBecome(c, &top); err != nil {
		return err
	}
	if c.IsSet("port") && (top.Port < 1 || top.Port > 65535) {
		return wrongValue("port", "", "%d is not a port (1 to 65535)", top.Port)
	}
	if c.IsSet("connect-timeout") {
		var err error
		if top.ConnectTimeout, err = duration(c, "connect-timeout"); err != nil {
			return err
		}
	}
	if _, err := oneOf(c, "host-keys"); err != nil {
		return err
	}
	if file := c.String("ssh-config"); file != "" && file != "none" {
		if _, err := os.Stat(file); err != nil {
			return usage("-F none does without ssh_config", "-F %s: there is no such file", file)
		}
	}
	*into = into.Overlay(top)
	return nil
}
