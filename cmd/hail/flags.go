package main

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
)

// The options, in the groups in which help shows them. In a usage text, the name of the option's value is in back quotes.

func targetFlags() []cli.Flag {
	const c = "Hosts"
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "inventory", Aliases: []string{"i"}, Category: c, Usage: "read hosts from `SOURCE`: a file, program or folder, - or FORMAT:FILE (default: $HAIL_INVENTORY, ./hail.yaml, ~/.config/hail/inventory.yaml)"},
		&cli.StringSliceFlag{Name: "target", Aliases: []string{"w"}, Category: c, Usage: "select hosts by `EXPR`: web[01-20], @group, a,b, a!b, a&b, db*, role=web, run:last/failed, ^FILE"},
		&cli.StringSliceFlag{Name: "group", Aliases: []string{"g"}, Category: c, Usage: "select the hosts of `GROUP`, the same as -w @GROUP"},
		&cli.StringSliceFlag{Name: "exclude", Aliases: []string{"x"}, Category: c, Usage: "leave out the hosts of `EXPR`"},
		&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Category: c, Usage: "select all hosts of the inventory"},
		&cli.StringSliceFlag{Name: "ansible-pattern", Category: c, Usage: "select hosts by `PATTERN` as Ansible does: 'web:&prod:!db'"},
		&cli.BoolFlag{Name: "any-host", Category: c, Usage: "accept names that the inventory does not have"},
		&cli.StringFlag{Name: "one-per", Category: c, Usage: "of these, take one host for each value of `VAR`"},
		&cli.StringFlag{Name: "shard", Category: c, Usage: "`K/N`, of these, take the K-th of N equal parts"},
		&cli.IntFlag{Name: "sample", Category: c, Usage: "of these, take `N` at random"},
		&cli.Uint64Flag{Name: "seed", Category: c, Usage: "draw the same sample again, by its seed `N`"},
		&cli.IntFlag{Name: "limit", Category: c, Usage: "of these, take the first `N`"},
		&cli.StringSliceFlag{Name: "set", Category: c, Usage: "`VAR=VALUE`, set a var of all of them, whatever the inventory says"},
		&cli.StringSliceFlag{Name: "secret-vars", Category: c, Usage: "never show or record vars whose names match `GLOB` (always hidden: " + strings.Join(inventory.SecretVars, " ") + ")"},
	}
}

// surroundingsFlags are about the surroundings of a command or a script; what is one of these words.
func surroundingsFlags(what string) []cli.Flag {
	const c = "Command"
	return []cli.Flag{
		&cli.StringFlag{Name: "chdir", Category: c, Usage: "run the " + what + " in `DIR`"},
		&cli.StringSliceFlag{Name: "env", Category: c, Usage: "add `NAME=VALUE` to its environment"},
		&cli.StringSliceFlag{Name: "env-file", Category: c, Usage: "add the NAME=VALUE lines of `FILE` to its environment"},
		&cli.BoolFlag{Name: "export-vars", Category: c, Usage: "add the vars of each host as $HAIL_VAR_NAME, except secret ones"},
		&cli.StringSliceFlag{Name: "secret-env", Category: c, Usage: "pass on the local variable `NAME`; hail itself never shows or records its value"},
		&cli.StringFlag{Name: "stdin", Category: c, Usage: "give every host `FILE` as input; - is standard input"},
		&cli.StringFlag{Name: "stdin-dir", Category: c, Usage: "give each host the file in `DIR` that has its name as input"},
		&cli.StringFlag{Name: "ok-exit", Category: c, Usage: "accept the exit statuses of `LIST`, separated by commas (default: 0)"},
	}
}

func becomeFlags() []cli.Flag {
	const c = "As another user"
	return append([]cli.Flag{
		&cli.BoolFlag{Name: "sudo", Category: c, Usage: "run as root, with sudo; --sudo=false overrules an inventory that says so"},
		&cli.StringFlag{Name: "sudo-user", Category: c, Usage: "run as `USER` instead of root"},
		&cli.BoolFlag{Name: "doas", Category: c, Usage: "run with doas, which must not ask for a password (nopass)"},
	}, sudoPasswordFlags("ask for the sudo password, once")...)
}

func sudoPasswordFlags(ask string) []cli.Flag {
	const c = "As another user"
	return []cli.Flag{
		&cli.BoolFlag{Name: "ask-sudo-pass", Aliases: []string{"K"}, Category: c, Usage: ask},
		&cli.StringFlag{Name: "sudo-pass-command", Category: c, Usage: "run `CMD` and take the first line it prints as the sudo password"},
	}
}

func connectionFlags() []cli.Flag { return slices.Concat(reachFlags(), loginFlags()) }

