package wrap

import (
	"strings"

	"hail/runner"
)

// The wrapper, in POSIX sh. It is started with the command, encoded, as $2, below a line that sets hail (the nonce),
// grace (in seconds), shell and the exported variables.
//
// The channel's input stays on descriptor 3, for the watchdog: its end is the order to end the command. The command has
// empty input of its own and runs in the foreground, so that nothing of job control is needed, and a TERM for the
// wrapper waits in a trap until it is over. Descriptor 4 is the real stderr: what the shell itself would print about
// killed children goes nowhere. SHLVL keeps bash from reading its startup files for SSH a second time.
const wrapper = `
line=$(printf '%bx' "$2")
line=${line%x}
told=0
trap told=1 TERM HUP INT
exec 3<&0 </dev/null 4>&2 2>/dev/null
sh -c "$watchdog" hail "$grace" <&3 >/dev/null 4>&- &
dog=$!
(
	exec 2>&4 3<&- 4>&-
	export SHLVL=1
	exec "${shell:-${SHELL:-/bin/sh}}" -c "$line"
)
status=$?
if [ $told = 0 ]; then
	kill -9 $dog
	exit $status
fi
while wait $dog; left=$?; [ $left -gt 128 ]; do :; done
case $left in
0) left=gone ;;
1) left=alive ;;
*) left=unknown ;;
esac
printf '\036hail:%s:%s\036' "$hail" "$left" >&4
exit $status
`

// The watchdog reads its input to the end, tells the wrapper ($PPID), and ends everything below the wrapper or in its
// process group: TERM, the grace ($1), KILL. A process that was found once stays on the list when its parent dies. It
// exits with 0 when all are gone, 1 when some are left, and 2 when the processes can't be listed. What it starts itself to
// list them is below it, and is left out.
//
// It holds no quote, so that it can stand in quotes.
const watchdog = `
trap "" TERM HUP INT
while read -r x; do :; done
kill -TERM $PPID
list() {
	ps -A -o pid= -o ppid= -o pgid= -o stat= && return
	for f in /proc/[0-9]*/stat; do
		read -r x <$f || continue
		p=${x%% *} x=${x##*) }
		set -- $x
		echo $p $2 $3 $1
	done
}
scan() {
	all=$(list)
	[ -n "$all" ] || exit 2
	mine=" $$ "
	for x in 1 2; do
		set -- $all
		while [ $# -ge 4 ]; do
			[ $1 = $$ ] && group=$3
			case $mine in
			*" $2 "*) mine="$mine$1 " ;;
			esac
			shift 4
		done
	done
	seen=" $PPID $found"
	found=
	more=1
	while [ -n "$more" ]; do
		more=
		set -- $all
		while [ $# -ge 4 ]; do
			case "$4 $mine$PPID $found" in
			Z* | *" $1 "*) ;;
			*)
				case "$seen:$3:" in
				*" $2 "* | *" $1 "* | *:$group:) found="$found$1 " seen="$seen$1 " more=1 ;;
				esac
				;;
			esac
			shift 4
		done
	done
}
nap() { sleep 0.2 || { sleep 1; n=$((n + 4)); }; }
found=
scan
[ -n "$found" ] && kill -TERM $found
n=0
while [ $n -lt $(($1 * 5)) ]; do
	scan
	[ -n "$found" ] || exit 0
	nap
	n=$((n + 1))
done
n=0
while [ $n -lt 10 ]; do
	scan
	[ -n "$found" ] || exit 0
	kill -KILL $found
	nap
	n=$((n + 1))
done
exit 1
`

// onTerminal is what stands for the wrapper where the command has a terminal, which ends it when it is dropped.
const onTerminal = `
line=$(printf '%bx' "$2")
line=${line%x}
export SHLVL=1
exec "${shell:-${SHELL:-/bin/sh}}" -c "$line"
`

// script is everything of the wrapper that is the same for all commands, encoded.
var (
	script      = encode("watchdog='" + watchdog + "'\n" + wrapper)
	plainScript = encode(onTerminal)
)

// line returns the command line that starts one of the scripts with cmd. It means the same to every login shell that knows
// exec and single quotes: sh, bash, dash, zsh, ksh, busybox, fish, csh and tcsh.
func line(script, cmd, nonce, grace, shell string, env []string) string {
	var head strings.Builder
	head.WriteString("hail=" + nonce + " grace=" + grace + " shell=" + runner.Quote(shell) + "\n")
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		head.WriteString("export " + name + "=" + runner.Quote(value) + "\n")
	}
	return `exec sh -c 'eval "$(printf %b "$1")"' hail '` + encode(head.String()) + script + `' '` + encode(cmd) + `'`
}

// encode writes text for printf %b between single quotes: what any shell could take for something else is octal.
func encode(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'', c == '\\', c == '!', c == '`', c < ' ', c >= 0x7f:
			b.WriteString(`\0`)
			b.WriteByte('0' + c>>6)
			b.WriteByte('0' + c>>3&7)
			b.WriteByte('0' + c&7)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
