package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// The texts that hail help, the manual page and docs/cli.md share.
const (
	tagline       = "runs one thing on many machines over SSH: throttled, with a log per host"
	synopsis      = "COMMAND [OPTION…] [ARGUMENT…]"
	firstCommands = `  hail demo                             a fleet on this machine, to try hail out
  hail ping -w 'web[01-20]'             reach hosts and log in
  hail run  -g web -- uptime            run a command on every host of a group
  hail show last                        show the last run again
  hail logs last -w web03               what one host printed
`
	exitCodes = "0 all well, 1 a host failed, 3 a host was not reached, 4 stopped early, 5 a dry run would change something (--exit-code), 64 a usage or configuration error before any host was touched, 74 the record or the output is incomplete, 130 and 143 interrupted."
)

func overviewText(commands []*cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "hail %s.\n\nUsage: hail %s\n\n%s\nCommands:\n", tagline, synopsis, firstCommands)
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-10s %s\n", c.Name, c.Usage)
	}
	fmt.Fprintf(&b, "\n%s\n", strings.Join(fillLines("hail help COMMAND describes a command and its options. Exit codes: "+exitCodes, helpWidth), "\n"))
	return b.String()
}

const helpWidth = 80

// commandText returns the help of a command: one line, the usage, a description, examples, and the options by category.
func commandText(c *cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage: hail %s\n", c.Usage, strings.TrimSpace(c.Name+" [OPTION…] "+c.ArgsUsage))
	prose, examples := descriptionOf(c)
	if prose != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.Join(fillLines(prose, helpWidth), "\n"))
	}
	if examples != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", examples)
	}
	for _, category := range categories(c) {
		fmt.Fprintf(&b, "\n%s:\n", category)
		for _, f := range optionsAbout(c, category) {
			b.WriteString(optionText(f))
		}
	}
	return b.String()
}

// descriptionOf returns the two parts of a command's description, either of which may be empty.
func descriptionOf(c *cli.Command) (prose, examples string) {
	prose, examples, _ = strings.Cut(c.Description, "Examples:")
	return strings.TrimSpace(prose), strings.Trim(examples, "\n")
}

// categories returns the categories of the options of a command, in order of appearance.
func categories(c *cli.Command) (names []string) {
	for _, f := range c.Flags {
		if is := f.(cli.CategorizableFlag).GetCategory(); !slices.Contains(names, is) {
			names = append(names, is)
		}
	}
	return names
}

func optionsAbout(c *cli.Command, category string) (options []cli.DocGenerationFlag) {
	for _, f := range c.Flags {
		if f.(cli.CategorizableFlag).GetCategory() == category {
			options = append(options, f.(cli.DocGenerationFlag))
		}
	}
	return options
}

// asOfRun returns the categories whose options are the same as those of hail run. For hail run itself there are none.
func asOfRun(c *cli.Command, all []*cli.Command) (names []string) {
	run := all[slices.IndexFunc(all, func(c *cli.Command) bool { return c.Name == "run" })]
	for _, category := range categories(c) {
		if c != run && slices.EqualFunc(optionsAbout(c, category), optionsAbout(run, category), sameOption) {
			names = append(names, category)
		}
	}
	return names
}

func sameOption(a, b cli.DocGenerationFlag) bool { return optionText(a) == optionText(b) }

const optionColumn = 26

func optionText(f cli.DocGenerationFlag) string {
	option, text := optionWords(f)
	left := "  " + option
	if len(left) >= optionColumn {
		left += "\n" + strings.Repeat(" ", optionColumn)
	} else {
		left += strings.Repeat(" ", optionColumn-len(left))
	}
	return left + strings.Join(fillLines(text, helpWidth-optionColumn), "\n"+strings.Repeat(" ", optionColumn)) + "\n"
}

// optionWords returns an option as it is written, with room for a short name, and what it does.
func optionWords(f cli.DocGenerationFlag) (option, text string) {
	var short, long string
	for _, name := range f.(cli.Flag).Names() {
		if len(name) == 1 {
			short = "-" + name + ", "
		} else if long == "" {
			long = "--" + name
		}
	}
	value, text := unquoteUsage(f.GetUsage())
	if f.TakesValue() {
		long += " " + value
	}
	if v := f.GetValue(); v != "" && v != "0" && !strings.Contains(text, "(default: ") { // some texts describe the default themselves
		text += " (default: " + v + ")"
	}
	return fmt.Sprintf("%4s%s", short, long), text
}

// unquoteUsage returns the name of the value, which is in back quotes in a usage text, and the text without the quotes.
func unquoteUsage(usage string) (value, text string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "", usage
	}
	value, after, _ := strings.Cut(rest, "`")
	if before == "" { // help shows it beside the option
		return value, strings.TrimLeft(after, ", ")
	}
	return value, before + value + after
}

func fillLines(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
