package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
)

func scriptCommand(e environment) *cli.Command {
	return &cli.Command{
		Name:      "script",
		Usage:     "run a local script on hosts",
		ArgsUsage: "FILE|- [-- ARGUMENT…]",
		Description: `The script is sent over the connection to the interpreter of its #! line, and leaves nothing behind.
If FILE is -, the script is standard input, which is read to its end before any host is reached.

Examples:
  hail script -g web audit.sh
  hail script -w 'web[01-20]' report.py -- --since '2 days ago'
  hail script -a --sudo --serial 1,10%,100% --max-fail 1 patch.sh
  hail script -g db --stdin dump.sql import.sh -- app
  hail script -g web --interpreter 'bash -eu' snippet
  generate | hail script -g web -`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{&cli.StringFlag{Name: "interpreter", Category: "Command", Usage: "run it with `PROGRAM`, and its options (default: that of the #! line, or /bin/sh)"}},
			surroundingsFlags("script"), commandFlags("script"), confirmFlags("Command"), becomeFlags(), connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			name, text, err := scriptOf(e, c)
			if err != nil {
				return err
			}
			args := c.Args().Tail()
			s, text, err := action.NewScript(filepath.Base(name), text, c.String("interpreter"), args)
			if err != nil {
				return usage("", "%v", err)
			}
			return fanOut(e, c, func(_ *inventory.Inventory, hosts []inventory.Host) (j job, err error) {
				j.what, j.blobs = runner.QuoteWords(append([]string{name}, args...)), []report.Blob{report.BlobOf(text)}
				s.Surroundings, err = j.surroundings(e, c, hosts)
				j.spec = s.Spec()
				return j, err
			})
		},
	}
}

// scriptOf reads the script that the first argument names: a file, or standard input (-).
func scriptOf(e environment, c *cli.Context) (name string, text []byte, err error) {
	switch name = c.Args().First(); {
	case name == "":
		return "", nil, usage("hail script -g web audit.sh", "there is no script to run")
	case name == "-":
		text, err = e.readFile(c, "the script")(name)
		name = "stdin"
	default:
		text, err = os.ReadFile(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, usage("a script is on this machine; to run what is on the hosts: hail run … -- "+runner.QuoteWords(c.Args().Slice()), "%v", err)
	case errors.Is(err, syscall.EISDIR):
		return "", nil, usage("name a script in it", "%v", err)
	case err != nil:
		return "", nil, usage("", "%v", err)
	}
	return name, text, nil
}
