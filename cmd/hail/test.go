package main

import (
	"context"
	"errors"
	"fmt"
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
	const category = "Checks"
	return &cli.Command{
		Name:      "test",
		Usage:     "check that hosts are as they should be",
		ArgsUsage: "CHECKS.yaml…",
		Description: `Checks files, services, processes, ports, packages, accounts, mounts, certificates and more, with nothing to install:
all checks made on a host take one round trip. docs/checks.md lists the checks; goss files are accepted, too; - reads
checks from standard input.
Each round of --watch is a run with a record of its own, and counts for --keep-runs.

Examples:
  hail test -a linux.yaml
  hail test -g web web.yaml --severity critical
  hail test -a linux.yaml --waivers waivers.yaml --compare last
  hail test -w web01 web.yaml --watch 2m
  hail test -w web01 --baseline > web.yaml`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{
			&cli.StringFlag{Name: "waivers", Category: category, Usage: "read from `FILE` what may fail, why, and until when"},
			&cli.StringSliceFlag{Name: "only", Category: category, Usage: "run only checks whose id matches one of these `GLOB`s, separated by commas"},
			&cli.StringSliceFlag{Name: "tags", Category: category, Usage: "`TAG`, run only checks with one of these tags, separated by commas"},
			&cli.StringFlag{Name: "severity", Category: category, Usage: "`WORD`, run only checks of at least this severity: minor, major or critical"},
			&cli.StringFlag{Name: "compare", Category: category, Usage: "show what has changed since `RUN`"},
			&cli.StringFlag{Name: "watch", Category: category, Usage: "test again until all pass, for at most `TIME`"},
			&cli.StringFlag{Name: "every", Category: category, Value: "10s", Usage: "wait `TIME` between two tests of --watch"},
			&cli.BoolFlag{Name: "baseline", Category: category, Usage: "write checks that describe the host as it is"},
			&cli.StringFlag{Name: "timeout", Category: category, Value: "60s", Usage: "allow `TIME` for the checks of one host (default: the most that they and their retries may need, but at least 60s)"},
			&cli.StringFlag{Name: "grace", Category: category, Value: "5s", Usage: "after telling a check to end, wait `TIME` before killing it"},
		}, becomeFlags(), connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			if c.Bool("baseline") {
				return baseline(e, c)
			}
			if c.IsSet("every") && !c.IsSet("watch") {
				return usage("", "--every is for --watch, which is not given")
			}
			suite, err := suiteOf(e, c)
			if err != nil {
				return err
			}
			before, err := compared(e, c)
			if err != nil {
				return err
			}
			return watch(e, c, func() error {
				return fanOut(e, c, func(inv *inventory.Inventory, hosts []inventory.Host) (job, error) {
					j, err := testJob(e, c, suite, inv, hosts)
					j.before = before
					return j, err
				})
			})
		},
	}
}

// suiteOf reads the files of checks, and keeps the checks that the options select.
func suiteOf(e environment, c *cli.Context) (*check.Suite, error) {
	if c.NArg() == 0 || slices.Contains(c.Args().Slice(), "") {
		if _, err := duration(c, "watch"); err != nil { // it may have taken the name of the file for its time
			return nil, err
		}
		return nil, usage("hail test -a linux.yaml", "no file of checks is given")
	}
	suite, err := check.Read(c.Args().Slice(), e.readFile(c, "the checks"))
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
		ids = append(ids, strings.Split(globs, ",")...) // not split at blanks, which an id may contain
	}
	if err := suite.Take(check.Choice{IDs: ids, Tags: tags, Severity: runner.Severity(severity)}); err != nil {
		return nil, err
	}
	return suite, nil
}

// timeoutFor returns the time that all checks of a host may need one after the other, plus the longest retry and the looks
// after it, so that a check that hangs takes no time from the next.
func timeoutFor(suite *check.Suite) inventory.Duration {
	looks, retry := time.Duration(0), time.Duration(0)
	for i := range suite.Checks {
		one := &suite.Checks[i]
		if one.Off {
			continue
		}
		looks += one.Limit()
		if again := one.Retry.Timeout.Value(); again > 0 {
			looks += one.Limit()
			retry = max(retry, again)
		}
	}
	const around = 15 * time.Second // to start, and to end a check that hangs
	return inventory.Duration(max(60*time.Second, looks+retry+around))
}

// testJob prepares the checks for the hosts, so that a mistake in a check for any host shows before any host is reached.
func testJob(e environment, c *cli.Context, suite *check.Suite, inv *inventory.Inventory, hosts []inventory.Host) (j job, err error) {
	planned, err := redacted(c, hosts)
	if err != nil {
		return j, err
	}
	choose := e.chooser(c, inv, hosts)
	if err := suite.Aim(planned, choose); err != nil {
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
	j.timeout, j.spec, j.what = timeoutFor(suite), suite.Spec(), "test with "+strings.Join(c.Args().Slice(), ", ")
	j.checks, j.fleet = suite.Listed()
	return j, nil
}

// compared reads the run of --compare; nil: there is none. It is read once: in the rounds of --watch, last would be
// another run each time, and an older one may be removed meanwhile.
func compared(e environment, c *cli.Context) (*report.Summary, error) {
	if !c.IsSet("compare") {
		return nil, nil
	}
	ref := c.String("compare")
	run, err := report.Find(e.runsDir(c), ref)
	if err != nil {
		return nil, wrongValue("compare", e.listsRuns(c), "%v", err)
	}
	e.remarkGoing(c, run)
	before, err := run.Summary()
	if err != nil {
		return nil, err
	}
	if before.Plan == nil || before.Plan.Action.Kind != runner.ActionCheck {
		return nil, wrongValue("compare", e.listsRuns(c), "%s is not a test", ref)
	}
	return before, nil
}

// watch repeats a test until it passes. The last round starts when the time of --watch is over; without it, there is one.
// When a round can't begin, the exit code is that of the one before: hosts have been touched.
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
	var before *exitError
	for {
		err := test()
		ended, ok := errors.AsType[*exitError](err)
		if err != nil && !ok && before != nil {
			inJSON, _ := c.App.Metadata[metaJSON].(bool)
			if code := tell(e.stderr, err, inJSON); code != exitUsage {
				return &exitError{code}
			}
			return before
		}
		if !ok || ended.code != exitFailed && ended.code != exitUnreachable || !e.now().Before(until) {
			return err
		}
		before = ended
		left := until.Sub(e.now())
		if err := e.untilNextLook(min(every.Value(), left), left); err != nil {
			return err
		}
	}
}

// untilNextLook says when the next look of --watch comes, also with --quiet, because that is what parts the results of two
// looks; then it waits for it. A signal ends the watch.
func (e environment) untilNextLook(next, last time.Duration) error {
	when := fmt.Sprintf("last look in %v", last.Round(time.Millisecond))
	if next < last {
		when = fmt.Sprintf("next look in %v, last one in %v", next, last.Round(time.Second))
	}
	fmt.Fprintf(e.stderr, "hail: %s: not all is well; %s\n", e.now().Format(time.TimeOnly), when)
	err := e.untilSignal(func(ctx context.Context) error {
		select {
		case <-ctx.Done():
		case <-time.After(next):
		}
		return nil
	})
	if err != nil {
		fmt.Fprintln(e.stderr, "hail: stopped before the next look")
	}
	return err
}
