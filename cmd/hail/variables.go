package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner"
)

// remarkVariables prints a note for each variable $HAIL_… that looks as if it should set something, and does not: one whose
// name is almost that of a setting, or that of an option that only the command line has. Others may be somebody's own, or
// are set by hail for commands, which may call it in turn; those of --secret-env have an effect, whatever their names.
func (e environment) remarkVariables(c *cli.Context) {
	settings, options := []string{runsVariable}, []string(nil)
	for name := range settable() {
		settings = append(settings, variableOf(name))
	}
	for _, f := range c.Command.Flags {
		options = append(options, variableOf(f.Names()[0]))
	}
	if !slices.ContainsFunc(options, func(o string) bool { return slices.Contains(settings, o) }) {
		return // settings have no effect on this command at all
	}
	slices.Sort(settings)
	used := slices.Concat(settings, c.StringSlice("secret-env"))
	for _, v := range slices.Sorted(slices.Values(e.environ)) {
		name, _, _ := strings.Cut(v, "=")
		suffix, ours := strings.CutPrefix(name, variableOf(""))
		if !ours || e.getenv(name) == "" || !runner.IsVariable(name) || slices.Contains(used, name) || setForCommands(suffix) {
			continue
		}
		text := "$" + name + " has no effect"
		if slices.Contains(options, name) {
			e.remark(c, &inventory.Error{Text: text + ": only the command line has --" + strings.ToLower(strings.ReplaceAll(suffix, "_", "-"))})
		} else if near := nearestVariable(suffix, settings); near != "" {
			e.remark(c, &inventory.Error{Text: text + ": did you mean $" + near + "?"})
		}
	}
}

// setForCommands reports whether hail itself sets the variable with this name after HAIL_.
func setForCommands(suffix string) bool {
	return slices.Contains([]string{"HOST", "RUN", "INDEX"}, suffix) || strings.HasPrefix(suffix, "VAR_")
}

// nearestVariable leaves out what all the names have in common, which would make short ones too much alike.
func nearestVariable(suffix string, variables []string) string {
	prefix := variableOf("")
	suffixes := make([]string, len(variables))
	for i, v := range variables {
		suffixes[i] = strings.TrimPrefix(v, prefix)
	}
	if near := inventory.Nearest(suffix, suffixes); near != "" {
		return prefix + near
	}
	return ""
}
