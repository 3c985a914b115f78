package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/inventory/strictyaml"
)

// Where options have their values from, in rising precedence:
//
//	built-in < ~/.config/hail/config.yaml < settings: in ./hail.yaml < $HAIL_… < the command line

// setting is a value for an option that the command line does not name.
type setting struct {
	option string
	values []string
	from   string // file:line:col, or the variable
}

// settable are the options that settings may hold: how things are done, and not what is done, or to whom.
func settable() map[string]bool {
	names := map[string]bool{"inventory": true, "secret-vars": true, "timeout": true, "grace": true, "confirm-above": true}
	for _, f := range slices.Concat(connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()) {
		names[f.Names()[0]] = true
	}
	for _, name := range []string{"dry-run", "name", "ask-pass", "retry-failed", "gate"} {
		delete(names, name)
	}
	return names
}

// ownOnly are settings that a folder which hail happens to be started in, one that was just downloaded say, must not have.
var ownOnly = []string{"inventory", "option", "ssh-config", "ask-ssh", "allow-exec", "control", "pass-command", "host-keys", "report", "runs-dir", "keep-runs", "confirm-above"}

// settings reads the files and the environment; a later setting goes before an earlier one.
func (e environment) settings() (all []setting, err error) {
	known := settable()
	mine, err := readSettings(filepath.Join(e.configDir(), "config.yaml"), known, false)
	if err != nil {
		return nil, err
	}
	here, err := readSettings(projectFile, known, true)
	if err != nil {
		return nil, err
	}
	all = append(mine, here...)
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if value := e.getenv(variableOf(name)); value != "" {
			all = append(all, setting{name, []string{value}, "$" + variableOf(name)})
		}
	}
	return all, nil
}

// variableOf is the environment's name for an option.
func variableOf(option string) string {
	return "HAIL_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}

// projectFile may lie in the current folder, with an inventory and settings.
const projectFile = "hail.yaml"

// readSettings reads the settings in a file, which need not be there: the whole of it, or what stands below settings.
func readSettings(path string, known map[string]bool, below bool) (all []setting, err error) {
	text, err := inventory.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var root *strictyaml.Node
	if err == nil {
		root, err = parseSettings(text)
	}
	if below {
		if err != nil { // who reads it as an inventory tells what is wrong
			return nil, nil
		}
		if root = root.Get("settings"); root == nil {
			return nil, nil
		}
		if err := ownedByUs(path); err != nil {
			return nil, err
		}
	}
	at := func(n *strictyaml.Node) inventory.Place { return inventory.Place{File: path, Line: n.Line, Col: n.Col} }
	var wrong *strictyaml.Error
	switch {
	case errors.As(err, &wrong):
		return nil, &inventory.Error{Place: inventory.Place{File: path, Line: wrong.Line, Col: wrong.Col}, Text: wrong.Text, Hint: wrong.Hint}
	case err != nil:
		return nil, usage("", "%s: %v", path, err)
	case root.Kind != strictyaml.Map && root.Kind != strictyaml.Null:
		return nil, &inventory.Error{Place: at(root), Text: "settings have to be a mapping", Hint: "fanout: 50"}
	}
	for _, p := range root.Pairs {
		name := strings.ReplaceAll(p.Key.Text, "_", "-")
		if !known[name] {
			e := unknownWord("a setting", p.Key.Text, slices.Sorted(maps.Keys(known)))
			e.Place = at(p.Key)
			return nil, e
		}
		if below && slices.Contains(ownOnly, name) {
			return nil, &inventory.Error{Place: at(p.Key), Text: p.Key.Text + " is not for a folder to decide: it can run programs, overwrite files, or let go of host keys",
				Hint: "it may stand in ~/.config/hail/config.yaml, in $" + variableOf(name) + " and on the command line"}
		}
		s := setting{option: name, from: at(p.Value).String()}
		items := p.Value.Items
		if p.Value.Kind == strictyaml.Scalar {
			items = []*strictyaml.Node{p.Value}
		}
		for _, item := range items {
			s.values = append(s.values, item.Text)
		}
		if len(s.values) == 0 {
			return nil, &inventory.Error{Place: at(p.Value), Text: p.Key.Text + ": this has to be a text, or a list of them"}
		}
		all = append(all, s)
	}
	return all, nil
}

func parseSettings(text []byte) (*strictyaml.Node, error) {
	doc, err := strictyaml.Parse(text)
	if err != nil {
		return nil, err
	}
	return doc.Strict()
}

// applySettings gives the options their values that the command line does not, and returns those that came to count.
func applySettings(c *cli.Context, all []setting) (applied []setting, err error) {
	given := map[string]bool{} // whether it is, for each option of the command
	wrong := map[string]string{}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		given[name], wrong[name] = false, noNumber
		if d, ok := f.(cli.DocGenerationFlag); ok && !d.TakesValue() {
			wrong[name] = noBool
		}
	}
	for _, name := range c.LocalFlagNames() { // asking for each of them is quadratic in the library
		given[name] = true
	}
	for _, s := range slices.Backward(all) {
		if taken, ours := given[s.option]; taken || !ours {
			continue
		}
		given[s.option] = true
		for _, value := range s.values {
			if err := c.Set(s.option, value); err != nil {
				return nil, usage("", "%s: --%s: %q is %s", s.from, s.option, value, wrong[s.option])
			}
		}
		applied = append(applied, s)
	}
	slices.SortFunc(applied, func(a, b setting) int { return strings.Compare(a.option, b.option) })
	return applied, nil
}

// appliedSettings are those that came to count for a command.
func appliedSettings(c *cli.Context) []setting {
	applied, _ := c.App.Metadata[metaSettings].([]setting)
	return applied
}

// isApplied says whether an option has its value from a setting.
func isApplied(c *cli.Context, option string) bool {
	return slices.ContainsFunc(appliedSettings(c), func(s setting) bool { return s.option == option })
}

// isGiven says whether the command line names an option.
func isGiven(c *cli.Context, option string) bool { return c.IsSet(option) && !isApplied(c, option) }

// withOrigin says of a wrong value where it comes from, if nobody has typed it.
func withOrigin(c *cli.Context, err error) error {
	wrong, ok := err.(*usageError)
	if !ok || wrong.option == "" {
		return err
	}
	for _, s := range appliedSettings(c) {
		if s.option == wrong.option {
			wrong.text = s.from + ": " + wrong.text
		}
	}
	return wrong
}

// origins are the options that shape a run and are not at their built-in value, with where they have it from.
func origins(c *cli.Context) []setting {
	all := slices.Clone(appliedSettings(c))
	for name := range settable() {
		if isGiven(c, name) {
			all = append(all, setting{name, valuesOf(c, name), "the command line"})
		}
	}
	slices.SortFunc(all, func(a, b setting) int { return strings.Compare(a.option, b.option) })
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
