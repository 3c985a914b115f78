# Where the state of pushes to this host is kept, for the scripts behind: several hosts may have one home.
{ read -r node </proc/sys/kernel/hostname; } 2>/dev/null || node=$(uname -n)
case $node in
'' | .* | */*) node=- ;;
esac
state=${HOME:-/var/lib}/.local/state/hail/on/$node
