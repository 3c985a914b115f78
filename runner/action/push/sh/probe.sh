# Says what is on the host, for a push. Arguments: the nonce of the answers, the size of the questions, and the program
# for the paths, which gets as many of them as arguments as fit. Input: the questions, one per line, with paths and
# names written as for printf %b: "d PATH" how much room there is, "t PATH" the tree below, "m PATH" what earlier pushes
# have put below, "u NAME" and "g NAME" the number of a user or group; then the paths to look at, each with a NUL after
# it.
#
# Each answer begins with a line of hail:NONCE: and its kind. About the paths there are several answers if xargs takes
# several turns.
nonce=$1 size=$2 look=$3
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
say() { printf 'hail:%s:%s\n' "$nonce" "$*"; }
folders() { # those of the questions d that are there, for xargs -0
	while [ $# -gt 1 ]; do
		[ $1 = d ] && decode "$2" && [ -d "$path" ] && printf '%s\0' "$path"
		shift 2
	done
}
group() { # not all groups are in /etc/group, and some getent takes a name for a pattern
	{ cat /etc/group; getent group "$1"; } 2>/dev/null | while IFS=: read -r name password number members; do
		[ "$name" != "$1" ] || { echo "$number"; break; }
	done
}
# The paths given as arguments, but nothing in place of one that is gone or a folder by now.
files='for path; do { [ -e "$path" ] && [ ! -d "$path" ]; } || [ -L "$path" ] || path=; printf "%s\0" "$path"; done'
answer() {
	for tool in tar xargs stat find; do
		command -v $tool >/dev/null 2>&1 || say "missing $tool"
	done
	command -v ${sums%% *} >/dev/null 2>&1 || say missing sha256sum
	say "id $(id -u) $(id -G)"
	say "home $(cd "${HOME:-/}" 2>/dev/null && pwd -P)"
	latest
	say "latest $latest"
	[ ! -d "$state/push" ] || say killed
	[ ! -s "$state/owed" ] || { say owed; grep . "$state/owed"; } # which ends the last line, too
	set -f
	set -- $(first "$size")
	say rooms
	folders "$@" | xargs -r -0 df -Pk -- 2>/dev/null | sed -n 's/.* \([0-9][0-9]*\)  *[0-9][0-9]*% .*/\1/p'
	while [ $# -gt 1 ]; do
		what=$1 word=$2
		shift 2
		case $what in
		t) decode "$word"; say tree; find -H "$path" -print0 2>/dev/null | od -An -v -tx1 ;;
		m)
			key=$(printf %s "$word" | $sums)
			say managed
			cat "$state/managed/${key%% *}" 2>/dev/null | tr '\n' '\0' | xargs -r -0 printf '%b\0' | xargs -r -0 sh -c "$files" hail | od -An -v -tx1
			;;
		u) decode "$word"; say "user $word $(id -u -- "$path" 2>/dev/null || echo -)" ;;
		g) decode "$word"; say "group $word $(group "$path")" ;;
		esac
	done
	say mounts
	cat /proc/mounts 2>/dev/null || mount | sed 's/ ([^(]*$//; s/ type [^ ]*$//; s/.* on \//\//; s/ /\\040/g; s/^/- /'

	xargs -r -0 sh -c "$look" "$nonce"
	say end
}
answer | dd ibs=64k obs=64k 2>/dev/null # few packets: each wakes hail up
