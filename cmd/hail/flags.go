package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// The options, in the groups in which help shows them. A name in back quotes is that of the value.

func targetFlags() []cli.Flag {
	const c = "Hosts"
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "inventory", Aliases: []string{"i"}, Category: c, Usage: "`SOURCE` of hosts: a file, program or folder, - or FORMAT:FILE (default: $HAIL_INVENTORY, ./hail.yaml, ~/.config/hail/inventory.yaml)"},
		&cli.StringSliceFlag{Name: "target", Aliases: []string{"w"}, Category: c, Usage: "`EXPR` of hosts: web[01-20], @group, a,b, a!b, a&b, db*, role=web, run:last/failed, ^FILE"},
		&cli.StringSliceFlag{Name: "group", Aliases: []string{"g"}, Category: c, Usage: "`GROUP` of the inventory, the same as -w @GROUP"},
		&cli.StringSliceFlag{Name: "exclude", Aliases: []string{"x"}, Category: c, Usage: "`EXPR` of hosts to leave out"},
		&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Category: c, Usage: "all hosts of the inventory"},
		&cli.StringSliceFlag{Name: "ansible-pattern", Category: c, Usage: "`PATTERN` as ansible reads it: 'web:&prod:!db'"},
		&cli.BoolFlag{Name: "any-host", Category: c, Usage: "take names that the inventory does not have"},
		&cli.StringFlag{Name: "one-per", Category: c, Usage: "of these, one host for each value of `VAR`"},
		&cli.StringFlag{Name: "shard", Category: c, Usage: "`K/N`, of these the K-th of N equal parts"},
		&cli.IntFlag{Name: "sample", Category: c, Usage: "of these, `N` by chance"},
		&cli.Uint64Flag{Name: "seed", Category: c, Usage: "`N`, to draw the same sample again"},
		&cli.IntFlag{Name: "limit", Category: c, Usage: "of these, the first `N`"},
		&cli.StringSliceFlag{Name: "set", Category: c, Usage: "`VAR=VALUE` for all of them, whatever the inventory says"},
		&cli.StringSliceFlag{Name: "secret-vars", Category: c, Usage: "never show or record vars like `GLOB` (always: " + strings.Join(inventory.SecretVars, " ") + ")"},
	}
}

func surroundingsFlags() []cli.Flag {
	const c = "Command"
	return []cli.Flag{
		&cli.StringFlag{Name: "chdir", Category: c, Usage: "run it in `DIR`"},
		&cli.StringSliceFlag{Name: "env", Category: c, Usage: "`NAME=VALUE` for its environment"},
		&cli.StringSliceFlag{Name: "env-file", Category: c, Usage: "likewise, lines of a `FILE`"},
		&cli.BoolFlag{Name: "export-vars", Category: c, Usage: "the vars of each host as $HAIL_VAR_NAME, without secret ones"},
		&cli.StringSliceFlag{Name: "secret-env", Category: c, Usage: "variable `NAME` of our environment, which is shown and recorded nowhere"},
		&cli.StringFlag{Name: "stdin", Category: c, Usage: "`FILE`, or -, that every host gets as input"},
		&cli.StringFlag{Name: "stdin-dir", Category: c, Usage: "`DIR` with a file for each host, by its name"},
		&cli.StringFlag{Name: "ok-exit", Category: c, Usage: "exit statuses that are accepted, with commas (`LIST`, default: 0)"},
	}
}

func becomeFlags() []cli.Flag {
	const c = "As another user"
	return []cli.Flag{
		&cli.BoolFlag{Name: "sudo", Category: c, Usage: "run it as root, by sudo"},
		&cli.StringFlag{Name: "sudo-user", Category: c, Usage: "as `USER`, and not as root"},
		&cli.BoolFlag{Name: "doas", Category: c, Usage: "by doas instead, which has to want no password (nopass)"},
		&cli.BoolFlag{Name: "ask-sudo-pass", Aliases: []string{"K"}, Category: c, Usage: "ask for the password of sudo, once"},
		&cli.StringFlag{Name: "sudo-pass-command", Category: c, Usage: "the first line that `CMD` prints is that password"},
	}
}

