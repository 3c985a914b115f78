package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/report"
	"hail/runner"
)

// mode is a way to show a run on stdout. --output names modes.
type mode struct {
	name   string
	reader reader
	live   func(w io.Writer, files *report.Record, style report.Style) report.Sink // shows the run while it goes on; may be nil
	end    func(w io.Writer, r shown) error                                        // shows how it ended; may be nil
}

// shown is a run that has ended, and how to show it.
type shown struct {
	*report.Report
	by    report.Gathering
	style report.Style
}

// reader says for whom a mode is.
type reader int

const (
	anyone  reader = iota
	people         // who also want to know how a ping reached the hosts
	program        // which must find nothing else on stdout
)

var (
	gatherMode = mode{name: "gather", reader: people, end: func(w io.Writer, r shown) error {
		if len(r.Plan.Checks) > 0 {
			return report.Checks(w, r.Summary, r.style)
		}
		return report.Gather(w, r.Summary, r.Files, r.by, r.style)
	}}
	streamMode = mode{name: "stream", reader: people, live: func(w io.Writer, files *report.Record, style report.Style) report.Sink {
		return &report.Stream{W: w, Files: files, Style: style}
	}}
	hostMode = mode{name: "host", reader: people, end: func(w io.Writer, r shown) error {
		return report.EachHost(w, r.Summary, r.Files, r.style)
	}}
	jsonlMode = mode{name: "jsonl", reader: program, live: func(w io.Writer, _ *report.Record, _ report.Style) report.Sink {
		return report.JSONL{W: w}
	}}
	noMode  = mode{name: "none"}
	rawMode = mode{name: "raw", end: func(w io.Writer, r shown) (err error) { // what the hosts printed, byte for byte
		for i := range r.Hosts {
			_, wrong := copyOutput(w, r.Files, r.Hosts[i].Host, nil)
			err = errors.Join(err, wrong)
		}
		return err
	}}
)

// formatMode returns the mode that writes a report.
func formatMode(name string) mode {
	if name == jsonlMode.name {
		return jsonlMode
	}
	return mode{name: name, reader: program, end: func(w io.Writer, r shown) error { return report.Formats[name](w, r.Report) }}
}

// modes are the ways in which one run is shown, or among which there is a choice.
type modes []mode

// The values of --output for a run, and for its record.
var (
	outputModes = func() modes {
		all := modes{gatherMode, streamMode, hostMode, noMode}
		for _, name := range report.FormatNames() {
			all = append(all, formatMode(name))
		}
		return all
	}()
	showModes = modes{gatherMode, streamMode, hostMode, formatMode("json"), jsonlMode, noMode}
)

// modesOf returns what to show: what --json or --output says, or else the table of --columns alone, or what suits the run.
func modesOf(c *cli.Context, p *runner.Plan, columns *report.Columns) (all modes, err error) {
	switch {
	case c.Bool("json"):
		return modes{formatMode("json")}, nil
	case c.IsSet("output"):
		for name := range strings.SplitSeq(c.String("output"), ",") {
			m, err := outputModes.named(name)
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
		return all, nil
	case columns != nil:
		return nil, nil
	case len(p.Hosts) == 1 && len(p.Checks) == 0:
		return modes{streamMode}, nil
	}
	return modes{gatherMode}, nil
}

// named returns the mode that a value of --output names.
func (ms modes) named(name string) (mode, error) {
	i := slices.Index(ms.names(), name)
	if i < 0 {
		return mode{}, notKnown("output", name, ms.names())
	}
	return ms[i], nil
}

func (ms modes) names() (names []string) {
	for _, m := range ms {
		names = append(names, m.name)
	}
	return names
}

// readBy reports whether one of the modes is for this reader.
func (ms modes) readBy(r reader) bool {
	return slices.ContainsFunc(ms, func(m mode) bool { return m.reader == r })
}

// sinks returns what shows a run on w while it goes on.
func (ms modes) sinks(w io.Writer, files *report.Record, style report.Style) (sinks []report.Sink) {
	for _, m := range ms {
		if m.live != nil {
			sinks = append(sinks, m.live(w, files, style))
		}
	}
	return sinks
}

// showEnd shows on w how a run ended and, for people, how the hosts of a ping were reached: once, in whatever modes they
// are shown.
func (ms modes) showEnd(w io.Writer, r shown) error {
	for _, m := range ms {
		if m.end == nil {
			continue
		}
		if err := m.end(w, r); err != nil {
			return err
		}
	}
	if r.Plan.Action.Kind == runner.ActionPing && ms.readBy(people) {
		return report.PingTable(w, r.Summary, r.style)
	}
	return nil
}
