package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// version is set when a release is built.
var version = "dev"

// run is the whole program: it carries out the arguments and returns the exit code.
func run(e environment) int {
	e.reduceGC()
	app := newApp(e)
	err := withoutEPIPE(dispatch(e, app, e.args))
	if err == nil {
		return exitOK
	}
	inJSON, read := app.Metadata[metaJSON].(bool)
	return tell(e.stderr, err, inJSON || !read && asksJSON(e.args))
}

// dispatch finds the command, puts its options in order, and runs it.
func dispatch(e environment, app *cli.App, args []string) error {
	help := len(args) > 0 && args[0] == "help"
	if help {
		args = args[1:]
	}
	switch {
	case len(args) == 0 || args[0] == "help" || wantsHelp(args[:1]):
		_, err := io.WriteString(app.Writer, overviewText(app.Commands))
		return err
	case args[0] == completeWord && !help:
		return complete(e, app, args[1:])
	case args[0] == completePowerShellLine && len(args) == 2 && !help:
		return completePowerShell(e, app, args[1])
	case args[0] == "--version":
		args = slices.Concat([]string{"version"}, args[1:])
	}
	cmd, err := findCommand(app, args)
	if err != nil {
		return err
	}
	rest, err := optionsFirst(cmd, args[1:])
	switch {
	case help, err == nil && wantsHelp(rest):
		_, err := io.WriteString(app.Writer, commandText(cmd))
		return err
	case err != nil:
		return err
	}
	app.Commands = []*cli.Command{cmd} // otherwise the library looks through all commands
	cmd.Flags = named(cmd.Flags)
	return app.Run(append([]string{"hail", cmd.Name}, rest...))
}

func wantsHelp(args []string) bool {
	for _, a := range args {
		if a == "--" {
			break
		}
		if a == "-h" || a == "--help" || a == "-help" {
			return true
		}
	}
	return false
}

func newApp(e environment) *cli.App {
	commands := []*cli.Command{
		pingCommand(e), runCommand(e), scriptCommand(e), pushCommand(e), fetchCommand(e), testCommand(e),
		hostsCommand(e), hostkeysCommand(e),
		runsCommand(e), showCommand(e), logsCommand(e), retryCommand(e), resumeCommand(e), replayCommand(e), reportCommand(e), diffCommand(e), rmCommand(e),
		foldCommand(e), demoCommand(e), completionCommand(e), manCommand(e), versionCommand(e),
	}
	app := &cli.App{
		Name:                      "hail",
		Writer:                    e.stdout,
		ErrWriter:                 e.stderr,
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              flagError,
		Commands:                  commands,
	}
	for _, c := range commands {
		c.OnUsageError = flagError
		c.HideHelp = true
		do := c.Action
		c.Action = func(c *cli.Context) error { return withOrigin(c, do(c)) }
		c.Before = func(c *cli.Context) error {
			settings, err := e.settings()
			if err != nil {
				return err
			}
			applied, err := applySettings(c, settings)
			c.App.Metadata[metaSettings] = applied
			c.App.Metadata[metaJSON] = c.Bool("json") || asJSON(strings.Split(c.String("output"), ","))
			if err == nil {
				e.remarkVariables(c)
				err = cmp.Or(noEmptyPath(c), oneStdin(c))
			}
			return withOrigin(c, err)
		}
	}
	return app
}

// Keys of the app's metadata, filled when the options have been read: the settings that were applied, and whether errors are
// written as JSON.
const (
	metaSettings = "settings"
	metaJSON     = "json"
)

func versionCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print it as JSON", Category: "Output"}},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if c.Bool("json") {
				return writeJSON(e.stdout, map[string]string{"version": versionText(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			_, err := fmt.Fprintf(e.stdout, "hail %s (%s, %s/%s)\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

func versionText() string {
	if version == "dev" {
		if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
			return info.Main.Version
		}
	}
	return version
}
