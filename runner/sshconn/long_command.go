package sshconn

import (
	"fmt"
	"io"
	"strings"

	"hail/runner"
)

// Of OpenSSH it is known that it takes every command that the host's system can run. Dropbear ends the connection when a
// command has more than 9,000 bytes (MAX_CMD_LEN in its sysoptions.h), and nobody knows the others. So any server but
// OpenSSH gets a command longer than longestCommand as the first line of its input, with readCommand in its place. Which
// server is behind a master is not known: it gets the line, too, except with a terminal, where there is no other way.
//
// SHLVL keeps bash from reading its startup files for SSH a second time.
const (
	longestCommand = 8 << 10
	readCommand    = `exec sh -c 'IFS= read -r x && x=$(printf %bx "$x") && export SHLVL=1 && exec "${SHELL:-/bin/sh}" -c "${x%x}"'` // read takes no byte more than the line
)

var asLine = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

// fit returns what to send in place of a command and its input, so that the server takes it.
func (c *conn) fit(cmd string, s runner.Stdio) (string, runner.Stdio, error) {
	server := c.reach.Server
	if len(cmd) <= longestCommand || strings.HasPrefix(server, "SSH-2.0-OpenSSH") || s.TTY && server == "" {
		return cmd, s, nil
	}
	if s.TTY { // which would cut the line, and echo it
		return "", s, &runner.Failure{Status: runner.Error, Err: fmt.Errorf("a command of %d bytes is too long for a terminal: only OpenSSH takes more than %d", len(cmd), longestCommand)}
	}
	line := io.Reader(strings.NewReader(asLine.Replace(cmd) + "\n"))
	if s.In != nil {
		line = io.MultiReader(line, s.In)
	}
	s.In = line
	return readCommand, s, nil
}
