# find_limit GRACE: sets limit to what ends a command after so many seconds, if the host can: by TERM and, when the grace is
# over, KILL, or by KILL alone. Busybox knows -k from 1.34 on. An exit status proves nothing: that of toybox may be wrong.
find_limit() {
	for limit in "timeout -k $1" 'timeout -s KILL'; do
		[ "$($limit 9 echo it 2>/dev/null)" != it ] || return 0
	done
	limit=
	return 1
}
