package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
)

func hostsCommand(e environment) *cli.Command {
	const out = "Output"
	return &cli.Command{
		Name:  "hosts",
		Usage: "list the selected hosts, without connecting to them",
		Description: `Examples:
  hail hosts -a --fold                  the whole inventory, folded
  hail hosts -w '@prod!role=db' --columns name,address,role
  hail hosts -w run:last/failed         where the last run failed
  hail hosts -i hosts.ini --groups      the groups and their hosts
  hail hosts -a --group-by rack         which hosts share a value
  hail hosts --explain web07            every setting, and where it comes from`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "fold", Category: out, Usage: "print the names folded: web[01-20]"},
			&cli.BoolFlag{Name: "count", Category: out, Usage: "print only how many there are"},
			&cli.BoolFlag{Name: "groups", Category: out, Usage: "list the groups of the inventory instead"},
			&cli.StringFlag{Name: "group-by", Category: out, Usage: "list the hosts folded, by their values of `VAR`"},
			&cli.StringFlag{Name: "columns", Category: out, Usage: "print a table of the columns `A,B`: name, address, user, port, group or any var"},
			&cli.BoolFlag{Name: "json", Category: out, Usage: "print hosts as JSON, with settings, groups and vars"},
			&cli.BoolFlag{Name: "csv", Category: out, Usage: "print the same as CSV; with --columns, only these"},
			&cli.StringFlag{Name: "explain", Category: out, Usage: "show every setting and var of `HOST`, and where it comes from"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: out, Usage: "show no remarks"},
			runsDirFlag(),
		}, connectionFlags()),
		Action: func(c *cli.Context) error { return listHosts(e, c) },
	}
}

func listHosts(e environment, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	for _, form := range []string{"csv", "columns"} { // these two go together
		if err := onlyOne(c, "fold", "count", "groups", "group-by", "json", form, "explain"); err != nil {
			return err
		}
	}
	for _, name := range []string{"columns", "group-by"} {
		if c.IsSet(name) && namesIn(c.String(name)) == nil {
			return wrongValue(name, "", "the name of a var is missing")
		}
	}
	for _, name := range []string{"all", "target", "group", "exclude", "ansible-pattern", "one-per", "shard", "sample", "limit"} {
		switch {
		case !c.IsSet(name):
		case c.Bool("groups") && name != "all":
			return usage("--group-by group lists selected hosts by their groups", "--groups lists the whole inventory, and --%s selects a part of it", name)
		case c.IsSet("explain"):
			return usage("", "--explain names its host itself, and --%s selects others", name)
		}
	}
	switch {
	case c.Bool("groups"):
		return listGroups(e, c)
	case c.IsSet("explain"):
		return explainHost(e, c, c.String("explain"))
	}
	inv, hosts, err := e.selectHosts(c)
	if err != nil {
		return err
	}
	e.remarkHosts(c, inv, hosts, true)
	if err := knownVars(c, inv, hosts); err != nil {
		return err
	}
	if hosts, err = redacted(c, hosts); err != nil {
		return err
	}
	switch {
	case c.Bool("count"):
		_, err = fmt.Fprintln(e.stdout, len(hosts))
	case c.Bool("json"):
		err = writeJSON(e.stdout, hosts)
	case c.Bool("csv"):
		var text bytes.Buffer
		if err = writeCSV(&text, hosts, columns(c, hosts)); err == nil {
			err = e.writeShown(text.Bytes())
		}
	case c.IsSet("columns"):
		err = writeColumns(e.stdout, hosts, columns(c, hosts))
	case c.IsSet("group-by"):
		err = groupBy(e.stdout, hosts, c.String("group-by"))
	case c.Bool("fold"):
		_, err = fmt.Fprintln(e.stdout, inventory.Fold(inventory.Names(hosts)))
	default:
		err = writeLines(e.stdout, inventory.Names(hosts))
	}
	return err
}

// onlyOne returns an error when more than one of these options is given.
func onlyOne(c *cli.Context, names ...string) error {
	var set []string
	for _, name := range names {
		if c.IsSet(name) {
			set = append(set, "--"+name)
		}
	}
	if len(set) > 1 {
		return usage("", "%s and %s don't go together", set[0], set[1])
	}
	return nil
}

// knownVars returns an error when --columns or --group-by names a var that no host of the inventory has and no --set sets. The
// selected hosts need not have it.
func knownVars(c *cli.Context, inv *inventory.Inventory, hosts []inventory.Host) error {
	for _, option := range []string{"columns", "group-by"} {
		for _, name := range namesIn(c.String(option)) {
			err := inv.CheckAttribute(name)
			if err == nil || slices.ContainsFunc(hosts, func(h inventory.Host) bool { return inventory.Attribute(h, name) != "" }) {
				continue
			}
			return fmt.Errorf("--%s: %w", option, err)
		}
	}
	return nil
}

