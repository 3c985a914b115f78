package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/report"
	"hail/runner/sshconn"
)

// explainHost prints every setting and var of one host and where it comes from, the effective value first.
func explainHost(e environment, c *cli.Context, name string) error {
	around := e.around(c.String("ssh-config"))
	around.Origins = true
	inv, err := e.inventoryOf(c, around)
	if err != nil {
		return err
	}
	hosts, err := inventory.Select(inv, inventory.Query{Targets: []string{name}, AnyHost: c.Bool("any-host")}, inventory.Lookups{})
	if err != nil {
		return err
	}
	if len(hosts) > 1 {
		return wrongValue("explain", "", "%q stands for %d hosts, not one", name, len(hosts))
	}
	e.remarkHosts(c, inv, hosts, true)
	x := explanation{said: map[string][]statement{}, adding: map[string]bool{}}
	if err := x.gather(e, c, inv, hosts[0]); err != nil {
		return err
	}
	secret, err := secretVars(c)
	if err != nil {
		return err
	}
	return writeLines(e.stdout, x.table(hosts[0], secret, e.outWidth()))
}

// explanation holds what is said about a host, by key, the effective value first.
type explanation struct {
	said    map[string][]statement
	adding  map[string]bool // keys to which ssh_config has said something, so that further lines add to it
	ignored []sshconfig.Origin
}

// statement is a value and where it comes from.
type statement struct {
	value any
	from  string
	adds  bool // adds to the statements before it, instead of being overridden by them
}

func (x *explanation) say(key string, value any, from string) {
	x.said[key] = append(x.said[key], statement{value, from, key == "options"})
}

// gather collects statements by falling precedence: the command line, the inventory, ssh_config, built-in values.
func (x *explanation) gather(e environment, c *cli.Context, inv *inventory.Inventory, h inventory.Host) error {
	top, err := e.connectionOf(c)
	if err != nil {
		return err
	}
	for _, s := range top.given.Settings() {
		x.say(s.Key, s.Value, cmp.Or(cameFrom(c, strings.ReplaceAll(s.Key, "_", "-")), "command line"))
	}
	if word := c.String("host-keys"); word != "" {
		x.say("stricthostkeychecking", word, cmp.Or(cameFrom(c, "host-keys"), "command line"))
	}
	x.sayOrigins(top.options)
	for _, o := range top.options {
		if o.Keyword == "proxycommand" {
			x.say("jump", "none", o.File)
		}
	}
	vars, err := varsOf(c)
	if err != nil {
		return err
	}
	for name, value := range vars {
		x.say("vars."+name, value, "--set")
	}
	for _, o := range slices.Backward(inv.Origins(h.Name)) {
		x.say(o.Key, o.Value, fmt.Sprintf("%s (%s)", o.Place, o.By))
	}
	h.Connection = top.over(h.Connection)
	local := e.sshLocal()
	local.AllowExec, local.AskSSH = c.Bool("allow-exec"), c.Bool("ask-ssh")
	if err := x.askSSHConfig(e, c, local, h, top.options); err != nil {
		return err
	}
	x.otherwise("address", h.Name, "the host's name")
	for _, s := range sshconn.Defaults(local).Settings() {
		x.otherwise(s.Key, s.Value, "built-in")
	}
	return nil
}

// otherwise adds a default for a key about which nothing has been said.
func (x *explanation) otherwise(key string, value any, from string) {
	if x.said[key] == nil {
		x.say(key, value, from)
	}
}

// sshConfigKeys maps keywords of ssh_config to keys. Other keywords are their own keys.
var sshConfigKeys = map[string]string{
	"hostname": "address", "user": "user", "port": "port", "identityfile": "identity", "proxyjump": "jump",
	"userknownhostsfile": "known_hosts", "hostkeyalias": "host_key_alias", "connecttimeout": "connect_timeout",
}

// askSSHConfig gathers what ssh_config says, except what has been said.
func (x *explanation) askSSHConfig(e environment, c *cli.Context, local sshconfig.Local, h inventory.Host, said []sshconfig.Origin) error {
	config, err := sshconfig.Load(e.sshConfigFiles(c.String("ssh-config")), c.StringSlice("option"), local)
	if err != nil {
		return err
	}
	name, given := sshconn.GivenTo(h)
	var origins []sshconfig.Origin
	err = e.untilSignal(func(ctx context.Context) (err error) {
		origins, err = config.Explain(ctx, name, given)
		return err
	})
	if err != nil {
		return err
	}
	x.sayOrigins(slices.DeleteFunc(origins, func(o sshconfig.Origin) bool {
		return slices.ContainsFunc(said, func(s sshconfig.Origin) bool { return s.Keyword == o.Keyword && s.Value == o.Value })
	}))
	return nil
}

func (x *explanation) sayOrigins(origins []sshconfig.Origin) {
	for _, o := range origins {
		key := sshConfigKeys[o.Keyword]
		switch {
		case !o.Used:
			x.ignored = append(x.ignored, o)
			continue
		case key == "":
			key = o.Keyword
		}
		x.said[key] = append(x.said[key], statement{o.Value, inventory.Place{File: o.File, Line: o.Line}.String(), x.adding[key]})
		x.adding[key] = true
	}
}

// table lays the explanation out as lines of at most width columns, 0 for no limit: the settings in their order, then the
// other keywords of ssh_config, then the vars.
func (x *explanation) table(h inventory.Host, secret []string, width int) []string {
	keys := inventory.ConnectionKeys()
	var others, vars []string
	for key := range x.said {
		switch {
		case strings.HasPrefix(key, "vars."):
			vars = append(vars, key)
		case !slices.Contains(keys, key):
			others = append(others, key)
		}
	}
	slices.Sort(others)
	slices.Sort(vars)
	rows := [][]string{{"SETTING", "VALUE", "FROM"}, {"name", h.Name, ""}}
	if len(h.Groups) > 0 {
		rows = append(rows, []string{"groups", strings.Join(h.Groups, " "), ""})
	}
	for _, key := range slices.Concat(keys, others, vars) {
		for i, s := range x.said[key] {
			label, from := key, s.from
			if i > 0 {
				label = ""
			}
			if i > 0 && !s.adds {
				from += ", overridden"
			}
			rows = append(rows, []string{label, shownValue(key, s.value, secret), from})
		}
	}
	for _, o := range x.ignored {
		rows = append(rows, []string{o.Keyword, o.Value, inventory.Place{File: o.File, Line: o.Line}.String() + ", no effect here"})
	}
	return report.FitTable(rows, width, 0)
}

// shownValue returns the text of a value, redacted if it is secret.
func shownValue(key string, value any, secret []string) string {
	if name, ok := strings.CutPrefix(key, "vars."); ok {
		if value = redactedVar(name, value, secret); value == nil {
			return "null"
		}
	}
	if list, ok := value.([]string); ok {
		return strings.Join(list, " ")
	}
	return inventory.ValueText(value)
}
