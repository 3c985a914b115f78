package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// The runs that commands name, and the hosts in them.

// listsRuns returns the hint where there is no such run; "" if there are no runs at all.
func (e environment) listsRuns(c *cli.Context) string {
	if ids, err := report.List(e.runsDir(c)); err == nil && len(ids) == 0 {
		return ""
	}
	return "hail runs lists them"
}

// findRun opens the run that ref names.
func (e environment) findRun(c *cli.Context, ref string) (*report.Run, error) {
	r, err := report.Find(e.runsDir(c), ref)
	return r, e.noRun(c, ref, err)
}

// noRun returns err, with a hint if it says that ref names no run.
func (e environment) noRun(c *cli.Context, ref string, err error) error {
	if !errors.Is(err, report.ErrNoRun) {
		return err
	}
	hint := e.listsRuns(c)
	if last, e := report.Find(e.runsDir(c), "last"); e == nil && slices.Contains(inventory.Names(last.Plan.Hosts), ref) {
		hint = fmt.Sprintf("%s is a host of the last run: hail show last %s", ref, ref)
	}
	return usage(hint, "%v", err)
}

// runOfArgs opens the run that the first argument names, or the last run if there is no argument.
func (e environment) runOfArgs(c *cli.Context) (*report.Run, error) {
	if c.NArg() == 0 {
		return e.findRun(c, "last")
	}
	return e.findRun(c, c.Args().First()) // an empty one, as from an unset shell variable, is no run
}

// remarkGoing prints a note if the run is going on, so that what is read of it now is not all.
func (e environment) remarkGoing(c *cli.Context, run *report.Run) {
	if run.Going() {
		e.remark(c, &inventory.Error{Text: run.Plan.Run + " is still running: what counts is how its hosts have ended so far"})
	}
}

// summaryOf returns the summary and the files of a run or, with --merged, of all runs that belong together. It prints a note
// when the end of the journal is damaged.
func summaryOf(e environment, c *cli.Context, r *report.Run) (*report.Summary, report.Files, error) {
	if c.Bool("merged") {
		l, err := report.LineageOf(e.runsDir(c), r)
		if err != nil {
			return nil, nil, err
		}
		return l.Summary()
	}
	going := r.Going() // first: it may end while it is read
	s, err := r.Summary()
	if err != nil {
		return nil, nil, err
	}
	if !going {
		e.sayTorn(r)
	}
	return s, r, nil
}

// sayTorn says that the end of the journal of a run that has been read, and is not going on, is damaged, if it is.
func (e environment) sayTorn(r *report.Run) {
	if n := r.Torn(); n > 0 {
		fmt.Fprintf(e.stderr, "hail: the journal ends with an incomplete entry of %s, which is ignored\n", report.Plural(n, "byte"))
	}
}

// hostsOfRun returns the hosts of a run that q selects.
func (e environment) hostsOfRun(c *cli.Context, r *report.Run, q inventory.Query) ([]inventory.Host, error) {
	q.Of = "the run " + r.Plan.Run
	return inventory.Select(inventory.Of(r.Plan.Hosts), q, inventory.Lookups{File: e.readFile(c, "hosts"), Run: e.earlierRun(c)})
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

// earlierRun returns a function that returns the hosts of a run that ended in one of the ways that words name; no words mean all hosts.
func (e environment) earlierRun(c *cli.Context) func(ref string, words []string) ([]string, error) {
	return func(ref string, words []string) ([]string, error) {
		wanted, wrong := endingsOf(words)
		if wrong != nil {
			return nil, wrong
		}
		s, err := e.earlierSummary(c, ref)
		if err != nil {
			return nil, err
		}
		var names []string
		for i := range s.Hosts {
			if h := &s.Hosts[i]; len(wanted) == 0 || wanted.has(h) {
				names = append(names, h.Host)
			}
		}
		return names, nil
	}
}

// earlierSummary returns the summary of the run that ref names. It reads each run once: the last one stays the same, although
// others, and further rounds of --watch, begin meanwhile.
func (e environment) earlierSummary(c *cli.Context, ref string) (*report.Summary, error) {
	if s := e.earlier[ref]; s != nil {
		return s, nil
	}
	run, err := report.Find(e.runsDir(c), ref)
	if errors.Is(err, report.ErrNoRun) {
		return nil, &inventory.Error{Text: err.Error(), Hint: e.listsRuns(c)}
	}
	if err != nil {
		return nil, err
	}
	e.remarkGoing(c, run)
	s, err := run.Summary()
	if err != nil {
		return nil, err
	}
	e.earlier[ref] = s
	return s, nil
}
