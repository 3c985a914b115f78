# Waits for the end of descriptor 3, and becomes the hunter. Arguments: the grace and the limit in seconds, the hunter, and
# the process id of the wrapper. The limit is for a network that dies silently, so that the end never arrives.
#
# The command may send signals to its whole process group: those are ignored from the start. This script and the hunter
# stand in single quotes, so they contain none.
trap "" TERM HUP INT USR1
if [ $2 = 0 ]; then
	while read -r x; do :; done <&3
else
	trap "kill -9 \$reader \$!; exit 2" USR2 # nothing may hold the input when the command has ended
	cat <&3 >/dev/null &
	reader=$!
	(
		n=0
		while [ $n -lt $2 ]; do
			sleep 1
			kill -0 $4 || exit
			n=$((n + 1))
		done
		kill -9 $reader
	) 3<&- &
	wait $reader
fi
trap "" USR2
exec sh -c "$3" hail "$1" $4 # in a shell of its own: ksh93 reliably ignores only signals that were ignored when it began
