package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

func showCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show a run again, or one host of it",
		ArgsUsage: "[RUN [HOST]]",
		Description: `RUN is an id, the beginning of one, last, or last~1 for the one before.

Examples:
  hail show last
  hail show last web03
  hail show last --merged
  hail show last~1 --output json`,
		Flags: append([]cli.Flag{runsDirFlag(), columnsFlag(),
			&cli.BoolFlag{Name: "merged", Category: "Output", Usage: "with the runs that did a part of it again, and what it did a part of: the last attempt at each host counts"},
			&cli.StringFlag{Name: "output", Category: "Output", Value: "gather", Usage: "`MODE`, what to show: gather, host, json, jsonl or none"},
		}, gatherFlags()...),
		Action: func(c *cli.Context) error { return show(e, c) },
	}
}

// runOfArgs opens the run that the first argument means, the last one if there is none.
func (e environment) runOfArgs(c *cli.Context) (*report.Run, error) {
	return e.findRun(c, cmp.Or(c.Args().First(), "last"))
}

// findRun opens the run that ref means.
func (e environment) findRun(c *cli.Context, ref string) (*report.Run, error) {
	r, err := report.Find(e.runsDir(c), ref)
	if errors.Is(err, report.ErrNoRun) {
		hint := "hail runs lists them"
		if last, e := report.Find(e.runsDir(c), "last"); e == nil && slices.Contains(inventory.Names(last.Plan.Hosts), ref) {
			hint = fmt.Sprintf("%s is a host of the last run: hail show last %s", ref, ref)
		}
		return nil, usage(hint, "%v", err)
	}
	return r, err
}

// summaryOf folds the run, or with --merged those that belong together, and says what can't be trusted or is not there yet.
func summaryOf(e environment, c *cli.Context, r *report.Run) (*report.Summary, report.Files, error) {
	if c.Bool("merged") {
		l, err := report.LineageOf(e.runsDir(c), r)
		if err != nil {
			return nil, nil, err
		}
		s, err := l.Summary()
		return s, l, err
	}
	s, err := r.Summary()
	if err != nil {
		return nil, nil, err
	}
	if n := r.Torn(); n > 0 && !r.Going() {
		fmt.Fprintf(e.stderr, "hail: the last %d bytes of the journal were not written whole and do not count\n", n)
	}
	return s, r, nil
}

// showModes are the ways to show a run that is over.
var showModes = []string{"gather", "host", "json", "jsonl", "none"}

func show(e environment, c *cli.Context) error {
	style, err := e.style(c, e.stdoutTerminal)
	if err != nil {
		return err
	}
	mode, err := oneOfThese(c, "output", showModes)
	if err != nil {
		return err
	}
	host := c.Args().Get(1)
	switch {
	case mode == "jsonl" && c.Bool("merged"):
		return usage("", "several runs together have no events in one order: jsonl is for one run")
	case host != "" && asJSON([]string{mode}) && !isApplied(c, "output"):
		return usage("hail show RUN --output json shows all hosts", "the log of a host is no JSON")
	}
	r, err := e.runOfArgs(c)
	if err != nil {
		return err
	}
	if c.Args().Len() > 2 {
		return usage("hail logs RUN -w EXPR shows several", "hail show takes a run and one host")
	}
	if mode == "jsonl" {
		if err := report.Formats[mode](e.stdout, &report.Report{Events: r.Events()}); err != nil {
			return err
		}
		return r.Err()
	}
	s, files, err := summaryOf(e, c, r)
	if err != nil {
		return err
	}
	table, err := columnsOf(c)
	if err != nil {
		return err
	}
	if host != "" {
		i, err := placeOf(s.Plan, host)
		if err != nil {
			return err
		}
		if before := s.Hosts[i].Before(); before != "" {
			if _, err := fmt.Fprintf(e.stdout, "# before  %s\n", before); err != nil {
				return err
			}
		}
		return writeLog(e.stdout, files, s.Plan.Hosts[i].Name)
	}
	switch {
	case mode == "json":
		return writeJSON(e.stdout, s)
	case table != nil:
		err = report.ColumnsTable(e.stdout, s, files, table, style)
	default:
		err = showHosts(e.stdout, mode, s, files, gathering(c), style)
	}
	if err != nil {
		return err
	}
	return report.Text(e.stdout, s, files, style)
}

// hostsOfRun are those hosts of a run that q means.
func (e environment) hostsOfRun(c *cli.Context, r *report.Run, q inventory.Query) ([]inventory.Host, error) {
	q.Of = "the run " + r.Plan.Run
	return inventory.Select(inventory.Of(r.Plan.Hosts), q, inventory.Lookups{File: inventory.ReadFile, Run: e.earlierRun(c)})
}