func connectionFlags() []cli.Flag { return slices.Concat(reachFlags(), loginFlags()) }

// reachFlags say how to get to a host, as far as its key.
func reachFlags() []cli.Flag {
	const c = "Connection"
	return []cli.Flag{
		&cli.StringFlag{Name: "user", Aliases: []string{"l"}, Category: c, Usage: "log in as `NAME`"},
		&cli.IntFlag{Name: "port", Aliases: []string{"p"}, Category: c, Usage: "`N`, the port of sshd"},
		&cli.StringFlag{Name: "jump", Aliases: []string{"J"}, Category: c, Usage: "reach the hosts over `HOST`; several with commas"},
		&cli.StringFlag{Name: "ssh-config", Aliases: []string{"F"}, Category: c, Usage: "read this ssh_config `FILE` alone, or none (default: ~/.ssh/config, /etc/ssh/ssh_config)"},
		&cli.StringSliceFlag{Name: "option", Aliases: []string{"o"}, Category: c, Usage: "`KEY=VALUE` of ssh_config, before all its files"},
		&cli.BoolFlag{Name: "ask-ssh", Category: c, Usage: "let ssh -G say what ssh_config means, and run what it asks for: for what hail does not take"},
		&cli.StringFlag{Name: "control", Category: c, Usage: "go through the running OpenSSH master at this `SOCKET`: a jump host, or with %h or %C in it the host itself"},
		&cli.BoolFlag{Name: "allow-exec", Category: c, Usage: "let ssh_config (Match exec) and inventories (ProxyCommand) run programs"},
		&cli.StringSliceFlag{Name: "known-hosts", Category: c, Usage: "known_hosts `FILE`"},
		&cli.StringFlag{Name: "host-keys", Category: c, Usage: "`WORD` for unknown host keys: strict, accept-new or off (default: strict, or what ssh_config says)"},
		&cli.StringFlag{Name: "connect-timeout", Category: c, Value: "10s", Usage: "`TIME` for reaching a host, login included"},
	}
}

// loginFlags say what a host gets to let us in.
func loginFlags() []cli.Flag {
	const c = "Connection"
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "identity", Category: c, Usage: "private key `FILE`"},
		&cli.BoolFlag{Name: "ask-pass", Category: c, Usage: "ask for a password to log in with, once"},
		&cli.StringFlag{Name: "pass-command", Category: c, Usage: "the first line that `CMD` prints is that password"},
		passRefusalsFlag(),
	}
}

func passRefusalsFlag() cli.Flag {
	return &cli.IntFlag{Name: "pass-refusals", Category: "Connection", Value: 3, Usage: "give a password up that `N` hosts have refused before any has accepted it; 0: never"}
}

// atOnceFlags say how much happens at once, whatever it is.
func atOnceFlags() []cli.Flag {
	const c = "Limits"
	return []cli.Flag{
		&cli.IntFlag{Name: "fanout", Aliases: []string{"f"}, Category: c, Usage: "`N` hosts at once (default: all, up to 256 and what the open-file limit and memory allow)"},
		&cli.IntFlag{Name: "connecting", Category: c, Value: 64, Usage: "`N` logins at once (default: 64, and more while they are quick)"},
		&cli.IntFlag{Name: "per-address", Category: c, Value: 8, Usage: "`N` logins at once at one address"},
	}
}

func limitFlags() []cli.Flag {
	const c = "Limits"
	return append(atOnceFlags(), []cli.Flag{
		&cli.StringFlag{Name: "per", Category: c, Usage: "at most N hosts at once with the same value of VAR (`VAR=N`)"},
		&cli.StringFlag{Name: "rate", Category: c, Usage: "start at most so many hosts a second: `N/s`, N/m or N/h"},
		&cli.StringFlag{Name: "splay", Category: c, Usage: "start each host after a random part of `TIME`"},
		&cli.StringFlag{Name: "run-timeout", Category: c, Usage: "`TIME` for the whole run (default: none)"},
	}...)
}

