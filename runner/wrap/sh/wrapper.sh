# Runs a command, and has it ended when the channel's input ends. Argument 2 is the command, as written for printf %b.
# In front of this script stand the nonce, the grace and the limit (in seconds; 0 is no limit), input (bytes), kib
# (the same in KiB), secrets (lines), shell, program (true: the command needs no shell), and exports (commands that
# export the variables of the command); the scripts watchdog and hunter; and take_input if there is an input. All
# names begin with hail_, so that the command's environment stays as it is.
#
#	wrapper ─┬─ watchdog ── end of the input, or the limit ──► hunter ── TERM, the grace, KILL ──► all below the wrapper
#	   ▲     │                                                   │
#	   │     └─ command                                          │
#	   └───────────────────────── USR1 ──────────────────────────┘
#
# Input: first the secret variables, a line each, as written for printf %b; then the command's input; then nothing. Its
# end is the order to end the command, and has to be seen at once, so nothing may stand before it that the command might
# not read. That is why the input of the command is stored in a file, which is removed before the command begins.
#
# What the wrapper says on stderr stands between record separators: takes, before it takes the input (only a little is
# sent earlier); cannot and why, instead of running the command; and what is left once all was to be ended: gone, alive or
# unknown.
hail_line=$(printf '%bx' "$2")
hail_line=${hail_line%x}
hail_told=0
trap '' TERM HUP INT
trap hail_told=1 USR1
# 3 is the channel's input, 4 its stderr, and 5 the command's input. What the shell itself would print about killed
# children is discarded.
exec 3<&0 </dev/null 4>&2 5</dev/null 2>/dev/null
say() { printf '\036hail:%s:%s\036' "$hail_nonce" "$1" >&4; }
while [ $hail_secrets -gt 0 ]; do
	IFS= read -r hail_x <&3 || { say gone; exit 125; } # our side knows why it ended early, here and below
	hail_value=$(printf '%bx' "${hail_x#*=}")
	export "${hail_x%%=*}=${hail_value%x}"
	hail_secrets=$((hail_secrets - 1))
done

[ $hail_input = 0 ] || take_input

# Shells of the ksh family pass on only the first three descriptors, unless each is named.
sh -c "$hail_watchdog" hail "$hail_grace" "$hail_limit" "$hail_hunter" $$ 3<&3 >/dev/null 4>&- 5<&- &
hail_dog=$!
# The command runs in the foreground, so that no job control is needed; a signal waits in its trap until it is over.
trap : TERM HUP INT
(
	exec <&5 2>&4 3<&- 4>&- 5<&-
	set -- "${hail_shell:-${SHELL:-/bin/sh}}" "$hail_line"
	eval "$hail_exports"
	export SHLVL=1 # keeps bash from reading its startup files for SSH a second time
	[ $hail_program = false ] || eval "exec $2"
	exec "$1" -c "$2"
)
hail_status=$?
# This ends the watchdog unless it has had the order: USR1 does not prove that, the command may send it too, to its whole
# process group.
kill -USR2 $hail_dog
if [ $hail_told = 0 ]; then
	[ $hail_status -lt 256 ] || hail_status=$((hail_status - 128)) # ksh93 says 256 and the signal
	exit $hail_status
fi
while wait $hail_dog; hail_left=$?; [ $hail_left -gt 128 ] && kill -0 $hail_dog; do :; done
case $hail_left in
0) say gone ;;
1) say alive ;;
*) say unknown ;;
esac
exit $hail_status
