package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: `Examples:
  hail man | man -l -                   read it
  hail man > ~/.local/share/man/man1/hail.1`,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			_, err := io.WriteString(e.stdout, manText(newApp(e).Commands))
			return err
		},
	}
}

// manText returns the manual page: what hail help says, as roff. Writing the few macros needed here is no more work than
// writing Markdown for a library to convert. Options that are the same as those of hail run are described only there.
func manText(commands []*cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH HAIL 1 \"\" \"hail %s\" \"hail\"\n.SH NAME\nhail \\- %s\n", roff(versionText()), roff(tagline))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B hail\n%s\n.SH DESCRIPTION\n", roff(synopsis))
	manExamples(&b, firstCommands)
	b.WriteString(".SH COMMANDS\n")
	for _, c := range commands {
		fmt.Fprintf(&b, ".SS hail %s\n%s.\n", roff(strings.TrimSpace(c.Name+" "+c.ArgsUsage)), roff(c.Usage))
		prose, examples := descriptionOf(c)
		if prose != "" {
			fmt.Fprintf(&b, ".PP\n%s\n", roff(strings.Join(strings.Fields(prose), " ")))
		}
		manExamples(&b, examples)
		asRun := asOfRun(c, commands)
		for _, category := range categories(c) {
			if !slices.Contains(asRun, category) {
				fmt.Fprintf(&b, ".PP\n.B %s\n%s", roff(category), manOptions(c, category))
			}
		}
		if asRun != nil {
			fmt.Fprintf(&b, ".PP\nAs for hail run: %s.\n", roff(strings.Join(asRun, ", ")))
		}
	}
	fmt.Fprintf(&b, ".SH EXIT STATUS\n%s\n", roff(exitCodes))
	return b.String()
}

func manExamples(b *strings.Builder, examples string) {
	if examples = strings.Trim(examples, "\n"); examples == "" {
		return
	}
	b.WriteString(".PP\n.nf\n")
	for line := range strings.SplitSeq(examples, "\n") {
		b.WriteString(roff(line) + "\n")
	}
	b.WriteString(".fi\n")
}

func manOptions(c *cli.Command, category string) string {
	var b strings.Builder
	for _, f := range optionsAbout(c, category) {
		option, text := optionWords(f)
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(option)), roff(text))
	}
	return b.String()
}

// roff escapes text so that man shows it unchanged.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
