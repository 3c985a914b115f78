package main

import (
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
		Description: `RUN is an id, the beginning of one, a name, last (the default), or last~1 for the one before.

Examples:
  hail show last
  hail show last web03
  hail show last --merged
  hail show last~1 --output json`,
		Flags: append([]cli.Flag{runsDirFlag(), columnsFlag(),
			mergedFlag(),
			&cli.StringFlag{Name: "output", Category: "Output", Value: "gather", Usage: "`MODE`, what to show: gather, host, json, jsonl or none"},
		}, gatherFlags()...),
		Action: func(c *cli.Context) error { return show(e, c) },
	}
}

func mergedFlag() cli.Flag {
	return &cli.BoolFlag{Name: "merged", Category: "Output", Usage: "include the run that this one repeats, and those that repeat it; the last attempt at each host counts"}
}

// runOfArgs opens the run that the first argument names, or the last run if there is no argument.
func (e environment) runOfArgs(c *cli.Context) (*report.Run, error) {
	if c.NArg() == 0 {
		return e.findRun(c, "last")
	}
	return e.findRun(c, c.Args().First()) // an empty one, as from an unset shell variable, is no run
}

// findRun opens the run that ref names.
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

// summaryOf returns the summary and the files of a run or, with --merged, of all runs that belong together. It prints a note
// when the end of the journal is damaged.
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
		fmt.Fprintf(e.stderr, "hail: the journal ends with an incomplete entry of %s, which is ignored\n", report.Plural(n, "byte"))
	}
	return s, r, nil
}

// showModes are the values of --output for a recorded run.
var showModes = []string{"gather", "host", "json", "jsonl", "none"}

