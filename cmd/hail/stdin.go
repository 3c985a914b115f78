package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
)

// oneStdin returns an error if standard input is to be read twice: the second time, it would be empty.
func oneStdin(c *cli.Context) error {
	var on []string // what it holds, once for each time that it is named
	for _, source := range c.StringSlice("inventory") {
		if source == "-" || strings.HasSuffix(source, ":-") {
			on = append(on, "the inventory")
		}
	}
	for _, expr := range slices.Concat(c.StringSlice("target"), c.StringSlice("exclude")) {
		if expr == "^-" {
			expr = "@file:-"
		}
		on = append(on, slices.Repeat([]string{"the names of hosts"}, strings.Count(expr, "@file:-"))...)
	}
	if on != nil && c.IsSet("watch") {
		return usage("write them to a file", "--watch looks for the hosts again each time, and standard input can be read only once")
	}
	for i, arg := range c.Args().Slice() {
		switch name := c.Command.Name; {
		case arg != "-":
		case name == "test":
			on = append(on, "the checks")
		case name == "push":
			on = append(on, "the spec")
		case name == "script" && i == 0:
			on = append(on, "the script")
		}
	}
	if c.String("stdin") == "-" {
		on = append(on, "the input of the hosts")
	}
	switch {
	case len(on) < 2:
		return nil
	case on[0] == on[1]:
		return usage("", "%s can be read from standard input only once", on[0])
	}
	return usage("", "%s and %s can't both be standard input", on[0], on[1])
}

// stdinOf returns standard input, which is read to its end and holds what. The user of a terminal is told so, when the first
// byte is asked for: else hail would seem to hang.
func (e environment) stdinOf(c *cli.Context, what string) io.Reader {
	if !e.stdinTerminal || c.Bool("quiet") {
		return e.stdin
	}
	return &announced{Reader: e.stdin, line: "hail: reading " + what + " from the terminal; end with Ctrl-D\n", on: e.stderr}
}

// readFile returns what reads a file, of which - is standard input, which holds what. An endless one doesn't fill the memory.
func (e environment) readFile(c *cli.Context, what string) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if path != "-" {
			return inventory.ReadFile(path)
		}
		const most = 64 << 20
		text, err := io.ReadAll(io.LimitReader(e.stdinOf(c, what), most+1))
		if len(text) > most {
			err = fmt.Errorf("standard input is larger than %d MiB", most>>20)
		}
		return text, err
	}
}

type announced struct {
	io.Reader
	line string // "" once it is written
	on   io.Writer
}

func (a *announced) Read(b []byte) (int, error) {
	fmt.Fprint(a.on, a.line)
	a.line = ""
	return a.Reader.Read(b)
}