// reachFlags say how to reach a host and check its key.
func reachFlags() []cli.Flag {
	const c = "Connection"
	return []cli.Flag{
		&cli.StringFlag{Name: "user", Aliases: []string{"l"}, Category: c, Usage: "log in as `NAME`"},
		&cli.IntFlag{Name: "port", Aliases: []string{"p"}, Category: c, Usage: "connect to port `N`"},
		&cli.StringFlag{Name: "jump", Aliases: []string{"J"}, Category: c, Usage: "reach the hosts through `HOST`; separate several with commas"},
		&cli.StringFlag{Name: "ssh-config", Aliases: []string{"F"}, Category: c, Usage: "read only this ssh_config `FILE`; none reads no file (default: ~/.ssh/config, /etc/ssh/ssh_config)"},
		&cli.StringSliceFlag{Name: "option", Aliases: []string{"o"}, Category: c, Usage: "set the ssh_config keyword `KEY=VALUE`, overriding the files"},
		&cli.BoolFlag{Name: "ask-ssh", Category: c, Usage: "let ssh -G evaluate ssh_config, and run the programs it names: for settings that hail does not support"},
		&cli.StringFlag{Name: "control", Category: c, Usage: "go through the running OpenSSH master at `SOCKET`: a jump host or, with %h or %C in the path, the host itself"},
		&cli.BoolFlag{Name: "allow-exec", Category: c, Usage: "let ssh_config (Match exec) and inventories (ProxyCommand) run programs"},
		&cli.StringSliceFlag{Name: "known-hosts", Category: c, Usage: "use this known_hosts `FILE`"},
		&cli.StringFlag{Name: "host-keys", Category: c, Usage: "`WORD`, how to check host keys: strict, accept-new or off (default: strict, or what ssh_config says)"},
		&cli.StringFlag{Name: "connect-timeout", Category: c, Value: "10s", Usage: "allow `TIME` for reaching a host, login included"},
	}
}

// loginFlags say how to log in.
func loginFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringSliceFlag{Name: "identity", Category: "Connection", Usage: "log in with the private key in `FILE`"},
	}, loginPasswordFlags("ask for the login password, once")...)
}

func loginPasswordFlags(ask string) []cli.Flag {
	const c = "Connection"
	return []cli.Flag{
		&cli.BoolFlag{Name: "ask-pass", Category: c, Usage: ask},
		&cli.StringFlag{Name: "pass-command", Category: c, Usage: "run `CMD` and take the first line it prints as the login password"},
		&cli.IntFlag{Name: "pass-refusals", Category: c, Value: 3, Usage: "give up on a login password that `N` hosts have refused before any accepted it; 0: never"},
	}
}

// atOnceFlags limit how much happens at once.
func atOnceFlags() []cli.Flag {
	const c = "Limits"
	return []cli.Flag{
		&cli.IntFlag{Name: "fanout", Aliases: []string{"f"}, Category: c, Usage: "work on at most `N` hosts at once (default: all, up to 256 and what the open-file limit and memory allow)"},
		&cli.IntFlag{Name: "connecting", Category: c, Value: 64, Usage: "allow `N` logins at once (default: 64, and more while they are quick)"},
		&cli.IntFlag{Name: "per-address", Category: c, Value: 8, Usage: "allow `N` logins at once at one address"},
	}
}

func limitFlags() []cli.Flag {
	const c = "Limits"
	return append(atOnceFlags(), []cli.Flag{
		&cli.StringFlag{Name: "per", Category: c, Usage: "`VAR=N`, work on at most N hosts at once with the same value of VAR"},
		&cli.StringFlag{Name: "rate", Category: c, Usage: "`N/s`, start at most N hosts a second, minute or hour: N/s, N/m or N/h"},
		&cli.StringFlag{Name: "splay", Category: c, Usage: "start each host after a random delay of up to `TIME`"},
		&cli.StringFlag{Name: "run-timeout", Category: c, Usage: "allow `TIME` for the whole run (default: no limit)"},
	}...)
}

// retryFlags are about retries, waves and budgets. ping has none of them: it shows how things are.
func retryFlags() []cli.Flag {
	const c = "Limits"
	return []cli.Flag{
		&cli.IntFlag{Name: "retries", Category: c, Value: 2, Usage: "retry a host that was not reached for a reason that may pass, up to `N` times"},
		&cli.StringFlag{Name: "retry-delay", Category: c, Value: "1s", Usage: "wait `TIME` before the first retry, and twice as long before each further one"},
		&cli.IntFlag{Name: "retry-failed", Category: c, Usage: "retry a host that failed or timed out, up to `N` times: only where that is safe (default: 0)"},
		&cli.StringFlag{Name: "serial", Category: c, Usage: "run in waves of these `SIZES`: 1,10%,100% is one host, then a tenth, then the rest"},
		&cli.StringFlag{Name: "pause", Category: c, Usage: "wait `TIME` between waves"},
		&cli.StringFlag{Name: "gate", Category: c, Usage: "between waves, run `CMD` on this machine with the wave's result as JSON on its input; when it fails, the run stops"},
		&cli.StringFlag{Name: "max-fail", Category: c, Usage: "start no more hosts once more than `N`, or N%, have failed (default: no limit)"},
		&cli.StringFlag{Name: "max-unreachable", Category: c, Usage: "start no more hosts once more than `N`, or N%, were not reached (default: no limit)"},
		&cli.StringFlag{Name: "on-budget", Category: c, Value: "finish", Usage: "`WORD`, what to do then with what is running: finish or cancel"},
	}
}