// retryFlags are for what is worth trying again: all but ping, which tells how it is.
func retryFlags() []cli.Flag {
	const c = "Limits"
	return []cli.Flag{
		&cli.IntFlag{Name: "retries", Category: c, Value: 2, Usage: "try a host again that was not reached for a reason that may pass, up to `N` times"},
		&cli.StringFlag{Name: "retry-delay", Category: c, Value: "1s", Usage: "`TIME` before the first of them; it doubles"},
		&cli.IntFlag{Name: "retry-failed", Category: c, Usage: "run it again on hosts where it failed or timed out, up to `N` times: say so only where that is safe (default: 0)"},
		&cli.StringFlag{Name: "serial", Category: c, Usage: "in waves of these `SIZES`: 1,10%,100% is one host, then a tenth, then the rest"},
		&cli.StringFlag{Name: "pause", Category: c, Usage: "`TIME` between waves"},
		&cli.StringFlag{Name: "gate", Category: c, Usage: "between waves, run `CMD` here with the wave's result as JSON on its input; when it fails, the run stops"},
		&cli.StringFlag{Name: "max-fail", Category: c, Usage: "start nothing more when over `N` hosts, or N%, have failed (default: no limit)"},
		&cli.StringFlag{Name: "max-unreachable", Category: c, Usage: "likewise for hosts that were not reached, `N` or N%"},
		&cli.StringFlag{Name: "on-budget", Category: c, Value: "finish", Usage: "`WORD` for what runs then: finish or cancel"},
	}
}

// commandFlags are for what runs any command: a push and a fetch bring commands of their own, under the wrapper.
func commandFlags() []cli.Flag {
	const c = "Command"
	return slices.Concat(endingFlags(), []cli.Flag{
		&cli.BoolFlag{Name: "tty", Category: c, Usage: "give the command a terminal; its output and its errors come as one"},
		&cli.BoolFlag{Name: "no-wrap", Category: c, Usage: "send the bare command: for network gear and forced commands. Nothing ends it then when its time is up"},
	})
}

// endingFlags say when and how a command is ended.
func endingFlags() []cli.Flag {
	const c = "Command"
	return []cli.Flag{
		&cli.StringFlag{Name: "timeout", Category: c, Usage: "`TIME` for the command on one host (default: none)"},
		&cli.StringFlag{Name: "grace", Category: c, Value: "5s", Usage: "`TIME` between ending a command and killing it"},
	}
}

func confirmFlags() []cli.Flag {
	const c = "Command"
	return []cli.Flag{
		&cli.IntFlag{Name: "confirm-above", Category: c, Value: 50, Usage: "ask before running on more than `N` hosts from a terminal"},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Category: c, Usage: "do not ask"},
	}
}

// gatherFlags say how results are laid out.
func gatherFlags() []cli.Flag {
	const c = "Output"
	return []cli.Flag{
		&cli.BoolFlag{Name: "alike", Category: c, Usage: "what differs only by a host's own name, address or vars is the same"},
		&cli.BoolFlag{Name: "diff-groups", Category: c, Usage: "show the largest group, and of others what differs from it"},
		&cli.StringFlag{Name: "color", Category: c, Value: "auto", Usage: "`WHEN`, when to colour: auto, always or never"},
	}
}

func gathering(c *cli.Context) report.Gathering {
	return report.Gathering{Alike: c.Bool("alike"), Diff: c.Bool("diff-groups")}
}

func columnsFlag() cli.Flag {
	return &cli.StringFlag{Name: "columns", Category: "Output", Usage: "a table of the output: NAME=EXPR with commas are jq expressions over JSON, other `NAMES` the fields of a line, vars.NAME a var of the host"}
}

// columnsOf reads --columns; nil when it is not said.
func columnsOf(c *cli.Context) (*report.Columns, error) {
	if !c.IsSet("columns") {
		return nil, nil
	}
	columns, err := report.ParseColumns(c.String("columns"))
	if err != nil {
		return nil, wrongValue("columns", "--columns 'kernel=.kernel,cpu=.load[0]', or --columns size,name", "%v", err)
	}
	return columns, nil
}

