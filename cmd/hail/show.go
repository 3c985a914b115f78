package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"hail/report"
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
  hail show last --output stream | grep -i error
  hail show last~1 --output json`,
		Flags: append([]cli.Flag{runsDirFlag(), columnsFlag(),
			mergedFlag(),
			&cli.StringFlag{Name: "output", Category: "Output", Value: "gather", Usage: "`MODE`, what to show: gather, stream, host, json, jsonl or none"},
		}, gatherFlags()...),
		Action: func(c *cli.Context) error { return show(e, c) },
	}
}

// stream shows what the hosts of a run printed, in the order in which it came.
func stream(e environment, r *report.Run, style report.Style) error {
	going := r.Going() // first: it may end while it is read
	s := &report.Stream{W: e.stdout, Files: r, Style: style}
	for batch := range r.Events() {
		if err := s.Events(batch); err != nil {
			return err
		}
	}
	if err := cmp.Or(s.Close(), r.Err()); err != nil {
		return err
	}
	if going {
		fmt.Fprintf(e.stderr, "hail: %s is still running: hail logs %[1]s --follow shows what comes, too\n", r.Plan.Run)
	} else {
		e.sayTorn(r)
	}
	return nil
}

func mergedFlag() cli.Flag {
	return &cli.BoolFlag{Name: "merged", Category: "Output", Usage: "include the run that this one repeats, and those that repeat it; the last attempt at each host counts"}
}

func show(e environment, c *cli.Context) error {
	style, err := e.style(c, e.stdoutTerminal)
	if err != nil {
		return err
	}
	host := c.Args().Get(1)
	m, err := showMode(c, host)
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
	if m.name == streamMode.name && host == "" && !c.IsSet("columns") {
		return stream(e, r, style)
	}
	if m.name == jsonlMode.name { // needs no summary: of a damaged journal, it shows what comes before the damage
		if err := report.Formats[m.name](e.stdout, &report.Report{Events: r.Events()}); err != nil {
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
	if m.reader != program && host == "" {
		e.sayWhich(r, s)
	}
	switch {
	case host != "":
		return showHost(e.stdout, s, files, host)
	case table != nil && m.reader != program:
		err = report.ColumnsTable(e.stdout, s, files, table, style)
	default:
		err = modes{m}.showEnd(e.stdout, shown{&report.Report{Summary: s, What: r.What, Files: files, Columns: table}, gathering(c), style})
	}
	if err != nil || m.reader == program {
		return err
	}
	return report.Text(e.stdout, s, files, style)
}

// sayWhich says which run is shown, in the words that announced it: last may be another than one thinks.
func (e environment) sayWhich(r *report.Run, s *report.Summary) {
	rest := ""
	if len(s.Plan.Hosts) > 1 {
		rest = fmt.Sprintf(" (%d)", len(s.Plan.Hosts))
	}
	if begun, err := report.Started(r.Plan.Run); err == nil {
		if when := ago(e.now().Sub(begun)); when != "" {
			rest += ", " + when
		}
	}
	style := report.Style{}
	if e.stderrTerminal {
		style.Width = e.width()
	}
	fmt.Fprintln(e.stderr, style.Doing("hail: "+report.Brief(r.What), s.Plan, rest))
}

// showMode returns what to show. A setting that asks for what only a run can show, or all hosts of one run, gives way.
func showMode(c *cli.Context, host string) (mode, error) {
	m, err := showModes.named(c.String("output"))
	switch {
	case err != nil:
	case m.name == streamMode.name && !isGiven(c, "output"):
		return gatherMode, nil
	case slices.Contains([]string{streamMode.name, jsonlMode.name}, m.name) && c.Bool("merged"):
		err = usage("", "the events of --merged runs have no common order: %s is for one run", m.name)
	case m.reader == program && host != "":
		err = usage("hail show RUN --output json shows all hosts", "the log of a host is not JSON")
	}
	if err != nil && !isGiven(c, "output") {
		return gatherMode, nil
	}
	return m, err
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
