package wrap

import (
	"fmt"
	"strings"
	"time"

	"hail/runner"
)

// wrapper is a script in POSIX sh. Its $2 is the command, encoded. A line in front of the script sets the nonce, the
// grace and the limit (in seconds; 0 is no limit), input (bytes), kib (the same in KiB), secrets (lines), shell,
// program (true: the command needs no shell), and the variables to export. The wrapper's own variables begin with
// hail_, so that it touches nothing in the command's environment.
//
// The channel's input is descriptor 3: first the secret variables, one encoded line each; then the command's input,
// which is stored in a file whose name is removed before the command begins; then nothing. The watchdog takes the end
// of the channel's input as the order to end the command. It has to see that end at once, so nothing may stand before
// it that the command might not read.
//
// The wrapper says when it is about to take the command's input: only a little of it is sent earlier. When the input
// ends early, our side knows why. A folder without room for the input is passed over: the wrapper tries to write as
// much as a shell can write at once, and asks df, where there is one, about more (mksh counts in 32 bits, for which
// nine digits are safe). When the input does not fit after all, the wrapper notices, though busybox's head hides that
// for small input.
//
// The command runs in the foreground, so that no job control is needed; a USR1 from the watchdog waits in a trap until
// the command is over. The command may send signals too, to its whole process group. So the watchdog ignores them from
// the start, and the wrapper finds out whether a USR1 was the watchdog's by sending USR2 to the watchdog, which dies of
// it unless it has had the order. Descriptor 4 is the real stderr; what the shell itself would print about killed
// children is discarded. Shells of the ksh family pass on only the first three descriptors, unless each is named. SHLVL
// keeps bash from reading its startup files for SSH a second time.
const wrapper = `
hail_line=$(printf '%bx' "$2")
hail_line=${hail_line%x}
hail_told=0
trap '' TERM HUP INT
trap hail_told=1 USR1
exec 3<&0 </dev/null 4>&2 5</dev/null 2>/dev/null
say() { printf '\036hail:%s:%s\036' "$hail_nonce" "$1" >&4; }
room() {
	[ $hail_kib -gt 64 ] || return 0
	set -f
	for hail_x in $(df -Pk "$hail_dir"); do
		case $hail_x in
		*%) [ -z "$hail_room" ] || [ ${#hail_room} -gt 9 ] || [ $hail_room -gt $hail_kib ]; return ;;
		*[!0-9]*) hail_room= ;;
		*) hail_room=$hail_x ;;
		esac
	done
}
while [ $hail_secrets -gt 0 ]; do
	IFS= read -r hail_x <&3 || { say gone; exit 125; }
	hail_value=$(printf '%bx' "${hail_x#*=}")
	export "${hail_x%%=*}=${hail_value%x}"
	hail_secrets=$((hail_secrets - 1))
done
if [ $hail_input -gt 0 ]; then
	hail_mask=$(umask)
	umask 077
	hail_x=xxxxxxxxxxxxxxxx
	while [ ${#hail_x} -lt $hail_input ] && [ ${#hail_x} -lt 65536 ]; do hail_x=$hail_x$hail_x; done
	for hail_dir in "${TMPDIR:-/tmp}" /tmp /dev/shm /var/tmp "$HOME"; do
		hail_file=$hail_dir/hail-$hail_nonce
		(set -C; echo "$hail_x" >"$hail_file" && room) && break
		rm -f "$hail_file"
		hail_file=
	done
	umask $hail_mask
	[ -n "$hail_file" ] || { say "cannot there is no folder with room for the input: TMPDIR, /tmp, /dev/shm, /var/tmp, HOME"; exit 125; }
	hail_full=0
	(say takes; exec head -c $hail_input <&3 >"$hail_file") || hail_full=1
	exec 5<"$hail_file"
	hail_got=$(wc -c <&5)
	exec 5<"$hail_file"
	if [ ${hail_got:-0} -ne $hail_input ]; then
		[ $hail_full = 1 ] || echo >>"$hail_file" || hail_full=1
		rm -f "$hail_file"
		[ $hail_full = 0 ] && say gone || say "cannot the input did not fit into $hail_dir"
		exit 125
	fi
	rm -f "$hail_file"
fi
sh -c "$hail_watchdog" hail "$hail_grace" "$hail_limit" "$hail_hunter" $$ 3<&3 >/dev/null 4>&- 5<&- &
hail_dog=$!
trap : TERM HUP INT
(
	exec <&5 2>&4 3<&- 4>&- 5<&-
	set -- "${hail_shell:-${SHELL:-/bin/sh}}" "$hail_line"
	eval "$hail_exports"
	export SHLVL=1
	[ $hail_program = false ] || eval "exec $2"
	exec "$1" -c "$2"
)
hail_status=$?
if [ $hail_told = 0 ]; then
	kill -9 $hail_dog
	[ $hail_status -lt 256 ] || hail_status=$((hail_status - 128)) # ksh93 says 256 and the signal
	exit $hail_status
fi
kill -USR2 $hail_dog
while wait $hail_dog; hail_left=$?; [ $hail_left -gt 128 ] && kill -0 $hail_dog; do :; done
case $hail_left in
0) say gone ;;
1) say alive ;;
*) say unknown ;;
esac
exit $hail_status
`

