package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

func runsCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "runs",
		Usage: "list the runs on record",
		Description: `Examples:
  hail runs
  hail runs --json`,
		Flags:  []cli.Flag{runsDirFlag(), &cli.BoolFlag{Name: "json", Category: "Output", Usage: "as JSON"}},
		Action: func(c *cli.Context) error { return listRuns(e, c) },
	}
}

// runLine is a run in the list.
type runLine struct {
	Run    string                `json:"run"`
	Name   string                `json:"name,omitempty"`
	What   string                `json:"what"`
	Hosts  int                   `json:"hosts"`
	Going  bool                  `json:"going,omitempty"`
	Counts map[runner.Status]int `json:"counts"`
	Error  string                `json:"error,omitempty"`
}

func listRuns(e environment, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	dir := e.runsDir(c)
	ids, err := report.List(dir)
	if err != nil {
		return err
	}
	lines := []runLine{}
	for _, id := range ids {
		lines = append(lines, describeRun(dir+"/"+id, id))
	}
	if c.Bool("json") {
		return writeJSON(e.stdout, lines)
	}
	if len(lines) == 0 {
		fmt.Fprintf(e.stderr, "hail: there are no runs in %s\n", dir)
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(e.stdout, l.text()); err != nil {
			return err
		}
	}
	return nil
}

func describeRun(path, id string) runLine {
	r, err := report.Open(path)
	if err != nil {
		return runLine{Run: id, Error: err.Error()}
	}
	s, err := r.Summary()
	l := runLine{Run: id, Name: r.Plan.Name, What: r.What, Hosts: len(r.Plan.Hosts), Going: r.Going(), Counts: s.Counts}
	if err != nil {
		l.Error = err.Error()
	}
	return l
}

func (l runLine) text() string {
	text := fmt.Sprintf("%s  %d hosts", l.Run, l.Hosts)
	sep := ": "
	for _, s := range runner.Statuses {
		if n := l.Counts[s]; n > 0 {
			text += fmt.Sprintf("%s%d %s", sep, n, s)
			sep = ", "
		}
	}
	if l.Going {
		text += sep + "going on"
	}
	if l.Name != "" {
		text += "  [" + string(report.Clean(nil, []byte(l.Name))) + "]"
	}
	text += "  " + string(report.Clean(nil, []byte(l.What)))
	if l.Error != "" {
		text += "  (" + l.Error + ")"
	}
	return text
}

func showCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show a run again, or one host of it",
		ArgsUsage: "[RUN [HOST]]",
		Description: `RUN is an id, the beginning of one, last, or last~1 for the one before.

Examples:
  hail show last
  hail show last web03
  hail show last~1 --output json`,
		Flags: []cli.Flag{runsDirFlag(),
			&cli.StringFlag{Name: "output", Category: "Output", Value: "gather", Usage: "`MODE`, what to show: gather, host, json, jsonl or none (default: gather)"},
			&cli.StringFlag{Name: "color", Category: "Output", Value: "auto", Usage: "`WHEN`, when to colour: auto, always or never (default: auto)"},
		},
		Action: func(c *cli.Context) error { return show(e, c) },
	}
}

// findRun opens the run that the first argument means, the last one if there is none.
func findRun(e environment, c *cli.Context) (*report.Run, error) {
	ref := c.Args().First()
	if ref == "" {
		ref = "last"
	}
	r, err := report.Find(e.runsDir(c), ref)
	if errors.Is(err, report.ErrNoRun) {
		return nil, usage("hail runs lists them", "%v", err)
	}
	return r, err
}

// summaryOf folds the run, and says what of it can't be trusted or is not there yet.
func summaryOf(e environment, r *report.Run) (*report.Summary, error) {
	s, err := r.Summary()
	if err != nil {
		return nil, err
	}
	if n := r.Torn(); n > 0 && !r.Going() {
		fmt.Fprintf(e.stderr, "hail: the last %d bytes of the journal were not written whole and do not count\n", n)
	}
	return s, nil
}