// columns returns the columns of --columns, or else one for everything that is known about the hosts.
func columns(c *cli.Context, hosts []inventory.Host) []string {
	if c.IsSet("columns") {
		return namesIn(c.String("columns"))
	}
	vars, used := map[string]bool{}, map[string]bool{}
	for _, h := range hosts {
		for name := range h.Vars {
			vars[name] = true
		}
		for _, s := range h.Connection.Settings() {
			used[s.Key] = s.Key != "options" // options do not fit into a cell
		}
	}
	all := []string{"name", "address", "user", "port"}
	for _, key := range inventory.ConnectionKeys() {
		if used[key] && !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	all = append(all, "groups")
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if name == "name" || name == "group" || name == "groups" || slices.Contains(inventory.ConnectionKeys(), name) {
			name = "vars." + name // alone, it means something else
		}
		all = append(all, name)
	}
	return all
}

// writeShown writes text to stdout: harmless to a terminal, and as it is to anything else, which may read it again.
func (e environment) writeShown(text []byte) error {
	if e.stdoutTerminal {
		text = report.Clean(nil, text)
	}
	_, err := e.stdout.Write(text)
	return err
}

// writeCSV writes a table that is a source of hosts again: hail hosts -a --csv | hail hosts -i csv:- -a.
func writeCSV(w io.Writer, hosts []inventory.Host, columns []string) error {
	out := csv.NewWriter(w)
	rows := [][]string{columns}
	keys := inventory.ConnectionKeys()
	for _, h := range hosts {
		settings := map[string]any{}
		for _, s := range h.Connection.Settings() {
			settings[s.Key] = s.Value
		}
		row := make([]string, len(columns))
		for i, name := range columns {
			row[i] = inventory.Attribute(h, name)
			if slices.Contains(keys, name) { // not a var of that name; empty if ssh_config decides
				row[i] = cell(settings[name])
			}
		}
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}

// cell writes the value of a setting. Of a list, a cell holds only the first.
func cell(value any) string {
	if list, ok := value.([]string); ok {
		return strings.Join(list[:min(1, len(list))], "")
	}
	return inventory.ValueText(value)
}

func writeColumns(w io.Writer, hosts []inventory.Host, columns []string) error {
	rows := [][]string{make([]string, len(columns))}
	for i, name := range columns {
		rows[0][i] = strings.ToUpper(name)
	}
	for _, h := range hosts {
		row := make([]string, len(columns))
		for i, name := range columns {
			row[i] = inventory.Attribute(h, name)
		}
		rows = append(rows, row)
	}
	return writeLines(w, report.Table(rows))
}

// groupBy writes the hosts, folded, for each value of a var, the values in order of appearance.
func groupBy(w io.Writer, hosts []inventory.Host, name string) error {
	values := make([]string, len(hosts))
	for i, h := range hosts {
		values[i] = inventory.Attribute(h, name)
	}
	for value, members := range byKey(inventory.Names(hosts), values) {
		label := name + "=" + value
		if value == "" {
			label = "no " + name
		}
		if _, err := fmt.Fprintf(w, "%s (%d) %s\n", report.Clean(nil, []byte(label)), len(members), inventory.Fold(members)); err != nil {
			return err
		}
	}
	return nil
}

// byKey yields each key with the names that have it, in order of appearance. keys[i] is the key of names[i].
func byKey[K comparable](names []string, keys []K) iter.Seq2[K, []string] {
	return func(yield func(K, []string) bool) {
		members := map[K][]string{}
		var order []K
		for i, k := range keys {
			if members[k] == nil {
				order = append(order, k)
			}
			members[k] = append(members[k], names[i])
		}
		for _, k := range order {
			if !yield(k, members[k]) {
				return
			}
		}
	}
}

func listGroups(e environment, c *cli.Context) error {
	inv, err := e.inventoryOf(c, e.around(c.String("ssh-config")))
	if err != nil {
		return err
	}
	if inv == nil {
		return usage("name one with -i FILE", "there is no inventory")
	}
	e.remarkHosts(c, inv, inv.Hosts(), true)
	for _, g := range inv.Groups() {
		members := inv.Members(g)
		if _, err := fmt.Fprintf(e.stdout, "@%s (%d) %s\n", g, len(members), inventory.Fold(members)); err != nil {
			return err
		}
	}
	return nil
}