// watchdog reads descriptor 3 to its end, and becomes the hunter ($3) of the wrapper ($4). The limit ($2) is
// for a network that dies silently: then the end would never arrive.
//
// Neither watchdog nor hunter contains a single quote, so that both can stand in single quotes.
const watchdog = `
trap "" TERM HUP INT USR1
if [ $2 = 0 ]; then
	while read -r x; do :; done <&3
else
	cat <&3 >/dev/null &
	reader=$!
	(
		n=0
		while [ $n -lt $2 ]; do
			sleep 1
			kill -0 $4 || exit
			n=$((n + 1))
		done
		kill -9 $reader
	) &
	wait $reader
fi
trap "" USR2
exec sh -c "$3" hail "$1" $4
`

// hunter tells the wrapper ($2) by USR1, and ends everything below it or in its process group: TERM, the grace ($1),
// KILL. The wrapper is not $PPID: once it has been killed, that is the parent of every orphan of the host, and the
// wrapper's number may be that of another process. A process that was found once stays on the list when its parent dies.
// The exit status is 0 when all are gone, 1 when some are left, and 2 when the processes can't be listed. The wrapper's
// ancestors (sudo may be in its group) and what the hunter itself starts are left out. It is a shell of its own, because
// ksh93 reliably ignores only signals that were ignored when it began.
const hunter = `
list() {
	ps -A -o pid= -o ppid= -o pgid= -o stat= && return
	for f in /proc/[0-9]*/stat; do
		read -r x <$f || continue
		p=${x%% *} x=${x##*") "}
		set -- $x
		echo $p $2 $3 $1
	done
}
scan() {
	all=$(list)
	[ -n "$all" ] || { kill -USR1 $wrapper; exit 2; }
	set -- $all
	while [ $# -ge 4 ]; do
		[ $1 = $$ ] && group=$3 && [ $2 != $wrapper ] && wrapper=none
		shift 4
	done
	mine=" $$ "
	up=$wrapper above=
	while [ -n "$up" ]; do
		down=$up up=
		set -- $all
		while [ $# -ge 4 ]; do
			[ $1 = $down ] && [ $2 -gt 1 ] && up=$2 above="$above$2 "
			shift 4
		done
	done
	for x in 1 2; do
		set -- $all
		while [ $# -ge 4 ]; do
			case $mine in
			*" $2 "*) mine="$mine$1 " ;;
			esac
			shift 4
		done
	done
	seen=" $wrapper $found"
	found=
	more=1
	while [ -n "$more" ]; do
		more=
		set -- $all
		while [ $# -ge 4 ]; do
			case "$4 $mine$above$wrapper $found" in
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
watch() {
	sleep $1 &
	timer=$!
	while scan; [ -n "$found" ]; do
		$2 $found
		kill -0 $timer || return
		sleep 0.2 || sleep 1
	done
	kill -9 $timer
	exit 0
}
wrapper=$2 found=
scan
[ $wrapper = none ] || kill -USR1 $wrapper
[ -n "$found" ] && kill -TERM $found
watch $1 :
watch 2 "kill -KILL"
exit 1
`

// onTerminal replaces the wrapper where the command ends without it: because it has a terminal, which ends it when it
// is dropped, or because it ends when its input does.
const onTerminal = `
hail_line=$(printf '%bx' "$2")
hail_line=${hail_line%x}
set -- "${hail_shell:-${SHELL:-/bin/sh}}" "$hail_line"
eval "$hail_exports"
export SHLVL=1
exec "$1" -c "$2"
`

// script is everything in the wrapper that is the same for all commands, and plainScript is the same for onTerminal,
// both encoded. Every host gets one, so the indentation is removed.
var (
	script      = encode(unindent("hail_watchdog='" + watchdog + "'\nhail_hunter='" + hunter + "'\n" + wrapper))
	plainScript = encode(unindent(onTerminal))
)

func unindent(script string) string { return strings.ReplaceAll(script, "\t", "") }

// line returns the command line that starts one of the scripts with cmd; head is the line of assignments. It means the
// same to every login shell that knows exec and single quotes: sh, bash, dash, zsh, ksh, busybox, fish, csh and tcsh.
func line(script, head, cmd string) string {
	return `exec sh -c 'eval "$(printf %b "$1")"' hail '` + encode(head) + script + `' '` + encode(cmd) + `'`
}

// limitMargin is how much longer the limit that the host enforces is than ours: it is for when we no longer can. Tests
// shorten it.
var limitMargin = 10 * time.Second

// head returns the line of assignments that tells the scripts what they need to know about a command.
func head(nonce, shell string, s runner.Stdio) string {
	limit := 0
	if s.Limit > 0 {
		limit = seconds(s.Limit.Value() + s.Grace.Value() + limitMargin)
	}
	var exports strings.Builder
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		exports.WriteString("export " + name + "=" + runner.Quote(value) + "\n")
	}
	return fmt.Sprintf("hail_nonce=%s hail_grace=%d hail_limit=%d hail_input=%d hail_kib=%d hail_secrets=%d hail_shell=%s hail_program=%t hail_exports=%s\n",
		nonce, seconds(s.Grace.Value()), limit, s.Size, s.Size>>10, len(s.Secrets), runner.Quote(shell), s.Program, runner.Quote(exports.String()))
}

// seconds returns d in seconds, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

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
