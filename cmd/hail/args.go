package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner"
)

// optionsFirst puts the options of a command before its arguments, because the library stops at the first argument.
// Whatever follows "--" is an argument. Without "--", an option after the command that hosts are to run is refused: if it
// were taken as hail's, ls -a would run ls on all hosts.
func optionsFirst(cmd *cli.Command, args []string) ([]string, error) {
	takesValue := map[string]bool{"help": false, "h": false}
	for _, f := range cmd.Flags {
		for _, name := range f.Names() {
			takesValue[name] = f.(cli.DocGenerationFlag).TakesValue()
		}
	}
	var options, words []string
	for len(args) > 0 && args[0] != "--" {
		arg := args[0]
		args = args[1:]
		if len(arg) < 2 || arg[0] != '-' {
			words = append(words, arg)
			continue
		}
		if len(words) > 0 && takesCommand(cmd) {
			what, command := "command", runner.QuoteWords(slices.Concat(words, []string{arg}, args))
			if cmd.Name == "script" {
				what = "script"
			}
			return nil, usage("hail's options go before the "+what+", and -- between the two: -- "+command, "%s comes after the %s, and could be meant for it", arg, what)
		}
		split := splitOption(arg, takesValue)
		if split == nil {
			return nil, unknownOption(cmd, arg)
		}
		options = append(options, split...)
		if last := split[len(split)-1]; takesValue[strings.TrimLeft(last, "-")] {
			if len(args) == 0 || args[0] == "--" && !slices.Contains(args[1:], "--") { // this "--" ends the options
				return nil, usage("", "%s needs a value", last)
			}
			options = append(options, args[0])
			args = args[1:]
		}
	}
	if len(args) > 0 {
		if cmd.Name == "run" && len(words) > 0 {
			return nil, usage("join hosts with commas, -w web01,web02; the whole command goes after --", "unexpected %q before --", words[0])
		}
		words = append(words, args[1:]...)
	}
	return slices.Concat(options, []string{"--"}, words), nil
}

// takesCommand reports whether the arguments are a command that has options of its own.
func takesCommand(cmd *cli.Command) bool { return strings.Contains(cmd.ArgsUsage, "-- ") }

// splitOption splits combined short options: -aq is -a -q, and -f10 is -f=10. Any other option is returned as it is, and nil
// for one that is not known.
func splitOption(arg string, takesValue map[string]bool) (split []string) {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if _, known := takesValue[name]; known {
		return []string{arg}
	}
	if strings.HasPrefix(arg, "--") {
		return nil
	}
	for i := 1; i < len(arg); i++ {
		takes, known := takesValue[arg[i:i+1]]
		switch {
		case !known:
			return nil
		case takes && i+1 < len(arg):
			return append(split, "-"+arg[i:i+1]+"="+arg[i+1:])
		}
		split = append(split, "-"+arg[i:i+1])
	}
	return split
}

// repeating are the commands that repeat a run.
var repeating = []string{"retry", "resume", "replay"}

// unknownOption returns the error for an option that the command does not have.
func unknownOption(cmd *cli.Command, arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	var names []string // the long ones
	for _, f := range cmd.Flags {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, n)
			}
		}
	}
	near := inventory.Nearest(name, names)
	begins := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, name) })
	known := slices.IndexFunc(habits[name], func(h habit) bool { return slices.Contains(names, h.option) })
	var hint string
	switch {
	case slices.Contains(repeating, cmd.Name) && hasOption(runCommand(environment{}), name):
		hint = "a run is repeated as it was; hail run -w run:last/failed … does something else on these hosts"
	case known >= 0:
		hint = habits[name][known].hint
	case len(name) > 1 && near != "":
		hint = "did you mean --" + near + "?"
	case len(name) > 1 && begins >= 0:
		hint = "did you mean --" + names[begins] + "?"
	default:
		hint = fmt.Sprintf("hail help %s lists the options", cmd.Name)
		if takesCommand(cmd) {
			hint += "; a command's own options go after --"
		}
	}
	return usage(hint, "hail %s has no option %s", cmd.Name, arg)
}

// habit is a hint that names an option of ours to somebody who has typed one of another tool or of another command.
type habit struct{ option, hint string }

