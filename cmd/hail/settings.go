package main

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/inventory/strictyaml"
)

// Where options get their values from, in rising precedence:
//
//	built-in < ~/.config/hail/config.yaml < settings: in ./hail.yaml < $HAIL_… < the command line

// setting is the value of an option, and where it comes from.
type setting struct {
	option string
	values []string
	from   string // file:line:col, the variable or the command line
}

// settable returns the options that settings may set: those about how things are done, not about what is done or where.
func settable() map[string]bool {
	names := map[string]bool{"inventory": true, "secret-vars": true, "timeout": true, "grace": true, "confirm-above": true}
	for _, f := range slices.Concat(connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()) {
		names[f.Names()[0]] = true
	}
	for _, name := range []string{"dry-run", "name", "ask-pass", "retry-failed", "gate", "columns"} { // columns are those of one command
		delete(names, name)
	}
	return names
}

// ownOnly are the settings that hail.yaml in the current folder must not contain: hail may be started in a folder that was
// just downloaded.
var ownOnly = []string{"inventory", "option", "ssh-config", "ask-ssh", "allow-exec", "control", "pass-command", "pass-refusals", "host-keys", "known-hosts", "report", "runs-dir", "keep-runs", "confirm-above"}

// settings reads the settings in files and the environment. Later ones override earlier ones.
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
		variable := variableOf(name)
		if variable == "HAIL_RUNS_DIR" && e.getenv(variable) == "" {
			variable = runsVariable
		}
		if value := e.getenv(variable); value != "" {
			all = append(all, setting{name, []string{value}, "$" + variable})
		}
	}
	for _, s := range all {
		end, names := namingFiles[s.option]
		if !names {
			continue
		}
		for i, value := range s.values {
			format, path := cutFormat(value, end)
			if path, err = e.sshLocal().InHome(path); err != nil {
				return nil, usage("", "%s: --%s: %v", s.from, s.option, err)
			}
			s.values[i] = format + path
		}
	}
	return all, nil
}

// namingFiles are the settings that are paths, with what ends the name of a format before the path. A path may begin with
// ~, which a shell replaces only on a command line.
var namingFiles = map[string]string{"inventory": ":", "identity": "", "known-hosts": "", "ssh-config": "", "runs-dir": "", "report": "="}

// cutFormat splits a value into the format before its path, with what ends it, and the path. A path alone may contain end.
func cutFormat(value, end string) (format, path string) {
	if i := strings.Index(value, end); end != "" && i >= 0 && !strings.Contains(value[:i], "/") {
		return value[:i+len(end)], value[i+len(end):]
	}
	return "", value
}

// runsVariable is a shorter name for that of --runs-dir.
const runsVariable = "HAIL_RUNS"

