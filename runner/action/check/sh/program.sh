# Makes checks on the host. Arguments: the nonce of the answers, and the library with the probes. Input, one line per
# check: its number, its seconds, who makes it, its kind and the words of its probe, as for printf %b. Each probe is a
# process with a time limit of its own, so that one that hangs does not hold up the others.
nonce=$1 library=$2
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
say() { printf 'hail:%s:%s\n' "$nonce" "$*"; }
clock() { read -r now rest </proc/uptime; } 2>/dev/null
limit=
if command -v timeout >/dev/null 2>&1; then limit=timeout; fi
set -f
now=0
newline='
'
IFS=$newline
for line in $(cat); do
	IFS=' '
	set -- $line
	i=$1 seconds=$2 as=$3
	shift 3
	set -- sh -c "$library" hail "$@"
	[ "$as" = - ] || set -- sudo -n -- "$@"
	[ -z "$limit" ] || set -- timeout -k 1 "$seconds" "$@"
	clock
	say "begin $i $now"
	"$@" </dev/null
	status=$?
	clock
	say "end $status $now"
done
say end-of-checks