func outputFlags() []cli.Flag {
	const c = "Output"
	return append([]cli.Flag{
		&cli.StringFlag{Name: "output", Category: c, Usage: "`MODE`, what to show: gather, stream, host, jsonl, none, or a report format such as json or csv; two with a comma (default: gather; stream for one host)"},
		&cli.StringFlag{Name: "progress", Category: c, Value: "auto", Usage: "`WHEN`, when to tell how it goes: auto, always or never"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: c, Usage: "results, and what went wrong: no talk"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Category: c, Usage: "tell each step on the way to a host"},
		&cli.BoolFlag{Name: "debug", Aliases: []string{"vv"}, Category: c, Usage: "and what the protocol does"},
		&cli.BoolFlag{Name: "dry-run", Category: c, Usage: "show what would be done, and do nothing"},
		columnsFlag(),
	}, gatherFlags()...)
}

func recordFlags() []cli.Flag {
	const c = "Record"
	return []cli.Flag{
		runsDirFlag(),
		&cli.StringFlag{Name: "name", Category: c, Usage: "`NAME` for the run"},
		&cli.StringSliceFlag{Name: "report", Category: c, Usage: "write a report when it has ended, `FORMAT=PATH`: " + formatNames()},
		&cli.StringFlag{Name: "max-output", Category: c, Usage: "keep `SIZE` of each output, its beginning and its end: 64MiB (default: all)"},
		&cli.IntFlag{Name: "keep-runs", Category: c, Value: 200, Usage: "keep the newest `N` records, and those with a name; 0: all"},
	}
}

func runsDirFlag() cli.Flag {
	return &cli.StringFlag{Name: "runs-dir", Category: "Record", Usage: "`DIR` of the records (default: $HAIL_RUNS, ~/.local/state/hail/runs)"}
}

func (e environment) runsDir(c *cli.Context) string {
	return cmp.Or(c.String("runs-dir"), e.defaultRunsDir())
}

func (e environment) defaultRunsDir() string {
	return cmp.Or(e.getenv("HAIL_RUNS"), filepath.Join(e.stateDir(), "runs"))
}

// duration reads an option that is a time.
func duration(c *cli.Context, name string) (inventory.Duration, error) {
	text := c.String(name)
	if text == "" {
		return 0, nil
	}
	var d inventory.Duration
	if err := d.UnmarshalText([]byte(text)); err != nil {
		return 0, wrongValue(name, "write it with its unit: 10s, 500ms, 5m, 2h, 30d", "%q is not a time", text)
	}
	return d, nil
}

// wordsIn are the words in the values of an option, with commas or blanks between them; nil: none.
func wordsIn(values ...string) (all []string) {
	for _, v := range values {
		all = append(all, strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	return all
}

// choices are the words that an option takes, for those that take one of some.
var choices = map[string][]string{
	"color":     {"auto", "always", "never"},
	"progress":  {"auto", "always", "never"},
	"host-keys": {"strict", "accept-new", "off"},
	"on-budget": {"finish", "cancel"},
	"severity":  {string(runner.Minor), string(runner.Major), string(runner.Critical)},
}

// oneOf reads an option that takes one of its choices.
func oneOf(c *cli.Context, name string) (string, error) { return oneOfThese(c, name, choices[name]) }

func oneOfThese(c *cli.Context, name string, words []string) (string, error) {
	v := c.String(name)
	if v == "" || slices.Contains(words, v) {
		return v, nil
	}
	return "", notKnown(name, v, words)
}

// notKnown is the error for a value of an option that takes some words, and not this one.
func notKnown(option, word string, words []string) error {
	return wrongValue(option, takes(word, words), "%q is not known", word)
}

// takes is the hint for a word that is none of those that are taken.
func takes(word string, words []string) string {
	return cmp.Or(inventory.DidYouMean(word, words), "it takes "+joinWords(words))
}

func joinWords(words []string) (s string) {
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			s += " or "
		default:
			s += ", "
		}
		s += w
	}
	return s
}

// positive checks the options that count something.
func positive(c *cli.Context, names ...string) error {
	for _, name := range names {
		if c.IsSet(name) && c.Int(name) < 1 {
			return wrongValue(name, "", "%d is not a number above 0", c.Int(name))
		}
	}
	return nil
}
