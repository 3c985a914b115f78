package sshconn

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"hail/runner"
)

// Of OpenSSH it is known that it takes every command that the host's system can run. Dropbear ends the connection when a
// command has more than 9,000 bytes (MAX_CMD_LEN in its sysoptions.h), and nobody knows the others. So any server but
// OpenSSH gets a command longer than longestCommand as the first lines of its input, with readCommand in its place.
// Which server is behind a master is not known: it gets the lines, too. Where commands are sent bare, nothing takes
// their place.
//
// A connection may be lost halfway: what arrived until then ends the input without an empty line, and is not run. SHLVL
// keeps bash from reading its startup files for SSH a second time.
const (
	longestCommand = 8 << 10
	readCommand    = `exec sh -c 'x=; while IFS= read -r l || exit; [ -n "$l" ]; do x=$x$l; done; x=$(printf %bx "$x") && export SHLVL=1 && exec "${SHELL:-/bin/sh}" -c "${x%x}"'` // read takes no byte more than a line
)

// fit returns what to send in place of a command and its input, so that the server takes it.
func (c *conn) fit(cmd string, s runner.Stdio) (string, runner.Stdio, error) {
	server, bare := c.reach.Server, c.settings.bare
	switch {
	case len(cmd) <= longestCommand, strings.HasPrefix(server, "SSH-2.0-OpenSSH"), bare && server == "":
		return cmd, s, nil
	case bare:
		return "", s, &runner.Failure{Status: runner.Error, Err: fmt.Errorf("a command of %d bytes is too long to be sent bare: of servers that take more than %d, only OpenSSH is known", len(cmd), longestCommand)}
	}
	lines := io.Reader(strings.NewReader(inLines(cmd)))
	if s.In != nil {
		lines = io.MultiReader(lines, s.In)
	}
	s.In = lines
	return readCommand, s, nil
}

// longestLine is what a terminal surely takes in one line (POSIX: _POSIX_MAX_CANON).
const longestLine = 255

// inLines writes a command as readCommand reads it: in lines that no terminal cuts or changes, and an empty one.
func inLines(cmd string) string {
	var b strings.Builder
	line := 0
	for rest := cmd; rest != ""; {
		_, n := utf8.DecodeRuneInString(rest) // what would be half a character is, for some shells, more than that
		text := rest[:n]
		rest = rest[n:]
		switch c := text[0]; {
		case c == '\\':
			text = `\\`
		case c < ' ', c == 0x7f:
			text = fmt.Sprintf(`\0%03o`, c)
		}
		if line += len(text); line > longestLine-1 {
			b.WriteByte('\n')
			line = len(text)
		}
		b.WriteString(text)
	}
	return b.String() + "\n\n"
}
