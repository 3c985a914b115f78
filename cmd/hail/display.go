package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hail/report"
	"hail/runner"
	"hail/runner/sshconn"
)

// display shows a run: results on stdout; progress, remarks and the summary ("talk") on stderr.
type display struct {
	env      environment
	what     string          // what is done, in a few words
	before   *report.Summary // the run to compare the checks with; may be nil
	modes    modes
	outStyle report.Style // of results, on stdout
	errStyle report.Style // of talk, on stderr
	by       report.Gathering
	columns  *report.Columns // nil: no table
	talk     io.Writer       // where remarks go
	quiet    bool
	progress bool
	live     *report.Live // while the run goes on; nil without progress
	verbose  bool         // show the steps on the way to a host
	debug    bool         // and those of the SSH protocol
}

func newDisplay(e environment, c *cli.Context, p *runner.Plan, j job) (*display, error) {
	d := &display{env: e, what: j.what, before: j.before, talk: e.stderr, quiet: c.Bool("quiet"),
		by: gathering(c), verbose: j.verbose || c.Bool("verbose") || c.Bool("debug"), debug: c.Bool("debug")}
	var err error
	if d.columns, err = columnsOf(c); err != nil {
		return nil, err
	}
	if d.modes, err = modesOf(c, p, d.columns); err != nil {
		return nil, err
	}
	for _, m := range d.modes {
		if e.stdoutTerminal && report.IsBinary(m.name) {
			return nil, wrongValue("output", "write it to a file: --report "+m.name+"=run."+m.name, "a terminal can't show %s", m.name)
		}
	}
	if j.raw {
		d.modes, d.columns = modes{rawMode}, nil
	}
	progress, err := oneOf(c, "progress")
	if err != nil {
		return nil, err
	}
	d.progress = progress == "always" || progress == "auto" && !d.quiet
	if d.outStyle, err = e.style(c, e.stdoutTerminal); err != nil {
		return nil, err
	}
	d.errStyle, err = e.style(c, e.stderrTerminal)
	return d, err
}

// header writes the line that announces the run.
func (d *display) header(p *runner.Plan) {
	if !d.quiet {
		pace := ""
		if len(p.Hosts) > 1 {
			pace = fmt.Sprintf(" (%d, %d at once", len(p.Hosts), p.AtOnce())
			if waves := len(p.Waves.Sizes(len(p.Hosts))); waves > 1 {
				pace += fmt.Sprintf(" in %d waves", waves)
			}
			pace += ")"
		}
		fmt.Fprintln(d.env.stderr, d.talkStyle().Doing("hail: "+report.Brief(d.what), p, pace))
	}
}

// remark writes a line of talk.
func (d *display) remark(text string) { fmt.Fprintf(d.talk, "hail: %s\n", text) }

// trace returns a function that writes the steps on the way to a host, with the time since the run began; nil without -v.
func (d *display) trace() sshconn.Trace {
	if !d.verbose {
		return nil
	}
	begun := time.Now()
	return func(host string, detail bool, text string) {
		if !detail || d.debug {
			fmt.Fprintf(d.talk, "%7.3fs %s: %s\n", time.Since(begun).Seconds(), host, report.OneLine(text))
		}
	}
}

// begin begins to show a run on so many hosts, and returns what shows it while it goes on. From then on, talk goes above the
// progress.
func (d *display) begin(files *report.Record, hosts int) (sinks []report.Sink) {
	out := d.env.stdout
	if d.progress {
		d.live = report.NewLive(d.env.stderr, hosts, d.env.stderrTerminal && !d.env.dumb(), d.talkStyle)
		sinks = append(sinks, d.live)
		d.talk = d.live.Above(d.env.stderr)
		if d.env.stdoutTerminal && d.env.stderrTerminal {
			out = d.live.Above(out)
		}
	}
	return append(sinks, d.modes.sinks(out, files, d.outStyle)...)
}

// talkStyle returns the style of the talk for the current width of the terminal.
func (d *display) talkStyle() report.Style {
	style := d.errStyle
	if style.Width = 100; d.env.stderrTerminal { // the record has the full text
		style.Width = d.env.width()
	}
	return style
}

// results shows the end of the run: blocks and tables on stdout, the summary on stderr even if writing to stdout fails, and
// what has changed since the run before.
func (d *display) results(s *report.Summary, files report.Files) error {
	err := d.blocks(s, files)
	switch { // an error on stderr is ignored: nothing else depends on it
	case !d.quiet:
		report.Text(d.env.stderr, s, files, d.talkStyle())
	case !d.modes.readBy(program): // --quiet still shows what went wrong
		report.Troubles(d.env.stderr, s, files, slices.Contains(d.modes.names(), gatherMode.name), d.talkStyle())
	}
	switch {
	case err != nil || d.before == nil:
		return err
	case d.modes.readBy(program): // a program reads stdout
		return report.CompareChecks(d.env.stderr, d.before, s, d.talkStyle())
	}
	return report.CompareChecks(d.env.stdout, d.before, s, d.outStyle)
}

// blocks shows the results on stdout.
func (d *display) blocks(s *report.Summary, files report.Files) error {
	r := shown{&report.Report{Summary: s, What: d.what, Files: files, Columns: d.columns}, d.by, d.outStyle}
	if err := d.modes.showEnd(d.env.stdout, r); err != nil {
		return err
	}
	if d.columns != nil && !d.modes.readBy(program) {
		return report.ColumnsTable(d.env.stdout, s, files, d.columns, d.outStyle)
	}
	return nil
}

// style returns how to show text on a terminal, or not on one, where nothing is cut.
func (e environment) style(c *cli.Context, terminal bool) (report.Style, error) {
	color, err := oneOf(c, "color")
	s := report.Style{}
	if terminal {
		s.Width = e.width()
	}
	switch {
	case color == "always":
		s.Color = true
	case color == "never" || e.getenv("NO_COLOR") != "":
	default:
		s.Color = terminal && !e.dumb() || e.getenv("CLICOLOR_FORCE") != ""
	}
	return s, err
}

// dumb reports whether the terminal can only write on: no colours, and no line that is written anew.
func (e environment) dumb() bool { return e.getenv("TERM") == "dumb" }

func writeLines(w io.Writer, lines []string) error {
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(report.JSONWriter{W: w})
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
