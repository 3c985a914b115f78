package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

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
	buf := make([]byte, 32<<10)
	for _, h := range hosts {
		result := s.Result(h.Name)
		if c.Bool("raw") {
			err = e.printOutput(r, h.Name, result, buf)
		} else {
			err = writeLog(e.stdout, r, h.Name, result)
		}
		if err != nil {
			return err
		}
	}
	return damaged
}

// ranToItsEnd reports whether what the host printed is all that it had to print.
func ranToItsEnd(r *report.Result) bool {
	return r.Status == runner.OK || r.Status == runner.Changed || r.Status == runner.Failed
}

// follow shows what the hosts of a run print, and how they end, until the run ends or a signal arrives.
func follow(e environment, r *report.Run, hosts []inventory.Host, style report.Style) error {
	wanted := map[string]bool{} // hosts that have not ended
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
		if err := cmp.Or(stream.Close(), r.Err()); err != nil || ctx.Err() != nil || len(wanted) == 0 {
			return err
		}
		return sayCutOff(e, r, hosts, wanted)
	})
}

// sayCutOff says how those hosts are accounted for whose end is not in the journal, because hail was killed before it.
func sayCutOff(e environment, r *report.Run, hosts []inventory.Host, cutOff map[string]bool) error {
	s, err := r.Summary()
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if cutOff[h.Name] {
			fmt.Fprintf(e.stderr, "hail: %s: %s\n", h.Name, s.Result(h.Name).Said())
		}
	}
	return nil
}

// writeLog writes a host's log, with control characters made harmless. If the log does not say how the host ended, as for a
// host that was never started, a line after it does. A result of nil is unknown.
func writeLog(w io.Writer, files report.Files, host string, result *report.Result) error {
	text, err := report.OpenLog(files, host)
	logged := err == nil
	switch {
	case logged:
		defer text.Close()
		err = report.CleanCopy(w, text)
	case errors.Is(err, fs.ErrNotExist):
		_, err = fmt.Fprintf(w, "# host    %s\n", host)
	}
	if err == nil && result != nil && (!logged || result.Ended.IsZero()) {
		_, err = fmt.Fprintf(w, "# status  %s\n", result.Said())
	}
	return err
}

// printOutput writes what a host printed on stdout, byte for byte, and remarks on what is not there, or damaged. A result of
// nil is unknown. It uses buf.
func (e environment) printOutput(files report.Files, host string, result *report.Result, buf []byte) error {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := copyOutput(io.MultiWriter(e.stdout, sum), files, host, buf)
	if err != nil || result == nil {
		return err
	}
	switch missing := result.Stdout.Length - n; {
	case missing > 0:
		fmt.Fprintf(e.stderr, "hail: %s: %d of its %s are not in the record\n", host, missing, report.Plural(result.Stdout.Length, "byte"))
	case sum.Sum32() != result.Stdout.Checksum && !result.Ended.IsZero():
		fmt.Fprintf(e.stderr, "hail: %s: damaged: this is not what the host printed\n", host)
	}
	if !ranToItsEnd(result) {
		fmt.Fprintf(e.stderr, "hail: %s: %s\n", host, result.Said())
	}
	return nil
}

// copyOutput writes what a host printed on stdout, byte for byte, and returns how much there is of it. It uses buf, unless
// that is nil.
func copyOutput(w io.Writer, r report.Files, host string, buf []byte) (int64, error) {
	f, err := r.Output(host, runner.Stdout)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.CopyBuffer(w, struct{ io.Reader }{f}, buf) // a file would make a buffer of its own
}
