# What the scripts behind share: where the state of pushes to this host is kept, as several hosts may have one home, and how to read.
{ read -r node </proc/sys/kernel/hostname; } 2>/dev/null || node=$(uname -n)
case $node in
'' | .* | */*) node=- ;;
esac
state=${HOME:-/var/lib}/.local/state/hail/on/$node
first() { # the first N bytes of the input: a pipe has them in pieces, and an old dd has no way to wait for all
	dd bs="$1" count=1 iflag=fullblock 2>/dev/null || dd bs="$1" count=1 2>/dev/null
}
