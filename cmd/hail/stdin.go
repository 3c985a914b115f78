package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"hail/inventory"
)

// stdinOf returns standard input, which is read to its end and holds what. The user of a terminal is told so, when the first
// byte is asked for: else hail would seem to hang.
func (e environment) stdinOf(c *cli.Context, what string) io.Reader {
	if !e.stdinTerminal || c.Bool("quiet") {
		return e.stdin
	}
	return &announced{Reader: e.stdin, line: "hail: reading " + what + " from the terminal; end with Ctrl-D\n", on: e.stderr}
}

// readArgument returns what reads a file that an argument names; - is standard input, which holds what.
func (e environment) readArgument(c *cli.Context, what string) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		switch {
		case path != "-":
			return inventory.ReadFile(path)
		case slices.Contains(c.StringSlice("inventory"), "-"):
			return nil, fmt.Errorf("%s and the inventory can't both be standard input", what)
		}
		return io.ReadAll(e.stdinOf(c, what))
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
