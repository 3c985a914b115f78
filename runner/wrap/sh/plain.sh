# Stands for the wrapper where the command ends without it: because it has a terminal, which ends it when it is dropped, or
# because it ends when its input does. Argument 2 is the command; in front of this script stands the same.
hail_line=$(printf '%bx' "$2")
hail_line=${hail_line%x}
set -- "${hail_shell:-${SHELL:-/bin/sh}}" "$hail_line"
eval "$hail_exports"
export SHLVL=1
exec "$1" -c "$2"
