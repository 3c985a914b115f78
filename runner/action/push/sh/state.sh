# Shared by the scripts that follow: where the state of pushes to this host is kept, by host name, because several hosts
# may share a home; which push has changed something last; and how to read the input, whose words are written as for
# printf %b.
{ read -r node </proc/sys/kernel/hostname; } 2>/dev/null || node=$(uname -n)
case $node in
'' | .* | */*) node=- ;;
esac
state=${HOME:-/var/lib}/.local/state/hail/on/$node
latest() { # the push that has changed something last
	latest=
	{ read -r latest <"$state/latest"; } 2>/dev/null
}
first() { # the first N bytes of the input: a pipe has them in pieces, and an old dd has no way to wait for all
	dd bs="$1" count=1 iflag=fullblock 2>/dev/null || dd bs="$1" count=1 2>/dev/null
}
decode() { # sets path to what a word says
	case $1 in
	*\\*) path=$(printf '%bx' "$1"); path=${path%x} ;;
	*) path=$1 ;;
	esac
}
