package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
)

func completionCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion for a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: `Examples:
  source <(hail completion bash)        in ~/.bashrc
  source <(hail completion zsh)         in ~/.zshrc, below compinit
  hail completion fish | source         in ~/.config/fish/config.fish`,
		Action: func(c *cli.Context) error {
			script, ok := completionScripts[c.Args().First()]
			if !ok || c.Args().Len() != 1 {
				return usage("hail completion bash", "hail completion takes one shell: bash, zsh or fish")
			}
			_, err := io.WriteString(e.stdout, script)
			return err
		},
	}
}

// The scripts ask hail itself: the words up to the cursor go to a hidden command, which prints what may stand there, one a
// line. Where that is a file, it prints nothing, and the shell completes files.
var completionScripts = map[string]string{
	"bash": `_hail() {
	local IFS=$'\n'
	COMPREPLY=($(hail ` + completeWord + ` "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
	[[ $COMPREPLY == *= ]] && compopt -o nospace 2>/dev/null
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//[@=]/}
complete -o default -F _hail hail
`,
	"zsh": `_hail() {
	local -a found
	found=("${(@f)$(hail ` + completeWord + ` "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ $found[1] == *= ]]; then
		compadd -Q -S '' -- $found
	elif [[ -n $found[1] ]]; then
		compadd -Q -- $found
	else
		_files
	fi
}
compdef _hail hail
`,
	"fish": `complete -c hail -f -a '(hail ` + completeWord + ` (commandline -opc)[2..-1] (commandline -ct | string collect --allow-empty) 2>/dev/null)'
`,
}

const completeWord = "__complete"

// complete prints what may stand in the place of the last word.
func complete(e environment, app *cli.App, words []string) error {
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	var found []string
	if len(words) == 2 && words[0] == "help" {
		words = words[1:]
	}
	if len(words) == 1 {
		for _, c := range app.Commands {
			if !c.Hidden {
				found = append(found, c.Name)
			}
		}
		found = append(found, "help")
	} else if cmd, err := findCommand(app, words); err == nil && !slices.Contains(words[:len(words)-1], "--") {
		found = completions(e, cmd, words[1:len(words)-1], last)
	}
	for _, f := range found {
		if strings.HasPrefix(f, last) {
			if _, err := fmt.Fprintln(e.stdout, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// completions are the candidates for last behind the other words of a command.
func completions(e environment, cmd *cli.Command, words []string, last string) (found []string) {
	arguments := 0
	for i, w := range words {
		if !strings.HasPrefix(w, "-") && (i == 0 || optionOf(cmd, words[i-1]) == "") {
			arguments++
		}
	}
	if len(words) > 0 {
		if option := optionOf(cmd, words[len(words)-1]); option != "" {
			return optionValues(e, option, words, last)
		}
	}
	if strings.HasPrefix(last, "-") {
		for _, f := range cmd.Flags {
			found = append(found, "--"+f.Names()[0])
		}
		return found
	}
	switch cmd.Name {
	case "show", "replay":
		if arguments == 1 {
			return hostsOfRunNamed(e, words[len(words)-1])
		}
		return runNames(e)
	case "logs", "retry", "resume", "diff", "rm":
		return runNames(e)
	case "report":
		if arguments == 0 {
			found = runNames(e)
		}
		return append(found, report.FormatNames()...)
	case "completion":
		return []string{"bash", "zsh", "fish"}
	}
	return nil
}

// optionOf is the option, by its first name, whose value has to follow this word; empty: none.
func optionOf(cmd *cli.Command, word string) string {
	name := strings.TrimLeft(word, "-")
	for _, f := range cmd.Flags {
		if name != word && f.(cli.DocGenerationFlag).TakesValue() && slices.Contains(f.Names(), name) {
			return f.Names()[0]
		}
	}
	return ""
}

// runNames are last and the ids of the runs.
func runNames(e environment) []string {
	ids, err := report.List(e.defaultRunsDir())
	if err != nil || len(ids) == 0 {
		return nil
	}
	return append([]string{"last"}, ids...)
}

// hostsOfRunNamed are the hosts of a run.
func hostsOfRunNamed(e environment, ref string) []string {
	r, err := report.Find(e.defaultRunsDir(), ref)
	if err != nil {
		return nil
	}
	return inventory.Names(r.Plan.Hosts)
}

// optionValues are the candidates for the value of an option.
func optionValues(e environment, option string, words []string, last string) []string {
	switch option {
	case "output":
		return outputModes
	case "report":
		var found []string
		for _, f := range report.FormatNames() {
			found = append(found, f+"=")
		}
		return found
	case "color", "progress":
		return []string{"auto", "always", "never"}
	case "host-keys":
		return []string{"strict", "accept-new", "off"}
	case "target", "exclude", "group", "jump", "explain":
		return targets(e, option, words, last)
	}
	return nil
}

// targets are the hosts and groups of the inventory, behind what of the expression is written already.
func targets(e environment, option string, words []string, last string) (found []string) {
	var sources []string
	for i, w := range words[:len(words)-1] {
		if w == "-i" || w == "--inventory" {
			sources = append(sources, words[i+1])
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) // programs that answer late help nobody
	defer cancel()
	inv, err := e.loadInventory(ctx, sources, inventory.Surroundings{})
	if err != nil || inv == nil {
		return nil
	}
	if option == "group" {
		return inv.Groups()
	}
	written := last[:strings.LastIndexAny(last, ",!&^(")+1]
	if option != "jump" && option != "explain" {
		for _, g := range inv.Groups() {
			found = append(found, written+"@"+g)
		}
	}
	for _, h := range inv.Hosts() {
		found = append(found, written+h.Name)
	}
	return found
}