// habits are these hints, by what was typed. A command gives the first one whose option it has.
var habits = map[string][]habit{
	"A":           {{"ask-pass", "--ask-pass asks for a login password"}},
	"b":           {{"sudo", "--sudo runs it as root; equal outputs are grouped by default"}},
	"become":      {{"sudo", "--sudo runs it as root"}},
	"check":       {{"dry-run", "--dry-run shows what would be done"}},
	"e":           {{"env", "--set VAR=VALUE sets a var, and --env NAME=VALUE a variable of the environment"}, {"set", "use --set VAR=VALUE"}},
	"extra-vars":  {{"set", "use --set VAR=VALUE"}},
	"f":           {{"follow", "use --follow"}},
	"forks":       {{"fanout", "use -f N"}},
	"H":           {{"target", "use -w HOST,HOST"}},
	"hosts":       {{"target", "use -w HOST,HOST, or -i FILE -a"}},
	"json":        {{"output", "use --output json"}},
	"k":           {{"ask-pass", "--ask-pass asks for a login password"}},
	"L":           {{"output", "--output host shows each host for itself, and --output stream each line with its host"}},
	"m":           {{"ok-exit", "there are no modules: a command goes after --, --sudo runs it as root, and hail push copies files"}},
	"O":           {{"option", "use -o KEY=VALUE"}},
	"P":           {{"output", "--output stream shows lines as they come"}},
	"pick":        {{"sample", "use --sample N"}},
	"private-key": {{"identity", "use --identity FILE"}},
	"S":           {{"ok-exit", "the exit code is 1 whenever a host failed; hail show last has the exit status of each"}},
	"t": {
		{"timeout", "--connect-timeout TIME limits how long reaching a host may take, and --timeout TIME the work there"},
		{"connect-timeout", "--connect-timeout TIME limits how long reaching a host may take"},
	},
	"u": {
		{"timeout", "-l NAME logs in as NAME; --timeout TIME limits the work on a host"},
		{"user", "-l NAME logs in as NAME"},
	},
	"w": {{"merged", "hail show RUN HOST shows one host, and hail logs RUN -w EXPR several"}},
}

// findCommand returns the command that args[0] names.
func findCommand(app *cli.App, args []string) (*cli.Command, error) {
	var names []string
	for _, c := range app.Commands {
		if c.HasName(args[0]) {
			return c, nil
		}
		names = append(names, c.Name)
	}
	var hint string
	near := inventory.Nearest(args[0], names)
	command := slices.IndexFunc(args, func(a string) bool { return slices.Contains(names, a) })
	switch {
	case near != "":
		hint = fmt.Sprintf("did you mean hail %s?", near)
	case command > 0 && strings.HasPrefix(args[0], "-"):
		hint = fmt.Sprintf("options go after the command: hail %s %s …", args[command], args[0])
	default:
		hint = "hail help lists the commands"
	}
	return nil, usage(hint, "there is no command %q", args[0])
}

// The words for a value that the library can't parse.
const (
	noNumber = "not a whole number"
	noBool   = "neither true nor false"
)

// flagError rewords the library's error for a value that it can't parse.
func flagError(c *cli.Context, err error, _ bool) error {
	text := err.Error()
	if rest, ok := strings.CutPrefix(text, "invalid value "); ok {
		value, rest, _ := strings.Cut(rest, " for flag -")
		name, _, _ := strings.Cut(rest, ":")
		var hint string
		if name == "limit" && hasOption(c.Command, "target") { // Ansible's takes names
			hint = "--limit N takes the first N of the hosts; -w selects hosts by name"
		}
		return wrongValue(name, hint, "%s is %s", value, noNumber)
	}
	if rest, ok := strings.CutPrefix(text, "invalid boolean value "); ok {
		value, rest, _ := strings.Cut(rest, " for -")
		name, _, _ := strings.Cut(rest, ":")
		return wrongValue(name, "", "%s is %s", value, noBool)
	}
	return usage("", "%s", text)
}

// noArguments returns an error when a command that takes only options has arguments.
func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		hint := ""
		if _, examples := descriptionOf(c.Command); examples != "" {
			hint = "hail help " + c.Command.Name + " has examples"
		}
		if hasOption(c.Command, "target") {
			hint = fmt.Sprintf("name hosts with an option: -w '%s'", c.Args().First())
		}
		return usage(hint, "hail %s takes no argument %q", c.Command.Name, c.Args().First())
	}
	return nil
}

func hasOption(cmd *cli.Command, name string) bool {
	return slices.ContainsFunc(cmd.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

// dashed returns the name of an option as it is written on the command line.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
