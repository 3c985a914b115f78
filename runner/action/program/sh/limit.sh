# find_limit GRACE: sets limit to what ends a command after so many seconds, if the host can: by TERM and, when the grace is
# over, KILL, or by KILL alone. Busybox knows -k from 1.34 on. Its timeout leaves a process for up to a second, which must
# hold nothing of ours. The exit status of toybox's is 127 at random.
find_limit() {
	! command -v timeout >/dev/null || for limit in "timeout -k $1" 'timeout -s KILL'; do
		$limit 9 true </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		case $? in 0 | 127) return 0 ;; esac
	done
	limit=
	return 1
}
