package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/report"
	"hail/runner"
)

func reportCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "write a report of a run: HTML, a spreadsheet, JUnit and others",
		ArgsUsage: "[RUN] FORMAT",
		Description: `RUN is an id, the beginning of one, a name, last (the default), or last~1. FORMAT is one of ` + formatNames() + `.
docs/reports.md describes each.

Examples:
  hail report last html -o run.html
  hail report last xlsx -o hosts.xlsx
  hail report last csv --columns 'kernel=.kernel' > hosts.csv
  hail report last junit -o results.xml
  hail report nightly markdown --merged`,
		Flags: []cli.Flag{runsDirFlag(), columnsFlag(),
			&cli.StringFlag{Name: "to", Aliases: []string{"o"}, Category: "Output", Usage: "write to `FILE` (default: -, which is standard output)"},
			mergedFlag(),
		},
		Action: func(c *cli.Context) error { return writeReport(e, c) },
	}
}

// formatNames returns the names of the formats, separated by commas.
func formatNames() string { return strings.Join(report.FormatNames(), ", ") }

func writeReport(e environment, c *cli.Context) error {
	ref, name, err := e.runAndFormat(c)
	if err != nil {
		return err
	}
	format, to := report.Formats[name], c.String("to")
	if to == "-" {
		to = ""
	}
	if to == "" && e.stdoutTerminal && report.IsBinary(name) {
		return usage("write it to a file: -o run."+name, "a terminal can't show %s", name)
	}
	columns, err := columnsOf(c)
	if err != nil {
		return err
	}
	run, err := e.findRun(c, ref)
	if err != nil {
		return err
	}
	going := run.Going() // first: it may end while it is read
	s, files, err := summaryOf(e, c, run)
	if err != nil {
		return err
	}
	r := &report.Report{Summary: s, What: run.What, Files: files, Columns: columns}
	if !c.Bool("merged") {
		r.Events = run.Events()
	}
	if going {
		fmt.Fprintf(e.stderr, "hail: %s is still running: the report has what there is so far\n", s.Run)
	}
	if to == "" {
		return format(e.stdout, r)
	}
	if err := report.CanWrite(to); err != nil {
		return usage("", "%v", err)
	}
	return r.WriteFile(to, format)
}

// runAndFormat reads the arguments: a run, which may be left out, and the name of a format.
func (e environment) runAndFormat(c *cli.Context) (ref, format string, err error) {
	args := c.Args().Slice()
	if len(args) != 1 && len(args) != 2 {
		return "", "", usage("hail report last csv, hail report last html -o run.html", "hail report takes a run and a format: %s", formatNames())
	}
	if ref, format = "last", args[len(args)-1]; len(args) == 2 {
		ref = args[0]
	}
	if report.Formats[format] != nil {
		return ref, format, nil
	}
	switch {
	case len(args) == 2 && report.Formats[ref] != nil:
		return "", "", usage("hail report "+format+" "+ref, "the run comes before the format")
	case len(args) == 1:
		if _, err := report.Find(e.runsDir(c), format); err == nil {
			return "", "", usage("hail report "+format+" html", "there is no format after the run: %s", formatNames())
		}
	}
	if name, path, _ := strings.Cut(format, "="); path != "" && report.Formats[name] != nil {
		return "", "", usage(fmt.Sprintf("hail report %s %s -o %s", ref, name, runner.Quote(path)), "FORMAT=PATH is for --report")
	}
	return "", "", usage(wordHint(format, report.FormatNames()), noFormat, format)
}

// noFormat says that there is no format of a name.
const noFormat = "there is no report format %q"

// wantedReport is a report that --report asks for.
type wantedReport struct {
	path   string
	format report.Format
}

// reportsOf reads --report. A file that can't be written is an error before any host is reached.
func reportsOf(c *cli.Context) (all []wantedReport, err error) {
	for _, text := range c.StringSlice("report") {
		name, path, ok := strings.Cut(text, "=")
		if !ok || path == "" {
			return nil, wrongValue("report", "for example --report junit=results.xml", "%q is not FORMAT=PATH", text)
		}
		format, known := report.Formats[name]
		if !known {
			return nil, wrongValue("report", wordHint(name, report.FormatNames()), noFormat, name)
		}
		if path == "-" {
			return nil, wrongValue("report", "hail report last "+name+" prints it", "%s=- is not a file", name)
		}
		if slices.ContainsFunc(all, func(w wantedReport) bool { return samePath(w.path, path) }) {
			return nil, wrongValue("report", "", "two reports can't go to %s", path)
		}
		if err := report.CanWrite(path); err != nil {
			return nil, wrongValue("report", "", "%v", err)
		}
		all = append(all, wantedReport{path, format})
	}
	return all, nil
}

func samePath(a, b string) bool {
	a, _ = filepath.Abs(a)
	b, _ = filepath.Abs(b)
	return a == b
}

// writeAll writes reports of a run, which has ended and whose record is at this path. When one can't be written, it still
// writes the others, and returns all errors.
func writeAll(reports []wantedReport, s *report.Summary, record string, columns *report.Columns) (failed error) {
	if len(reports) == 0 {
		return nil
	}
	run, err := report.Open(record)
	if err != nil {
		return err
	}
	for _, w := range reports {
		r := &report.Report{Summary: s, What: run.What, Files: run, Events: run.Events(), Columns: columns}
		if err := r.WriteFile(w.path, w.format); err != nil {
			failed = errors.Join(failed, fmt.Errorf("the report %s: %w", w.path, err))
		}
	}
	return failed
}
