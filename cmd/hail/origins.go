package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner/sshconn"
)

// Who gave an option its value: a setting, or the command line.

// appliedSettings returns the settings that were applied to a command.
func appliedSettings(c *cli.Context) []setting {
	applied, _ := c.App.Metadata[metaSettings].([]setting)
	return applied
}

// cameFrom returns where the setting comes from that gave an option its value; "" if none did.
func cameFrom(c *cli.Context, option string) string {
	for _, s := range appliedSettings(c) {
		if s.option == option && option != secretVarsOption {
			return s.from
		}
	}
	return ""
}

// isGiven reports whether the command line names an option.
func isGiven(c *cli.Context, option string) bool { return c.IsSet(option) && cameFrom(c, option) == "" }

// withOrigin adds to the error about a wrong value where the value comes from, unless it is from the command line.
func withOrigin(c *cli.Context, err error) error {
	if wrong, ok := err.(*usageError); ok {
		if from := cameFrom(c, wrong.option); from != "" {
			wrong.text = from + ": " + wrong.text
		}
	}
	return err
}

// withSourceOrigin adds to the errors about a whole source of hosts, such as a wrong name, which setting names it, if one does.
func withSourceOrigin(c *cli.Context, err error) error {
	all, _ := errors.AsType[inventory.Errors](err)
	if from := cameFrom(c, "inventory"); from != "" {
		for _, wrong := range all {
			if wrong.Place.Line == 0 {
				wrong.Place.File = from + ": " + wrong.Place.File
			}
		}
	}
	return err
}

// withFileOrigin adds to the error about a key or known_hosts which setting names the file, if one does.
func withFileOrigin(c *cli.Context, err error) error {
	if wrong, ok := errors.AsType[*sshconn.FileError](err); ok {
		for _, option := range []string{"identity", "known-hosts"} {
			if slices.Contains(c.StringSlice(option), wrong.Path) {
				return &usageError{text: wrong.Error(), option: option}
			}
		}
	}
	return err
}

// origins returns the options about how things are done that a setting or the command line has set, and where their values
// come from.
func origins(c *cli.Context) []setting {
	all := slices.Clone(appliedSettings(c))
	for name := range settable() {
		if isGiven(c, name) {
			all = append(all, setting{name, valuesOf(c, name), "the command line"})
		}
	}
	slices.SortStableFunc(all, func(a, b setting) int { return strings.Compare(a.option, b.option) })
	return all
}

func valuesOf(c *cli.Context, name string) []string {
	if list, ok := c.Value(name).(cli.StringSlice); ok {
		return list.Value()
	}
	return []string{fmt.Sprint(c.Value(name))}
}

func (s setting) String() string {
	return fmt.Sprintf("--%s %s from %s", s.option, strings.Join(s.values, " "), s.from)
}
