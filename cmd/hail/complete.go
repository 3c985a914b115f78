package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
)

// complete prints the candidates for the last word, for shells that add them to the command line as they are. So it leaves
// out those that would add something to run: the name of a var or of a run may be somebody else's.
func complete(e environment, app *cli.App, words []string) error {
	for _, f := range candidatesOf(e, app, words) {
		if strings.ContainsAny(f[len(words[len(words)-1]):], "'\"`$!;&|<>(){}\\") {
			continue
		}
		if _, err := fmt.Fprintln(e.stdout, f); err != nil {
			return err
		}
	}
	return nil
}

// candidatesOf returns the candidates for the last word. A shell takes each line for one, so those that are more are left
// out.
func candidatesOf(e environment, app *cli.App, words []string) (found []string) {
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	if len(words) == 2 && words[0] == "help" {
		words = words[1:]
	}
	if len(words) == 1 {
		for _, c := range app.Commands {
			found = append(found, c.Name)
		}
		found = append(found, "help")
	} else if cmd, err := findCommand(app, words); err == nil && !slices.Contains(words[:len(words)-1], "--") {
		found = completions(e, cmd, words[1:len(words)-1], last)
	}
	return slices.DeleteFunc(found, func(f string) bool { return !strings.HasPrefix(f, last) || f != report.OneLine(f) })
}

// completions returns the candidates for last, which follows words on the command line of cmd.
func completions(e environment, cmd *cli.Command, words []string, last string) (found []string) {
	p := completer{e: e, cmd: cmd, words: words}
	p.settings, _ = e.settings() // a mistake in them is reported when a command is run
	before := ""
	for _, w := range words {
		if !strings.HasPrefix(w, "-") && optionOf(cmd, before) == "" {
			p.arguments = append(p.arguments, w)
		}
		before = w
	}
	if option := optionOf(cmd, before); option != "" {
		return p.values(option, last)
	}
	if name, value, ok := strings.Cut(last, "="); ok {
		if option := optionOf(cmd, name); option != "" {
			return candidates(name+"=", p.values(option, value), "")
		}
	}
	if strings.HasPrefix(last, "-") {
		for _, f := range cmd.Flags {
			found = append(found, "--"+f.Names()[0])
		}
		return found
	}
	return p.argument()
}

// completer finds candidates for a word; it has the command line before it.
type completer struct {
	e         environment
	cmd       *cli.Command
	words     []string
	arguments []string // the words that are not options
	settings  []setting
}

// optionOf returns the first name of the option whose value has to follow this word, or "".
func optionOf(cmd *cli.Command, word string) string {
	name := strings.TrimLeft(word, "-")
	for _, f := range cmd.Flags {
		if name != word && f.(cli.DocGenerationFlag).TakesValue() && slices.Contains(f.Names(), name) {
			return f.Names()[0]
		}
	}
	return ""
}

// candidates returns the words, each between what is already written and what comes after it.
func candidates(written string, words []string, after string) []string {
	found := make([]string, len(words))
	for i, w := range words {
		found[i] = written + w + after
	}
	return found
}

// runNames returns "last", the names of the runs, and their ids.
func (p completer) runNames() (found []string) {
	dir := p.runsDir()
	ids, err := report.List(dir)
	if err != nil || len(ids) == 0 {
		return nil
	}
	found = append(found, "last")
	for _, id := range ids {
		if l, err := report.Describe(dir, id); err == nil && l.Name != "" && !slices.Contains(found, l.Name) {
			found = append(found, l.Name)
		}
	}
	return append(found, ids...)
}

// argument returns the candidates for the next argument, by the words of the usage: where one may be left out, as in
// "[RUN] FORMAT", also those for the one after it.
func (p completer) argument() (found []string) {
	words := strings.Fields(p.cmd.ArgsUsage)
	next := min(len(p.arguments), len(words))
	if next > 0 && strings.Contains(words[next-1], "…") { // there may be more of these
		next--
	}
	for _, word := range words[next:] {
		switch strings.Trim(word, "[]…") {
		case "RUN":
			found = append(found, p.runNames()...)
		case "HOST":
			found = append(found, p.hostNames()...)
		case "FORMAT":
			found = append(found, report.FormatNames()...)
		case shells:
			return strings.Split(shells, "|")
		}
		if !strings.HasPrefix(word, "[") || !strings.HasSuffix(word, "]") {
			break
		}
	}
	return found
}

