package wrap

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"hail/runner"
)

var (
	//go:embed sh/wrapper.sh
	wrapper string
	//go:embed sh/input.sh
	takeInput string
	//go:embed sh/watchdog.sh
	watchdog string
	//go:embed sh/hunter.sh
	hunter string
	//go:embed sh/plain.sh
	plain string
)

// script is what is the same for all commands under the wrapper, inputScript stands before it for those with an input, and
// plainScript is for commands without the wrapper; all are encoded.
var (
	inputScript = encode(runner.BareScript(takeInput))
	script      = encode("hail_watchdog='" + runner.BareScript(watchdog) + "'\nhail_hunter='" + runner.BareScript(hunter) + "'\n" + runner.BareScript(wrapper))
	plainScript = encode(runner.BareScript(plain))
)

// line returns the command line that starts cmd under one of the encoded scripts, with prefix, the assignments, in front
// of the script. It means the same to every login shell that knows exec and single quotes: sh, bash, dash, zsh, ksh,
// busybox, fish, csh and tcsh.
func line(around, prefix, cmd string) string {
	return `exec sh -c 'eval "$(printf %b "$1")"' hail '` + encode(prefix) + around + `' '` + encode(cmd) + `'`
}

// limitMargin is how much longer the limit that the host enforces is than ours: it is for when we no longer can. Tests
// shorten it.
var limitMargin = runner.Duration(10 * time.Second)

// assignments returns the line that tells the scripts what they need to know about a command.
func assignments(nonce, shell string, s runner.Stdio) string {
	limit := 0
	if s.Limit > 0 {
		limit = (s.Limit + s.Grace + limitMargin).WholeSeconds()
	}
	var exports strings.Builder
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		exports.WriteString("export " + name + "=" + runner.Quote(value) + "\n")
	}
	return fmt.Sprintf("hail_nonce=%s hail_grace=%d hail_limit=%d hail_input=%d hail_kib=%d hail_secrets=%d hail_shell=%s hail_program=%t hail_exports=%s\n",
		nonce, s.Grace.WholeSeconds(), limit, s.Size, s.Size>>10, len(s.Secrets), runner.Quote(shell), s.Program, runner.Quote(exports.String()))
}

// encode writes text for printf %b in single quotes: whatever some shell could interpret is octal, except for newlines,
// where \n is shorter.
func encode(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	begin := 0 // of the bytes to write as they are
	for i := 0; i < len(text); i++ {
		c := text[i]
		if ' ' <= c && c < 0x7f && c != '\'' && c != '\\' && c != '!' && c != '`' {
			continue
		}
		b.WriteString(text[begin:i])
		begin = i + 1
		if c == '\n' {
			b.WriteString(`\n`)
			continue
		}
		b.Write([]byte{'\\', '0', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
	}
	b.WriteString(text[begin:])
	return b.String()
}
