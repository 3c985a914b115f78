package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action/check"
)

func testCommand(e environment) *cli.Command {
	const c = "Checks"
	return &cli.Command{
		Name:      "test",
		Usage:     "check that hosts are as they should be",
		ArgsUsage: "CHECKS.yaml…",
		Description: `Files, services, processes, ports, packages, accounts, mounts, certificates and more, without anything to install: all that is
seen from a host is one round trip. docs/checks.md lists the checks. Files of goss are taken, too.
Each look of --watch is a run with a record of its own, so that it takes the place of older ones (--keep-runs).

Examples:
  hail test -a linux.yaml
  hail test -g web web.yaml --severity critical
  hail test -a linux.yaml --waivers waivers.yaml --compare last
  hail test -w web01 web.yaml --watch 2m
  hail test -w web01 --baseline > web.yaml`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{
			&cli.StringFlag{Name: "waivers", Category: c, Usage: "`FILE` of what may fail, why, and until when"},
			&cli.StringSliceFlag{Name: "only", Category: c, Usage: "checks with an id like one of these `GLOB`s, with commas between them"},
			&cli.StringSliceFlag{Name: "tags", Category: c, Usage: "checks with one of these tags (`TAG`), with commas between them"},
			&cli.StringFlag{Name: "severity", Category: c, Usage: "checks that are as bad as `WORD` at least: minor, major or critical"},
			&cli.StringFlag{Name: "compare", Category: c, Usage: "tell what has changed since this `RUN`"},
			&cli.StringFlag{Name: "watch", Category: c, Usage: "test again until all pass, for `TIME` at most"},
			&cli.StringFlag{Name: "every", Category: c, Value: "10s", Usage: "`TIME` between two tests of --watch"},
			&cli.BoolFlag{Name: "baseline", Category: c, Usage: "write checks that describe the host as it is"},
			&cli.StringFlag{Name: "timeout", Category: c, Value: "60s", Usage: "`TIME` for the checks of one host (default: what they and their retries need at most, and 60s at least)"},
			&cli.StringFlag{Name: "grace", Category: c, Value: "5s", Usage: "`TIME` between ending a check and killing it"},
		}, becomeFlags(), connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			if c.Bool("baseline") {
				return baseline(e, c)
			}
			if c.IsSet("every") && !c.IsSet("watch") {
				return usage("", "--every is for --watch, which is not asked for")
			}
			suite, err := suiteOf(c)
			if err != nil {
				return err
			}
			e.kept = &kept{passphrases: map[string]string{}} // for all rounds of --watch
			return watch(e, c, func() error {
				return fanOut(e, c, func(inv *inventory.Inventory, hosts []inventory.Host) (job, error) {
					return testJob(e, c, suite, inv, hosts)
				})
			})
		},
	}
}

// suiteOf reads the files of checks, and takes those that the options ask for.
func suiteOf(c *cli.Context) (*check.Suite, error) {
	if c.NArg() == 0 {
		return nil, usage("hail test -a linux.yaml", "there is no file of checks")
	}
	suite, err := check.Read(c.Args().Slice(), inventory.ReadFile)
	if err != nil {
		return nil, err
	}
	severity, err := oneOf(c, "severity")
	if err != nil {
		return nil, err
	}
	tags := wordsIn(c.StringSlice("tags")...)
	if c.IsSet("tags") && tags == nil {
		return nil, wrongValue("tags", "", "the name of a tag is missing")
	}
	var ids []string
	for _, globs := range c.StringSlice("only") {
		ids = append(ids, strings.Split(globs, ",")...) // and not at blanks, which an id may have
	}
	if err := suite.Take(check.Choice{IDs: ids, Tags: tags, Severity: runner.Severity(severity)}); err != nil {
		return nil, err
	}
	return suite, nil
}

// timeoutFor is the time that a host's checks may need one after the other, and the longest retry: one that hangs takes nothing from
// the next.
func timeoutFor(suite *check.Suite) inventory.Duration {
	looks, retry := time.Duration(0), time.Duration(0)
	for i := range suite.Checks {
		if one := &suite.Checks[i]; !one.Off {
			looks += one.Limit()
			retry = max(retry, one.Retry.Timeout.Value())
		}
	}
	const around = 15 * time.Second // to begin, and to end what hangs
	return inventory.Duration(max(60*time.Second, looks+retry+around))
}