func show(e environment, c *cli.Context) error {
	style, err := e.style(c, e.stdoutTerminal)
	if err != nil {
		return err
	}
	mode, err := oneOf(c, "output", "gather", "host", "json", "jsonl", "none")
	if err != nil {
		return err
	}
	r, err := findRun(e, c)
	if err != nil {
		return err
	}
	if c.Args().Len() > 2 {
		return usage("hail logs RUN -w EXPR shows several", "hail show takes a run and one host")
	}
	if mode == "jsonl" {
		for batch := range r.Events() {
			if err := (report.JSONL{W: e.stdout}).Events(batch); err != nil {
				return err
			}
		}
		return r.Err()
	}
	s, err := summaryOf(e, r)
	if err != nil {
		return err
	}
	if host := c.Args().Get(1); host != "" {
		return showHost(e, r, s, host)
	}
	switch mode {
	case "gather":
		err = report.Gather(e.stdout, s, r, style)
	case "host":
		err = report.EachHost(e.stdout, s, r, style)
	case "json":
		return writeJSON(e.stdout, s)
	}
	if err == nil && r.What == "ping" {
		err = report.PingTable(e.stdout, s, style)
	}
	if err != nil {
		return err
	}
	return report.Text(e.stdout, s, r, style)
}

func showHost(e environment, r *report.Run, s *report.Summary, host string) error {
	if s.Result(host) == nil {
		hint := "hail show " + r.Plan.Run + " lists what happened"
		if near := inventory.Nearest(host, names(r.Plan)); near != "" {
			hint = "did you mean " + near + "?"
		}
		return usage(hint, "host %q is not in the run %s", host, r.Plan.Run)
	}
	return writeLog(e.stdout, r, host)
}

// writeLog writes a host's log, made harmless for a terminal.
func writeLog(w io.Writer, r *report.Run, host string) error {
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
  hail logs 20261123-150405-k3f9 -a --raw | grep -c error`,
		Flags: []cli.Flag{runsDirFlag(),
			&cli.StringSliceFlag{Name: "target", Aliases: []string{"w"}, Category: "Hosts", Usage: "`EXPR` of hosts of the run"},
			&cli.StringSliceFlag{Name: "group", Aliases: []string{"g"}, Category: "Hosts", Usage: "`GROUP` of hosts of the run"},
			&cli.StringSliceFlag{Name: "exclude", Aliases: []string{"x"}, Category: "Hosts", Usage: "`EXPR` of hosts to leave out"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Category: "Hosts", Usage: "all hosts of the run"},
			&cli.BoolFlag{Name: "raw", Category: "Output", Usage: "what the hosts printed on stdout, byte for byte"},
		},
		Action: func(c *cli.Context) error { return logs(e, c) },
	}
}

func logs(e environment, c *cli.Context) error {
	r, err := findRun(e, c)
	if err != nil {
		return err
	}
	if c.Args().Len() > 1 {
		return usage(fmt.Sprintf("hail logs %s -w '%s'", c.Args().First(), c.Args().Get(1)), "hail logs takes one run")
	}
	q := inventory.Query{Targets: c.StringSlice("target"), Exclude: c.StringSlice("exclude"), All: c.Bool("all")}
	for _, g := range c.StringSlice("group") {
		q.Targets = append(q.Targets, "@"+g)
	}
	if len(q.Targets) == 0 {
		q.All = true
	}
	hosts, err := inventory.Select(inventory.Of(r.Plan.Hosts), q, inventory.Lookups{File: inventory.ReadFile})
	if err != nil {
		return usage("hail show "+r.Plan.Run+" lists the hosts of the run", "the run %s: %v", r.Plan.Run, err)
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

func copyOutput(w io.Writer, r *report.Run, host string) error {
	f, err := r.Output(host, runner.Stdout)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