// values returns the candidates for the value of an option.
func (p completer) values(option, last string) []string {
	if words := choices[option]; words != nil {
		return words
	}
	written := last[:strings.LastIndexByte(last, ',')+1]
	switch option {
	case "output":
		if p.cmd.Name == "show" {
			return showModes.names()
		}
		return candidates(written, outputModes.names(), "")
	case "report":
		return candidates("", report.FormatNames(), "=")
	case "compare":
		return p.runNames()
	case "group":
		return p.inventory().Groups()
	case "jump", "explain":
		return candidates(written, p.hostNames(), "")
	case "target", "exclude":
		return p.terms(last)
	case "one-per", "group-by":
		return p.inventory().Attributes()
	case "per":
		return candidates("", p.inventory().Attributes(), "=")
	case "only":
		if p.cmd.Name == "retry" {
			return candidates(written, endingWords(), "")
		}
	case "columns":
		if p.cmd.Name == "hosts" {
			return candidates(written, p.inventory().Attributes(), "")
		}
	}
	return nil
}

// terms returns the candidates for the next term of a target expression, each prefixed with what is already written.
func (p completer) terms(last string) []string {
	if strings.HasPrefix(last, "^") { // the name of a file follows
		return nil
	}
	written := last[:strings.LastIndexAny(last, ",!&^(")+1]
	if run, ok := strings.CutPrefix(last[len(written):], "run:"); ok {
		if at := strings.LastIndexAny(run, "/+"); at >= 0 {
			return candidates(written+"run:"+run[:at+1], endingWords(), "")
		}
		return candidates(written+"run:", p.runNames(), "/")
	}
	inv := p.inventory()
	return slices.Concat(candidates(written+"@", inv.Groups(), ""), candidates(written, inventory.Names(inv.Hosts()), ""))
}

func (p completer) hostNames() []string { return inventory.Names(p.inventory().Hosts()) }

// inventory returns the inventory that the words name, or the hosts of the run that the command is about; nil if there is
// none.
func (p completer) inventory() *inventory.Inventory {
	if strings.Contains(p.cmd.ArgsUsage, "RUN") {
		return p.runInventory()
	}
	around := p.e.around(strings.Join(p.given("ssh-config"), ""))           // without standard input, which is the keyboard
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second) // a completion that comes later is of no use
	defer cancel()
	inv, err := p.e.loadInventory(ctx, p.given("inventory"), around)
	if err != nil {
		return nil
	}
	return inv
}

// runsDir returns the folder of the records.
func (p completer) runsDir() string {
	return cmp.Or(strings.Join(p.given("runs-dir"), ""), p.e.defaultRunsDir())
}

// given returns the values that an option has on the command line or, failing that, by a setting.
func (p completer) given(option string) (values []string) {
	for i, w := range p.words {
		name, value, inline := strings.Cut(w, "=")
		switch {
		case optionOf(p.cmd, name) != option:
		case inline:
			values = append(values, value)
		case i+1 < len(p.words):
			values = append(values, p.words[i+1])
		}
	}
	for _, s := range slices.Backward(p.settings) {
		if values == nil && s.option == option {
			values = s.values
		}
	}
	return values
}

// runInventory returns the hosts of the run that the first argument names, or of the last one; nil if there is none.
func (p completer) runInventory() *inventory.Inventory {
	ref := "last"
	if len(p.arguments) > 0 {
		ref = p.arguments[0]
	}
	r, err := report.Find(p.runsDir(), ref)
	if err != nil {
		return nil
	}
	return inventory.Of(r.Plan.Hosts)
}
