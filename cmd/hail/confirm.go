package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/report"
	"hail/runner"
)

// confirm asks before something is run on many hosts from a terminal, if the command has --confirm-above.
func (e environment) confirm(c *cli.Context, p *runner.Plan, what string) error {
	if !hasOption(c.Command, "confirm-above") || c.Bool("yes") || !e.stdinTerminal || !e.stderrTerminal || len(p.Hosts) <= c.Int("confirm-above") {
		return nil
	}
	const most = 5 // lines: what is asked has to stay on the screen
	style := report.Style{Width: most * e.width()}
	return e.ask(style.Doing(what, p, fmt.Sprintf(" (%s)\nContinue? [y/N] ", report.Plural(len(p.Hosts), "host"))))
}

// ask asks a question on the terminal, and returns an error unless the answer is yes.
func (e environment) ask(question string) error {
	io.WriteString(e.stderr, question)
	answer, err := bufio.NewReader(e.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return nil
	}
	return usage("--yes skips the question", "not confirmed: nothing was done")
}
