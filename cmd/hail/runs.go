package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

func runsCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "runs",
		Usage: "list the recorded runs",
		Description: `Examples:
  hail runs
  hail runs --since 7d --bad
  hail runs --name 'nightly*' --json
  hail runs --limit 5`,
		Flags: []cli.Flag{runsDirFlag(),
			&cli.StringFlag{Name: "since", Category: "Runs", Usage: "list runs that began within the last `TIME`: 2h, 7d"},
			&cli.StringFlag{Name: "name", Category: "Runs", Usage: "list runs whose name matches `GLOB`"},
			&cli.StringFlag{Name: "what", Category: "Runs", Usage: "list runs with `TEXT` in what they did"},
			&cli.BoolFlag{Name: "bad", Category: "Runs", Usage: "list runs that did not end well on every host"},
			&cli.IntFlag{Name: "limit", Category: "Runs", Usage: "list the newest `N` of them"},
			&cli.BoolFlag{Name: "json", Category: "Output", Usage: "print them as JSON"}},
		Action: func(c *cli.Context) error { return listRuns(e, c) },
	}
}

// listedRun is a run in the list, with what is wrong with its record, if anything.
type listedRun struct {
	report.RunInfo
	Error string `json:"error,omitempty"`
}

func listRuns(e environment, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	since, err := duration(c, "since")
	if err != nil {
		return err
	}
	if _, err := path.Match(c.String("name"), ""); err != nil {
		return wrongValue("name", "", "%q is not a pattern", c.String("name"))
	}
	if err := positive(c, "limit"); err != nil {
		return err
	}
	dir := e.runsDir(c)
	ids, err := report.List(dir)
	if err != nil {
		return err
	}
	lines := []listedRun{}
	for _, id := range ids {
		if since > 0 && e.olderThan(id, since) {
			break
		}
		l := listedRun{}
		if l.RunInfo, err = report.Describe(dir, id); err != nil {
			l.Error = err.Error()
		}
		if errors.Is(err, report.ErrRemoved) || !wantedRun(c, l) {
			continue
		}
		if lines = append(lines, l); len(lines) == c.Int("limit") {
			break
		}
	}
	switch {
	case c.Bool("json"):
		return writeJSON(e.stdout, lines)
	case len(ids) == 0:
		fmt.Fprintf(e.stderr, "hail: there are no runs in %s\n", dir)
		return nil
	case len(lines) == 0:
		fmt.Fprintf(e.stderr, "hail: there are no such runs in %s\n", dir)
		return nil
	}
	return tableOfRuns(e, lines)
}

// tableOfRuns prints a line for each run, and then what is wrong with records.
func tableOfRuns(e environment, lines []listedRun) error {
	rows := [][]string{{"RUN", "WHEN", "HOSTS", "ENDED", "NAME", "WHAT"}}
	for _, l := range lines {
		rows = append(rows, l.row(e.now()))
	}
	if !slices.ContainsFunc(lines, func(l listedRun) bool { return l.Name != "" }) {
		rows[0][4] = "" // an empty column gets no heading
	}
	const most = 2 // lines for each run: a command may be a whole script
	if err := writeLines(e.stdout, report.FitTable(rows, e.outWidth(), most)); err != nil {
		return err
	}
	for _, l := range lines {
		if l.Error != "" {
			fmt.Fprintf(e.stderr, "hail: %s\n", report.OneLine(l.Error))
		}
	}
	return nil
}

func wantedRun(c *cli.Context, l listedRun) bool {
	plain := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") } // which * and ? match, unlike a slash
	if named, _ := path.Match(plain(c.String("name")), plain(l.Name)); c.IsSet("name") && !named {
		return false
	}
	well := 0
	for status, n := range l.Counts {
		if status.Well() {
			well += n
		}
	}
	return strings.Contains(l.What, c.String("what")) && (!c.Bool("bad") || l.Error != "" || well < l.Hosts)
}

func (l listedRun) row(now time.Time) []string {
	var ended []string
	for _, s := range runner.Statuses {
		if n := l.Counts[s]; n > 0 {
			ended = append(ended, fmt.Sprintf("%d %s", n, report.Word(s, l.DryRun)))
		}
	}
	if l.Going {
		ended = append(ended, "running")
	}
	if l.Error != "" {
		ended = []string{"damaged"}
	}
	what := l.What
	if l.Parent != "" {
		what += " (again, after " + l.Parent + ")"
	}
	return []string{l.Run, ago(now.Sub(l.Started)), fmt.Sprint(l.Hosts), strings.Join(ended, ", "), l.Name, what}
}

// ago returns roughly how long ago something was. It is empty for times in the future and those over a century past.
func ago(d time.Duration) string {
	switch {
	case d < 0 || d > 100*365*24*time.Hour:
		return ""
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// olderThan reports whether the run with this id began longer ago than age.
func (e environment) olderThan(id string, age inventory.Duration) bool {
	begun, err := report.Started(id)
	return err == nil && e.now().Sub(begun) > age.Value()
}