func show(e environment, c *cli.Context) error {
	style, err := e.style(c, e.stdoutTerminal)
	if err != nil {
		return err
	}
	host := c.Args().Get(1)
	mode, err := showMode(c, host)
	if err != nil {
		return err
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
	switch {
	case host != "":
		return showHost(e.stdout, s, files, host)
	case mode == "json":
		return writeJSON(e.stdout, s)
	case table != nil:
		err = report.ColumnsTable(e.stdout, s, files, table, style)
	default:
		err = errors.Join(showHosts(e.stdout, mode, s, files, gathering(c), style), showReach(e.stdout, []string{mode}, s, style))
	}
	if err != nil {
		return err
	}
	return report.Text(e.stdout, s, files, style)
}

// showMode returns what to show. A setting that asks for what only a run can show, or all hosts of one run, gives way.
func showMode(c *cli.Context, host string) (string, error) {
	mode := c.String("output")
	var err error
	switch {
	case !slices.Contains(showModes, mode):
		err = notKnown("output", mode, showModes)
	case mode == "jsonl" && c.Bool("merged"):
		err = usage("", "the events of --merged runs have no common order: jsonl is for one run")
	case asJSON([]string{mode}) && host != "":
		err = usage("hail show RUN --output json shows all hosts", "the log of a host is not JSON")
	}
	if err != nil && !isGiven(c, "output") {
		return showModes[0], nil
	}
	return mode, err
}

// showHost shows the log of one host.
func showHost(w io.Writer, s *report.Summary, files report.Files, host string) error {
	i, err := placeOf(s.Plan, host)
	if err != nil {
		return err
	}
	if before := s.Hosts[i].Before(); before != "" {
		if _, err := fmt.Fprintf(w, "# before  %s\n", before); err != nil {
			return err
		}
	}
	return writeLog(w, files, s.Plan.Hosts[i].Name, &s.Hosts[i])
}

// hostsOfRun returns the hosts of a run that q selects.
func (e environment) hostsOfRun(c *cli.Context, r *report.Run, q inventory.Query) ([]inventory.Host, error) {
	q.Of = "the run " + r.Plan.Run
	return inventory.Select(inventory.Of(r.Plan.Hosts), q, inventory.Lookups{File: inventory.ReadFile, Run: e.earlierRun(c)})
}

// placeOf returns the index in the plan of the host with this name, or that this expression selects alone.
func placeOf(p *runner.Plan, host string) (int, error) {
	if i := slices.Index(inventory.Names(p.Hosts), host); i >= 0 {
		return i, nil
	}
	hosts, err := inventory.Select(inventory.Of(p.Hosts), inventory.Query{Targets: []string{host}, Of: "the run " + p.Run}, inventory.Lookups{})
	if len(hosts) == 1 {
		return slices.Index(inventory.Names(p.Hosts), hosts[0].Name), nil
	}
	if err == nil {
		err = usage(fmt.Sprintf("hail logs %s -w %s shows several", p.Run, runner.Quote(host)), "%q is not one host of the run %s", host, p.Run)
	}
	return 0, err
}

// writeLog writes a host's log, with control characters made harmless. If the log does not say how the host ended, as for a
// host that was never started, a line after it does. A result of nil is unknown.
func writeLog(w io.Writer, files report.Files, host string, result *report.Result) error {
	text, err := os.Open(files.LogPath(host))
	logged := err == nil
	switch {
	case logged:
		defer text.Close()
		err = report.CleanCopy(w, text)
	case errors.Is(err, os.ErrNotExist):
		_, err = fmt.Fprintf(w, "# host    %s\n", host)
	}
	if err == nil && result != nil && (!logged || result.Ended.IsZero()) {
		_, err = fmt.Fprintf(w, "# status  %s\n", result.Said())
	}
	return err
}

func logsCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "logs",
		Usage:     "print the logs of a run's hosts",
		ArgsUsage: "[RUN]",
		Description: `Without -w, prints the logs of all hosts, one after the other.

Examples:
  hail logs last -w web03
  hail logs last -w 'web[01-05],@db'
  hail logs last --follow
  hail logs 20261123-150405-k3f9 -a --raw | grep -c error`,
		Flags: []cli.Flag{runsDirFlag(),
			&cli.StringSliceFlag{Name: "target", Aliases: []string{"w"}, Category: "Hosts", Usage: "select hosts of the run by `EXPR`"},
			&cli.StringSliceFlag{Name: "group", Aliases: []string{"g"}, Category: "Hosts", Usage: "select the hosts of `GROUP`"},
			&cli.StringSliceFlag{Name: "exclude", Aliases: []string{"x"}, Category: "Hosts", Usage: "leave out the hosts of `EXPR`"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Category: "Hosts", Usage: "select all hosts of the run"},
			&cli.BoolFlag{Name: "follow", Category: "Output", Usage: "show what they print, line by line as it arrives, until the run ends"},
			&cli.BoolFlag{Name: "raw", Category: "Output", Usage: "print what the hosts wrote to stdout, byte for byte"},
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
		style, err := e.style(c, e.stdoutTerminal)
		if err != nil {
			return err
		}
		return follow(e, r, hosts, style)
	}
	s, damaged := r.Summary()
	if damaged != nil {
		s = &report.Summary{} // the logs can be read all the same
	}
	for _, h := range hosts {
		if c.Bool("raw") {
			err = copyOutput(e.stdout, r, h.Name)
		} else {
			err = writeLog(e.stdout, r, h.Name, s.Result(h.Name))
		}
		if err != nil {
			return err
		}
	}
	return damaged
}

// follow shows what the hosts of a run print, and how they end, until the run ends or a signal arrives.
func follow(e environment, r *report.Run, hosts []inventory.Host, style report.Style) error {
	wanted := map[string]bool{}
	for _, h := range hosts {
		wanted[h.Name] = true
	}
	stream := &report.Stream{W: e.stdout, Files: r, Style: style}
	return e.untilSignal(func(ctx context.Context) error {
		for batch := range r.Follow(ctx) {
			batch = slices.DeleteFunc(slices.Clone(batch), func(ev runner.Event) bool { return ev.Host != "" && !wanted[ev.Host] })
			if err := stream.Events(batch); err != nil {
				return err
			}
			for i := range batch {
				if ev := &batch[i]; ev.Kind == runner.KindFinish {
					fmt.Fprintf(e.stderr, "hail: %s: %s\n", ev.Host, report.Ending(ev, r.Plan.DryRun))
					delete(wanted, ev.Host)
				}
			}
		}
		if err := r.Err(); err != nil || ctx.Err() != nil || len(wanted) == 0 {
			return err
		}
		s, err := r.Summary()
		for _, h := range hosts {
			if wanted[h.Name] { // hail was killed before it had an end
				fmt.Fprintf(e.stderr, "hail: %s: %s\n", h.Name, s.Result(h.Name).Said())
			}
		}
		return err
	})
}

// copyOutput writes what a host printed on stdout, byte for byte.
func copyOutput(w io.Writer, r report.Files, host string) error {
	f, err := r.Output(host, runner.Stdout)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
