# Makes checks on the host. Arguments: the nonce of the answers, and the library with the probes. Input, one line per
# check: its number, its seconds, who makes it, its kind and the words of its probe, as for printf %b. Each probe is a
# process with a time limit of its own, so that one that hangs does not hold up the others.
nonce=$1 library=$2
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
exec 3>&2 2>/dev/null # what the shell says of its own processes that are ended
clock() { read -r now rest </proc/uptime; }
find_limit 1
alone= # runs a probe in a process group of its own, so that everything it started can be ended, not only the child of timeout
if command -v setsid >/dev/null; then alone=setsid; fi
newline='
'
now=0 held=
clock
second=${now%.*}
# What checks have said is held while they all end within a second, because each packet wakes hail up; a timeout does not
# lose it. Without a clock, nothing is held.
tell() {
	printf %s "$held" || cat <<-end # a printf that is no builtin takes 128 KiB
	$held
	end
	held= second=${now%.*}
}
trap 'tell; exit 1' TERM HUP INT
look() {
	$alone "$@" </dev/null 2>&3 3>&- &
	wait $!
	status=$?
	case $status in 124 | 137 | 143) kill -s KILL -- "-$!" ;; esac
	clock
	# After a new line, as a probe may be ended amid one; and with one behind it, as busybox's sed looks one line ahead.
	echo "${newline}hail:$nonce:end $status $now$newline"
}
set -f
IFS=$newline
for line in $(cat); do
	IFS=' '
	set -- $line
	i=$1 seconds=$2 as=$3 kind=$4
	shift 3
	set -- sh -c "$library" hail "$@"
	[ -z "$limit" ] || set -- $limit "$seconds" "$@"
	if [ "$as" != - ]; then
		set -- sudo -n -- "$@" # only root may end what runs as root, so there is a timeout inside sudo, too
		[ -z "$limit" ] || set -- $limit $((seconds + 2)) "$@"
	fi
	clock
	held="${held}hail:$nonce:begin $i $now$newline"
	if [ "$kind" = clock ]; then # when its answer arrives counts
		tell
		look "$@"
	else
		held=$held$(
			trap 'exit 1' TERM HUP INT
			look "$@" | sed "/^hail:$nonce:end /q" # a process that can't be killed may keep the output open
		)$newline
		clock && [ ${#held} -lt 32768 ] && [ "${now%.*}" = "$second" ] || tell
	fi
done
held="${held}hail:$nonce:end-of-checks$newline"
tell
