package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"hail/report"
)

func rmCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "rm",
		Usage:     "remove the records of runs",
		ArgsUsage: "[RUN…]",
		Description: `Runs that repeat a part of another run are removed together with it. --older-than and --keep spare runs with a name,
and runs that have not ended.

Examples:
  hail rm last
  hail rm 20261123-150405-k3f9 nightly
  hail rm --older-than 30d
  hail rm --keep 50 --dry-run`,
		Flags: []cli.Flag{runsDirFlag(),
			&cli.StringFlag{Name: "older-than", Category: "Runs", Usage: "remove runs that began more than `TIME` ago: 30d"},
			&cli.IntFlag{Name: "keep", Category: "Runs", Usage: "remove all but the newest `N`"},
			&cli.BoolFlag{Name: "dry-run", Category: "Output", Usage: "list the runs, and remove nothing"}},
		Action: func(c *cli.Context) error { return removeRuns(e, c) },
	}
}

func removeRuns(e environment, c *cli.Context) error {
	dir := e.runsDir(c)
	ids, err := e.runsToRemove(c, dir)
	if err != nil {
		return err
	}
	remove, did, done := report.Remove, "removed", map[string]bool{}
	if c.Bool("dry-run") {
		remove, did = report.Family, "would remove"
	}
	var wrong error
	for _, id := range ids {
		if done[id] { // named twice, or as a part of another
			continue
		}
		removed, err := remove(dir, id)
		wrong = errors.Join(wrong, err)
		for _, id := range removed {
			if _, err := fmt.Fprintln(e.stdout, id); err != nil {
				return err
			}
			done[id] = true
		}
	}
	if len(done) > 0 || wrong == nil {
		fmt.Fprintf(e.stderr, "hail: %s %s\n", did, report.Plural(len(done), "run"))
	}
	if wrong != nil {
		return usage("", "%v", wrong)
	}
	return nil
}

// runsToRemove returns the ids of the runs that the arguments name, or that --older-than or --keep selects.
func (e environment) runsToRemove(c *cli.Context, dir string) (ids []string, err error) {
	age, err := duration(c, "older-than")
	if err != nil {
		return nil, err
	}
	if err := notNegative(c, "keep"); err != nil {
		return nil, err
	}
	ways := 0
	for _, asked := range []bool{c.NArg() > 0, c.IsSet("older-than"), c.IsSet("keep")} {
		if asked {
			ways++
		}
	}
	if ways != 1 {
		return nil, usage("hail rm last, hail rm --older-than 30d, hail rm --keep 50", "hail rm takes one of these: runs, --older-than or --keep")
	}
	if c.IsSet("keep") {
		return report.Old(dir, c.Int("keep"))
	}
	if c.IsSet("older-than") {
		all, err := report.List(dir)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(id string) bool { return e.olderThan(id, age) }); i >= 0 {
			return report.Old(dir, i)
		}
		return nil, nil
	}
	for _, ref := range c.Args().Slice() {
		id, err := report.IDOf(dir, ref)
		if err != nil {
			return nil, e.noRun(c, ref, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}