// variableOf returns the environment variable for an option.
func variableOf(option string) string {
	return "HAIL_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}

// projectFile is a file in the current folder that may hold an inventory, settings, or both.
const projectFile = "hail.yaml"

// readSettings reads the settings in a file, if it exists: the whole file or, with below, what is under its key settings.
func readSettings(path string, known map[string]bool, below bool) (all []setting, err error) {
	root, err := settingsNode(path, below)
	if err != nil || root == nil {
		return nil, err
	}
	at := func(n *strictyaml.Node) inventory.Place { return inventory.Place{File: path, Line: n.Line, Col: n.Col} }
	if root.Kind != strictyaml.Map && root.Kind != strictyaml.Null {
		return nil, &inventory.Error{Place: at(root), Text: "settings have to be a mapping", Hint: "for example fanout: 50"}
	}
	for _, p := range root.Pairs {
		name := strings.ReplaceAll(p.Key.Text, "_", "-")
		if !known[name] {
			e := unknownWord("a setting", p.Key.Text, slices.Sorted(maps.Keys(known)))
			e.Place = at(p.Key)
			if name == "settings" {
				e.Hint = "only a hail.yaml has settings below that key: here they stand at the top"
			}
			return nil, e
		}
		if below && slices.Contains(ownOnly, name) {
			return nil, &inventory.Error{Place: at(p.Key), Text: p.Key.Text + " can't be set in the hail.yaml of the current folder: it could run programs, overwrite files, lock accounts or weaken the checks of host keys",
				Hint: "set it in ~/.config/hail/config.yaml, in $" + variableOf(name) + " or on the command line"}
		}
		values := textsIn(p.Value)
		if values == nil {
			return nil, &inventory.Error{Place: at(p.Value), Text: p.Key.Text + ": the value has to be a text or a list of texts"}
		}
		all = append(all, setting{name, values, at(p.Value).String()})
	}
	return all, nil
}

// textsIn returns a text alone, or the texts in a list; nil for anything else.
func textsIn(value *strictyaml.Node) (texts []string) {
	if value.Kind == strictyaml.Scalar {
		return []string{value.Text}
	}
	for _, item := range value.Items {
		if item.Kind != strictyaml.Scalar {
			return nil
		}
		texts = append(texts, item.Text)
	}
	return texts
}

// settingsNode returns the settings in a file; nil if it has none or does not exist.
func settingsNode(path string, below bool) (*strictyaml.Node, error) {
	text, err := inventory.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var root *strictyaml.Node
	if err == nil {
		root, err = parseSettings(text, below)
	}
	if below && (root != nil || err != nil) {
		if err := ownedByUs(path, "if both are yours: chmod go-w . "+path); err != nil {
			return nil, err
		}
	}
	if wrong, ok := errors.AsType[*strictyaml.Error](err); ok {
		err = &inventory.Error{Place: inventory.Place{File: path, Line: wrong.Line, Col: wrong.Col}, Text: wrong.Text, Hint: wrong.Hint}
	}
	return root, err
}

// parseSettings returns the settings in text: all of it or, with below, what is under its key settings, if there is one.
func parseSettings(text []byte, below bool) (*strictyaml.Node, error) {
	doc, err := strictyaml.Parse(text)
	if err != nil {
		return nil, err
	}
	if _, found := doc.Keys()["settings"]; below && !found { // an inventory, and perhaps one of Ansible's
		return nil, nil
	}
	root, err := doc.Strict()
	if err == nil && below {
		root = root.Get("settings")
	}
	return root, err
}

// sameAs has, for the keywords of -o, the options of the same meaning. A setting of such an option yields to an -o on the
// command line.
var sameAs = map[string]string{
	"user": "user", "port": "port", "identityfile": "identity", "userknownhostsfile": "known-hosts", "proxyjump": "jump",
	"proxycommand": "jump", "connecttimeout": "connect-timeout", "stricthostkeychecking": "host-keys",
}

// secretVarsOption is the one option to which all settings add, and which none overrides: what is secret stays so.
const secretVarsOption = "secret-vars"

// applySettings sets the options that the command line does not, and returns the settings it applied, sorted by option.
func applySettings(c *cli.Context, all []setting) (applied []setting, err error) {
	open := map[string]cli.Flag{} // the options of the command that nothing has set
	for _, f := range c.Command.Flags {
		open[f.Names()[0]] = f
	}
	for _, name := range c.LocalFlagNames() { // c.IsSet for each option is quadratic in the library
		delete(open, name)
	}
	for _, o := range c.StringSlice("option") {
		keyword, _, _ := strings.Cut(strings.Join(strings.Fields(o), "="), "=")
		delete(open, sameAs[strings.ToLower(keyword)])
	}
	for _, s := range slices.Backward(all) {
		option := open[s.option]
		if s.option == secretVarsOption && hasOption(c.Command, s.option) {
			applied = append(applied, s)
			continue
		}
		if option == nil {
			continue
		}
		delete(open, s.option)
		if _, takesList := option.(cli.DocGenerationSliceFlag); len(s.values) > 1 && !takesList {
			return nil, usage("", "%s: --%s takes one value, not a list", s.from, s.option)
		}
		for _, value := range s.values {
			if err := c.Set(s.option, value); err != nil {
				wrong := noNumber
				if !option.(cli.DocGenerationFlag).TakesValue() {
					wrong = noBool
				}
				return nil, usage("", "%s: --%s: %q is %s", s.from, s.option, value, wrong)
			}
		}
		applied = append(applied, s)
	}
	slices.SortStableFunc(applied, func(a, b setting) int { return strings.Compare(a.option, b.option) })
	return applied, nil
}
