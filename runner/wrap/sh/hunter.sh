# Tells the wrapper by USR1, and ends everything below it or in its process group. Arguments: the grace in seconds, and the
# process id of the wrapper, which is not $PPID: once the wrapper has been killed, that is the parent of every orphan of
# the host, and the number of the wrapper may be that of another process.
#
# Some servers start no process group for a command: it is in theirs, with all that they run. So the group only counts
# when the wrapper leads it, or below sudo or doas, which may lead it, or a forced command, which reads the same input;
# there, what descends from the wrapper's ancestors by another way is not touched. Whose the orphans are in a group that
# does not count, nobody can tell.
#
# Exit status: 0 when all are gone, 1 when some are left, and 2 when that can't be told.
list() { # lines of: process, parent, group, state
	ps -A -o pid= -o ppid= -o pgid= -o stat= && return
	for f in /proc/[0-9]*/stat; do
		read -r x <$f || continue
		p=${x%% *} x=${x##*") "}
		set -- $x
		echo $p $2 $3 $1
	done
}
counts() { # whether the group does
	[ "$group" != $leader ] || return 0
	[ $wrapper != none ] || return 1
	[ -z "$SUDO_COMMAND$DOAS_USER" ] || return 0
	[ ! -c /proc/$wrapper/fd/3 ] && [ /proc/$wrapper/fd/3 -ef /proc/$group/fd/0 ] # /dev/null proves nothing
}
scan() { # sets found: a process that was found once stays in it when its parent dies
	all=$(list)
	[ -n "$all" ] || { kill -USR1 $wrapper; exit 2; }
	set -- $all
	while [ $# -ge 4 ]; do
		[ $1 = $$ ] && group=$3 && [ $2 != $wrapper ] && wrapper=none
		shift 4
	done
	ours=$group
	counts || ours=none
	mine=" $$ " # what the hunter itself has started: two generations
	for x in 1 2; do
		set -- $all
		while [ $# -ge 4 ]; do
			case $mine in
			*" $2 "*) mine="$mine$1 " ;;
			esac
			shift 4
		done
	done
	up=$wrapper theirs=" " # the ancestors of the wrapper
	while [ -n "$up" ]; do
		down=$up up=
		set -- $all
		while [ $# -ge 4 ]; do
			[ $1 = $down ] && [ $2 -gt 1 ] && up=$2 theirs="$theirs$2 "
			shift 4
		done
	done
	more=1
	[ "$group" != $leader ] || more=
	while [ -n "$more" ]; do
		more=
		set -- $all
		while [ $# -ge 4 ]; do
			case "$3:$mine$wrapper $theirs" in
			$group:*" $1 "*) ;;
			$group:*)
				case $theirs in
				*" $2 "*) theirs="$theirs$1 " more=1 ;;
				esac
				;;
			esac
			shift 4
		done
	done
	seen=" $wrapper $found"
	found=
	more=1
	while [ -n "$more" ]; do # until no more children are found
		more= left=0
		set -- $all
		while [ $# -ge 4 ]; do
			case "$4 $mine$theirs$wrapper $found" in
			Z* | *" $1 "*) ;;
			*)
				case "$seen:$3:" in
				*" $2 "* | *" $1 "* | *:$ours:) found="$found$1 " seen="$seen$1 " more=1 ;;
				*:$group:) [ $1 = 1 ] || left=2 ;;
				esac
				;;
			esac
			shift 4
		done
	done
}
watch() { # SECONDS COMMAND: runs the command with those found, until all are gone, which ends the hunter, or time is up
	sleep $1 &
	timer=$!
	while scan; [ -n "$found" ]; do
		$2 $found
		kill -0 $timer || return
		sleep 0.2 || sleep 1
	done
	kill -9 $timer
	exit $left
}
wrapper=$2 leader=$2 group= found=
scan
[ $wrapper = none ] || kill -USR1 $wrapper
[ -n "$found" ] && kill -TERM $found
watch $1 :
watch 2 "kill -KILL"
exit 1
