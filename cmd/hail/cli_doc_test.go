package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestReference compares docs/cli.md with the help of the program. UPDATE_DOCS=1 rewrites the file.
func TestReference(t *testing.T) {
	const file = "../../docs/cli.md"
	want := reference(newApp(environment{getenv: func(string) string { return "" }}).Commands)
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/cli.md is stale: make docs writes it anew")
	}
}

// TestLimitsInDocs: docs/running.md has each option that limits, orders, repeats or ends what runs.
func TestLimitsInDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/running.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(limitFlags(), retryFlags(), endingFlags("", "command")) {
		if option := "--" + f.Names()[0]; !regexp.MustCompile(option + `[^a-z-]`).Match(page) {
			t.Errorf("docs/running.md does not have %s", option)
		}
	}
}

// reference returns hail help of all commands, in Markdown. Options shared with hail run are listed only there.
func reference(commands []*cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands and options\n\nhail %s: `hail %s`. `make docs` generates this page from `hail help`.\n\n```sh\n%s```\n\nExit codes: %s\n", tagline, synopsis, firstCommands, exitCodes)
	for _, c := range commands {
		fmt.Fprintf(&b, "\n## %s\n\n%s. `hail %s`\n", c.Name, c.Usage, strings.TrimSpace(c.Name+" [OPTION…] "+c.ArgsUsage))
		prose, examples := descriptionOf(c)
		if prose != "" {
			fmt.Fprintf(&b, "\n%s\n", prose)
		}
		if examples != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", examples)
		}
		asRun := asOfRun(c, commands)
		for _, category := range categories(c) {
			if slices.Contains(asRun, category) {
				continue
			}
			fmt.Fprintf(&b, "\n| %s | |\n|---|---|\n", category)
			for _, f := range optionsAbout(c, category) {
				option, text := optionWords(f)
				fmt.Fprintf(&b, "| `%s` | %s |\n", strings.TrimSpace(option), strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "$", `\$`).Replace(text))
			}
		}
		if asRun != nil {
			fmt.Fprintf(&b, "\nAs for [hail run](#run): %s.\n", strings.Join(asRun, ", "))
		}
	}
	return b.String()
}