// placeOf is the place in the plan of the one host of this name.
func placeOf(p *runner.Plan, host string) (int, error) {
	if i := slices.Index(inventory.Names(p.Hosts), host); i >= 0 {
		return i, nil
	}
	hosts, err := inventory.Select(inventory.Of(p.Hosts), inventory.Query{Targets: []string{host}, Of: "the run " + p.Run}, inventory.Lookups{})
	if len(hosts) == 1 {
		return slices.Index(inventory.Names(p.Hosts), hosts[0].Name), nil
	}
	if err == nil {
		err = usage(fmt.Sprintf("hail logs %s -w %s shows several", p.Run, runner.Quote(host)), "one host is wanted, and %q is none of the run %s", host, p.Run)
	}
	return 0, err
}

// writeLog writes a host's log, made harmless for a terminal.
func writeLog(w io.Writer, r report.Files, host string) error {
	text, err := os.Open(r.LogPath(host))
	if errors.Is(err, os.ErrNotExist) {
		_, err := fmt.Fprintf(w, "# host    %s\n# it was never started\n", host)
		return err
	}
	if err != nil {
		return err
	}
	defer text.Close()
	return report.CleanCopy(w, text)
}

func logsCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "logs",
		Usage:     "print the logs of a run's hosts",
		ArgsUsage: "[RUN]",
		Description: `Without -w, the logs of all hosts, one after the other.

Examples:
  hail logs last -w web03
  hail logs last -w 'web[01-05],@db'
  hail logs last --follow
  hail logs 20261123-150405-k3f9 -a --raw | grep -c error`,
		Flags: []cli.Flag{runsDirFlag(),
			&cli.StringSliceFlag{Name: "target", Aliases: []string{"w"}, Category: "Hosts", Usage: "`EXPR` of hosts of the run"},
			&cli.StringSliceFlag{Name: "group", Aliases: []string{"g"}, Category: "Hosts", Usage: "`GROUP` of hosts of the run"},
			&cli.StringSliceFlag{Name: "exclude", Aliases: []string{"x"}, Category: "Hosts", Usage: "`EXPR` of hosts to leave out"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Category: "Hosts", Usage: "all hosts of the run"},
			&cli.BoolFlag{Name: "follow", Category: "Output", Usage: "what they print, line by line as it comes, until the run ends"},
			&cli.BoolFlag{Name: "raw", Category: "Output", Usage: "what the hosts printed on stdout, byte for byte"},
		},
		Action: func(c *cli.Context) error { return logs(e, c) },
	}
}

func logs(e environment, c *cli.Context) error {
	r, err := e.runOfArgs(c)
	if err != nil {
		return err
	}
	if c.Args().Len() > 1 {
		return usage(fmt.Sprintf("hail logs %s -w '%s'", c.Args().First(), c.Args().Get(1)), "hail logs takes one run")
	}
	q := inventory.Query{Targets: targetsOf(c), Exclude: c.StringSlice("exclude"), All: c.Bool("all")}
	if len(q.Targets) == 0 {
		q.All = true
	}
	hosts, err := e.hostsOfRun(c, r, q)
	if err != nil {
		return err
	}
	if c.Bool("follow") {
		if c.Bool("raw") {
			return usage("", "--follow and --raw don't go together")
		}
		return follow(e, r, hosts)
	}
	for _, h := range hosts {
		if c.Bool("raw") {
			err = copyOutput(e.stdout, r, h.Name)
		} else {
			err = writeLog(e.stdout, r, h.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow shows what the hosts of a run print, and how they end, until it has ended.
func follow(e environment, r *report.Run, hosts []inventory.Host) error {
	wanted := map[string]bool{}
	for _, h := range hosts {
		wanted[h.Name] = true
	}
	stream := &report.Stream{W: e.stdout, Files: r, Style: report.Style{Color: e.stdoutTerminal && e.getenv("NO_COLOR") == ""}}
	return e.untilSignal(func(ctx context.Context) error {
		for batch := range r.Follow(ctx) {
			batch = slices.DeleteFunc(slices.Clone(batch), func(ev runner.Event) bool { return ev.Host != "" && !wanted[ev.Host] })
			if err := stream.Events(batch); err != nil {
				return err
			}
			for i := range batch {
				if ev := &batch[i]; ev.Kind == runner.KindFinish {
					fmt.Fprintf(e.stderr, "hail: %s: %s\n", ev.Host, report.Ending(ev, r.Plan.DryRun))
				}
			}
		}
		return r.Err()
	})
}

// copyOutput writes what a host printed, byte for byte.
func copyOutput(w io.Writer, r report.Files, host string) error {
	f, err := r.Output(host, runner.Stdout)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