// testJob prepares the checks for the hosts; what is wrong with one for any of them shows before any is reached.
func testJob(e environment, c *cli.Context, suite *check.Suite, inv *inventory.Inventory, hosts []inventory.Host) (j job, err error) {
	secret, err := secretVars(c)
	if err != nil {
		return j, err
	}
	bare := make([]inventory.Host, len(hosts)) // as the plan will have them
	for i, h := range hosts {
		bare[i] = h.Redact(secret)
	}
	choose := e.chooser(c, inv, hosts)
	if err := suite.Aim(bare, choose); err != nil {
		return j, err
	}
	if err := e.remarkIdle(c, choose, conditionsOf(suite.Checks)); err != nil {
		return j, err
	}
	if file := c.String("waivers"); file != "" {
		text, err := inventory.ReadFile(file)
		if err != nil {
			return j, wrongValue("waivers", "", "%v", err)
		}
		waivers, err := check.ReadWaivers(file, text)
		if err == nil {
			err = suite.Waive(waivers, hosts, choose, e.now())
		}
		if err != nil {
			return j, err
		}
	}
	if ref := c.String("compare"); ref != "" {
		before, err := report.Find(e.runsDir(c), ref)
		if err != nil {
			return j, wrongValue("compare", "hail runs lists them", "%v", err)
		}
		if j.before, err = before.Summary(); err != nil {
			return j, err
		}
	}
	j.timeout, j.spec, j.what = timeoutFor(suite), suite.Spec(), "test with "+strings.Join(c.Args().Slice(), ", ")
	j.checks, j.fleet = suite.Listed()
	return j, nil
}

// chooser says which of the hosts a target expression in a file means. It sees them as they are with what the command line says.
func (e environment) chooser(c *cli.Context, inv *inventory.Inventory, hosts []inventory.Host) func(expr string) (map[string]bool, error) {
	query := inventory.Query{MayBeEmpty: true, AnyHost: inv == nil}
	look := inventory.Lookups{File: inventory.ReadFile, Remark: func(r *inventory.Error) { e.remark(c, r) }}
	inv = inv.With(hosts)
	known := map[string]map[string]bool{}
	return func(expr string) (map[string]bool, error) {
		if known[expr] != nil {
			return known[expr], nil
		}
		query.Targets = []string{expr}
		chosen, err := inventory.Select(inv, query, look)
		if err != nil {
			return nil, err
		}
		meant, names := map[string]bool{}, map[string]bool{}
		for _, h := range chosen {
			meant[h.Name] = true
		}
		for _, h := range hosts {
			if meant[h.Name] {
				names[h.Name] = true
			}
		}
		known[expr] = names
		return names, nil
	}
}

// condition is a when, and what has it.
type condition struct {
	name, when string
	place      inventory.Place
}

func conditionsOf(checks []check.Check) (all []condition) {
	for _, one := range checks {
		all = append(all, condition{one.ID, one.When, one.Place})
	}
	return all
}

// remarkIdle names what is for none of the hosts by its when.
func (e environment) remarkIdle(c *cli.Context, choose func(expr string) (map[string]bool, error), all []condition) error {
	var idle []string
	for _, one := range all {
		if one.when == "" {
			continue
		}
		meant, err := choose(one.when)
		if err != nil {
			return inventory.OfExpression(one.place, "when", err)
		}
		if len(meant) == 0 {
			idle = append(idle, one.name)
		}
	}
	if idle != nil {
		e.remark(c, &inventory.Error{Text: "meant for none of the selected hosts: " + strings.Join(idle, ", ")})
	}
	return nil
}

// watch does a test until it passes, for the last time when the time of --watch is over.
func watch(e environment, c *cli.Context, test func() error) error {
	limit, err := duration(c, "watch")
	if err != nil {
		return err
	}
	every, err := duration(c, "every")
	if err != nil {
		return err
	}
	until := e.now().Add(limit.Value())
	for {
		err := test()
		var ended *exitError
		if !errors.As(err, &ended) || ended.code != exitFailed && ended.code != exitUnreachable || !e.now().Before(until) {
			return err
		}
		time.Sleep(min(every.Value(), until.Sub(e.now())))
	}
}