// commandFlags are for commands and scripts of the user. push and fetch run commands of their own, always under the wrapper.
func commandFlags(what string) []cli.Flag {
	const c = "Command"
	return slices.Concat(endingFlags(c, what), []cli.Flag{
		&cli.BoolFlag{Name: "tty", Category: c, Usage: "give the " + what + " a terminal; its stdout and stderr then arrive as one"},
		&cli.BoolFlag{Name: "no-wrap", Category: c, Usage: "send the bare command, for network gear and forced commands; nothing on the host then ends it when its time is up"},
	})
}

// endingFlags say when and how the work on a host is ended. what names it, and c is the category.
func endingFlags(c, what string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "timeout", Category: c, Usage: "allow `TIME` for the " + what + " on one host (default: no limit)"},
		&cli.StringFlag{Name: "grace", Category: c, Value: "5s", Usage: "after telling a " + what + " to end, wait `TIME` before killing it"},
	}
}

func confirmFlags(c string) []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "confirm-above", Category: c, Value: 50, Usage: "ask before working on more than `N` hosts from a terminal"},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Category: c, Usage: "do not ask"},
	}
}

// gatherFlags say how results are grouped and coloured.
func gatherFlags() []cli.Flag {
	const c = "Output"
	return []cli.Flag{
		&cli.BoolFlag{Name: "alike", Category: c, Usage: "treat outputs as equal that differ only by the host's own name, address or vars"},
		&cli.BoolFlag{Name: "diff-groups", Category: c, Usage: "show the largest group, and how each other group differs from it"},
		colorFlag(),
	}
}

func colorFlag() cli.Flag {
	return &cli.StringFlag{Name: "color", Category: "Output", Value: "auto", Usage: "`WHEN`, when to use colour: auto, always or never"}
}

func gathering(c *cli.Context) report.Gathering {
	return report.Gathering{Alike: c.Bool("alike"), Diff: c.Bool("diff-groups")}
}

func columnsFlag() cli.Flag {
	return &cli.StringFlag{Name: "columns", Category: "Output", Usage: "show the output as a table with the columns `NAMES`, separated by commas: NAME=EXPR is a jq expression over JSON, NAME the next field of a line, vars.NAME a var of the host"}
}

// columnsOf reads --columns; it returns nil when the option is not given.
func columnsOf(c *cli.Context) (*report.Columns, error) {
	if !c.IsSet("columns") {
		return nil, nil
	}
	columns, err := report.ParseColumns(c.String("columns"))
	if err != nil {
		return nil, wrongValue("columns", "for example --columns 'kernel=.kernel,cpu=.load[0]', or --columns size,name", "%v", err)
	}
	return columns, nil
}

func outputFlags() []cli.Flag {
	const c = "Output"
	return append([]cli.Flag{
		&cli.StringFlag{Name: "output", Category: c, Usage: "`MODE`, what to show: gather, stream, host, jsonl, none, or a report format such as json or csv; separate several with commas (default: gather; stream for one host)"},
		&cli.StringFlag{Name: "progress", Category: c, Value: "auto", Usage: "`WHEN`, when to show progress: auto, always or never"},
		quietFlag(),
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Category: c, Usage: "show each step on the way to a host"},
		&cli.BoolFlag{Name: "debug", Aliases: []string{"vv"}, Category: c, Usage: "also show what the SSH protocol does"},
		&cli.BoolFlag{Name: "dry-run", Category: c, Usage: "show what would be done, and do nothing"},
		columnsFlag(),
	}, gatherFlags()...)
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: "Output", Usage: "show only results and what went wrong"}
}

func recordFlags() []cli.Flag {
	const c = "Record"
	return []cli.Flag{
		runsDirFlag(),
		&cli.StringFlag{Name: "name", Category: c, Usage: "give the run this `NAME`"},
		&cli.StringSliceFlag{Name: "report", Category: c, Usage: "`FORMAT=PATH`, write a report to PATH when the run has ended, as " + formatNames()},
		&cli.StringFlag{Name: "max-output", Category: c, Usage: "keep at most `SIZE` of each output, its beginning and its end, for example 64MiB (default: all)"},
		&cli.IntFlag{Name: "keep-runs", Category: c, Value: 200, Usage: "keep the newest `N` records, and those with a name; 0 keeps all"},
	}
}

func runsDirFlag() cli.Flag {
	return &cli.StringFlag{Name: "runs-dir", Category: "Record", Usage: "`DIR`, the folder of the records (default: $HAIL_RUNS, ~/.local/state/hail/runs)"}
}

func (e environment) runsDir(c *cli.Context) string {
	return cmp.Or(c.String("runs-dir"), e.defaultRunsDir())
}

func (e environment) defaultRunsDir() string {
	return filepath.Join(e.stateDir(), "runs")
}
