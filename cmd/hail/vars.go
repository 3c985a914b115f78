package main

import (
	"path"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
)

// varsOf reads --set. Values are written as in YAML: 5 is a number, true is a boolean.
func varsOf(c *cli.Context) (map[string]any, error) {
	vars := map[string]any{}
	for _, text := range c.StringSlice("set") {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, wrongValue("set", "for example --set role=web", "%q is not VAR=VALUE", text)
		}
		if key, ok := inventory.AnsibleSetting(name); ok {
			return nil, wrongValue("set", insteadOfSet[key], "%s is not a var: it says how a host is reached", name)
		}
		vars[name] = inventory.ParseValue(value)
	}
	return vars, nil
}

// insteadOfSet are the options for what Ansible sets with a var.
var insteadOfSet = map[string]string{
	"user":              "-l NAME logs in as NAME",
	"port":              "use -p N",
	"identity":          "use --identity FILE",
	"password":          "--ask-pass asks for the login password, and --ask-sudo-pass for that of sudo",
	"become":            "--sudo runs commands as root; --sudo=false runs commands as the user who logs in",
	"become_user":       "use --sudo-user USER",
	"become_method":     "use --sudo or --doas",
	"connect_timeout":   "use --connect-timeout TIME",
	"options":           "use -o KEY=VALUE",
	"host_key_checking": "use --host-keys WORD",
}

// secretVars returns the patterns of the names of vars that are never shown: those of the command line and of all settings.
func secretVars(c *cli.Context) ([]string, error) {
	all := slices.Clone(inventory.SecretVars)
	for _, s := range append(slices.Clone(appliedSettings(c)), setting{secretVarsOption, c.StringSlice(secretVarsOption), ""}) {
		if s.option != secretVarsOption {
			continue
		}
		place := strings.TrimPrefix(s.from+": "+dashed(secretVarsOption), ": ")
		for _, v := range s.values {
			patterns := wordsIn(v)
			if len(patterns) == 0 { // as from an unset shell variable: nothing would be hidden
				return nil, usage("", "%s: a pattern is missing", place)
			}
			for _, p := range patterns {
				if _, err := path.Match(p, ""); err != nil {
					return nil, usage("", "%s: %q is not a pattern", place, p)
				}
			}
			all = append(all, patterns...)
		}
	}
	return all, nil
}

// redacted returns the hosts as they are shown and recorded: without the values of secret vars.
func redacted(c *cli.Context, hosts []inventory.Host) ([]inventory.Host, error) {
	secret, err := secretVars(c)
	if err != nil {
		return nil, err
	}
	shown := make([]inventory.Host, len(hosts))
	for i, h := range hosts {
		shown[i] = h.Redact(secret)
	}
	return shown, nil
}

// recordedArgs returns args without the values that --set gives to secret vars, or target expressions compare with them.
func recordedArgs(args []string, c *cli.Context, secret []string) []string {
	args = slices.Clone(args)
	replace := func(given, recorded string) {
		for i, a := range args {
			if before, ok := strings.CutSuffix(a, given); ok && given != recorded && (before == "" || before[0] == '-') {
				args[i] = before + recorded
			}
		}
	}
	for _, set := range c.StringSlice("set") {
		if name, _, _ := strings.Cut(set, "="); isSecret(name, secret) {
			replace(set, name+"="+inventory.Redacted)
		}
	}
	exprs := slices.Concat(c.StringSlice("target"), c.StringSlice("exclude"))
	if c.Command.Name == "replay" {
		exprs = append(exprs, c.Args().Get(1)) // may be an expression, too
	}
	for _, expr := range exprs {
		replace(expr, inventory.RedactTarget(expr, func(name string) bool { return isSecret(name, secret) }))
	}
	return args
}

func isSecret(name string, patterns []string) bool {
	return redactedVar(name, "", patterns) == inventory.Redacted
}

// redactedVar returns the value of one var as it is shown.
func redactedVar(name string, value any, patterns []string) any {
	return inventory.Host{Vars: map[string]any{name: value}}.Redact(patterns).Vars[name]
}
