# Changes files on the host, for a push, or leaves everything as it was. Arguments: the nonce, how many seconds to wait
# for another push, the push that was the latest when the probe looked, the size of the journal, what stream follows (tar,
# journal or none), and how many parts of files other commands write into what is staged, once it is there. Input: the
# journal, then what is new, each a tar stream.
# Answers go to descriptor 9; what tools print is shown as errors of the host.
#
# In each folder where something changes there are two hidden ones: .hail-NONCE has what is new, and .hail-NONCE.old
# what was there before; several hosts may share that folder. Renames between them and the folder do the rest. The
# journal in $journal exists from before the first hidden folder until after the last: it says what is to be done, and
# how far it is. The next push finds it if this one was killed.
#
# The journal is a folder of files, one for each program that reads it, so that a thousand files take as many processes
# as one. In a list, each name ends with a NUL, for xargs -0; words are written as for printf %b.
#
#	staged       the name of the hidden folders for what is new
#	hidden       the list of all hidden folders
#	arrived.NONCE.N
#	             part N has arrived
#	staging renaming renamed undoing finished undone
#	             how far it is, each an empty file; after one of the last two, only the hidden folders have yet to go
#	alive        a fifo that programs which change something can read from, so that the next push sees whether all are over
#	paths seen   the list of paths that the probe saw, and what stat said of each
#	files sums   the list of the files that are staged, and the SHA-256 of each
#	changed      all paths, one per line, for the handlers
#	managed/KEY  what pushes have put below a folder, to be remembered
#	backups      how many earlier contents of each file to keep; without it, none
#	paid kept    paths, as words. When all is done, handlers and health are no longer due for those in paid. When
#	             something fails and the new files stay, they are due for those in kept; without kept, all is undone
#	judge        the program that judges health, for the commands of C: $hail_judge
#	table        lines of words:
#		v COMMAND           has to accept what is staged
#		V COMMAND           has to accept the whole once it is in place
#		H NAME SECONDS COMMAND
#		C NAME NUMBER SECONDS INTERVAL LOOK COMMAND     has to succeed within SECONDS, each look within LOOK
#	steps        what is to be done in each folder: see sh/steps.sh
#
# Beside the journal, $state has, while a push is at work, its lock (see below), and in printed and output what a command
# has printed, which is not in the journal because a process that it leaves behind may hold it open. What stays is
# latest, owed, and the folder managed.
nonce=$1 patience=$2 before=$3 size=$4 stream=$5 parts=$6
set -f
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
mask=$(umask)
umask 077
exec 9>&1 1>&2
say() { printf 'hail:%s:%s\n' "$nonce" "$*" >&9; true; } 2>/dev/null # also when nobody listens
journal=$state/push lock=$state/lock:
[ -d "$state" ] || mkdir -p "$state"
[ -w "$state" ] || { say error state; exit 0; }
stopped= alone= torn=
heed() { # signals
	trap 'stopped=1' TERM HUP INT
	trap 'stopped=1 alone=1' PIPE # nobody listens any more
}
heed

since() { # sets begun to when a process began; empty: that can't be seen
	if { read -r stat <"/proc/$1/stat"; } 2>/dev/null; then
		set -- ${stat##*") "}
		begun=${20}
		[ "$1" != Z ] || begun=over # where nobody takes notice of it
	else
		begun=$(TZ=UTC0 ps -o lstart= -p "$1" 2>/dev/null | tr -d ' :')
	fi
}
since $$
me=$$:$begun

# Each push that is at work, or about to be, has a file: $lock and who it is. Whoever sees no other after making its own
# is alone, and writes the id of its run into it. A name is used once, so the file of a push that was killed can be
# removed, and never another's.
over() { # whether the push with that file is over, as far as can be seen: it may be another user's
	pid=${1%%:*}
	if ! kill -0 "$pid" 2>/dev/null; then
		[ ! -O "$lock$1" ] || return 0
		case $(kill -0 "$pid" 2>&1) in
		*"o such process"*) return 0 ;;
		esac
	fi
	since "$pid"
	case $1:$begun in
	*::* | *:) return 1 ;;
	esac
	[ "$pid:$begun" != "$1" ]
}
rivals() { # sets owner to the push with the lowest number that there is, and works to the one at work; fails if there is none
	owner= works=
	set +f
	set -- "$lock"*
	set -f
	for other; do
		other=${other#"$lock"}
		[ "$other" != "$me" ] && [ -f "$lock$other" ] || continue
		if over "$other"; then
			rm -f "$lock$other"
			continue
		fi
		[ ! -s "$lock$other" ] || works=$other
		[ -n "$owner" ] && [ "$pid" -ge "${owner%%:*}" ] || owner=$other
	done
	[ -n "$owner" ]
}
waited=0
pause() { # while that push, if it is known, is at work
	[ -z "$stopped" ] || { say stopped; exit 0; }
	[ $waited -lt $((patience * 5)) ] || { say "locked $(cat "$lock$1" 2>/dev/null)"; exit 0; }
	waited=$((waited + 1))
	sleep 0.2 2>/dev/null || sleep 1
}
trap 'rm -f "$lock$me"' EXIT
while rivals || { true 2>/dev/null >"$lock$me"; rivals; }; do
	[ "${owner%%:*}" -gt $$ ] || rm -f "$lock$me" # of those that come at once, the one with the lowest number stays
	pause "$works"
done
[ -f "$lock$me" ] || { say error state; exit 0; } # it is full, say
printf '%s\n' "${HAIL_RUN-}" 2>/dev/null >"$lock$me"

# each LETTER FUNCTION: calls the function with the words of each line of the table that begins with the letter.
each() {
	while read -r op rest <&7; do
		[ "$op" != "$1" ] || $2 $rest || return 1
	done 7<"$journal/table"
}

tidy() { # that all is over is forgotten last
	trap '' TERM HUP INT PIPE # a signal to all processes of the push must not end rm halfway
	if [ -s "$journal/hidden" ] && ! xargs -r -0 rm -rf -- <"$journal/hidden" 2>/dev/null; then
		# There is a folder that its owner can't write to, or a command that has sent a part was still about to begin.
		# Where none could be made, rm complains.
		xargs -r -0 sh -c 'for hidden; do [ ! -e "$hidden" ] || { find "$hidden" -type d -exec chmod u+rwx {} \; 2>/dev/null; rm -rf -- "$hidden"; }; done' hail <"$journal/hidden"
	fi
	exec </dev/null # with NFS, a file that is open stays, and with it the folder that it is in
	rm -rf -- "$state/printed" "$state/output" "$journal/renaming" "$journal/renamed" "$journal/undoing" "$journal/staging" "$journal"
	heed
}

change() { printf '%s\n' "$1" >"$state/latest"; } 2>/dev/null # for pushes that have looked already, and wait
phase() { true >"$journal/$1"; } # a file is made all at once, before what is renamed and removed after it
undo() { # puts everything back, and runs the handlers again: what they print must not end them
	say undoing
	phase undoing
	change "$nonce.undone"
	[ -z "$alone" ] || exec >/dev/null 2>&1
	if rollback; then
		each H again
		phase undone
		say rolled-back
		tidy
	else
		say stuck
		exit 0
	fi
}
owe() { # paid or kept: other pushes have changed the list since the probe
	[ -s "$journal/$1" ] || return 0
	{
		[ ! -s "$state/owed" ] || grep -v -x -F -f "$journal/$1" "$state/owed" || [ $? = 1 ] || return 1
		[ "$1" = paid ] || cat "$journal/kept"
	} >"$state/owed.new" && mv -f "$state/owed.new" "$state/owed"
}
remember() ( # all of a list or none: a name that was cut is somebody else's
	set +f
	mkdir -p "$state/managed" && mv -f "$journal"/managed/* "$state/managed/"
)
finish() { # paid or kept
	owe "$1" || [ "$1" = paid ] || return 0 # the journal stays, and has the debt until it can be written down
	{ read -r backups <"$journal/backups"; } 2>/dev/null && ( steps "replaced retyped gone" back_up )
	[ ! -d "$journal/managed" ] || remember
	phase finished
	tidy
}
conclude() { # when all is in place
	change "$nonce.renamed" # a push may have looked since the first rename
	if activate; then
		finish paid
		say changed
	elif [ -f "$journal/kept" ]; then
		finish kept
		say kept
	else
		undo
	fi
}

# Settles what a killed push has left, once all programs that it has started are over: they can read from alive.
if [ -d "$journal" ]; then
	exec 6<&0
	if [ -p "$journal/alive" ] && [ -r "$journal/alive" ] && [ -w "$journal/alive" ]; then
		exec 0<>"$journal/alive" 7>"$journal/alive" 0<&6
		[ "$patience" -gt 0 ] || patience=1
		while echo | cat >&7 2>/dev/null; do pause ''; done
		exec 7>&- 0<>"$journal/alive"
	fi
	staged=$(cat "$journal/staged" 2>/dev/null)
	case $staged in
	.hail-?*) ;;
	*) rm -rf "$journal" ;; # it was not all written, so nothing else was there yet
	esac
	for phase in finished undone undoing renamed renaming staging nothing; do
		[ ! -f "$journal/$phase" ] || break
	done
	case $phase in
	finished) say settled activated; tidy ;;
	undone) say settled rolled-back; tidy ;;
	renamed) say settled activated; conclude ;;
	undoing | renaming) say settled rolled-back; undo ;;
	staging) say settled dropped; tidy ;;
	nothing) rm -rf "$journal" ;; # likewise, or nothing else was there any more
	esac
	[ ! -d "$journal" ] || { say error state; exit 0; }
	exec 0<&6 6<&-
fi
say begins
[ "$stream" != none ] || { say done; exit 0; }

staged=.hail-$nonce
# What tools print until everything is in place is kept, to give the reason if one fails, worded the same on all hosts.
told() {
	because=
	[ -f "$journal/why" ] || return 0
	exec 2>&8
	[ -s "$journal/why" ] || return 0
	sed "s/$staged/.hail-*/g" "$journal/why" >&2
	because=$(sed -n '$s/.*: //p' "$journal/why")
}
fail() {
	told
	[ "$1" != error ] || set -- "$@" ${because:+"$because"}
	say "$*"
	tidy
	exit 0
}
mkdir "$journal" && first "$size" | tar -x -m -f - -C "$journal" && [ -f "$journal/staging" ] || fail error state
mkfifo "$journal/alive" 2>/dev/null || true >"$journal/alive" || fail error state
exec 8>&2 2>"$journal/why"
find_stat
seen() { xargs -r -0 $stats -- <"$journal/paths" 2>/dev/null; } # what stat says now
unmoved() { # all is as the probe has seen it; prints the first path that is not
	[ ! -s "$journal/paths" ] || seen | cmp -s - "$journal/seen" || {
		seen | {
			at=1
			while read -r was <&6 && read -r is && [ "$was" = "$is" ]; do at=$((at + 1)); done 6<"$journal/seen"
			tr '\n\0' ' \n' <"$journal/paths" | sed -n "${at}s/\$/ has changed/p"
		}
		return 1
	}
	( steps made absent )
}
latest
# A list of what pushes have put below a folder is of all pushes.
[ "$latest" = "$before" ] || { [ ! -d "$journal/managed" ] && unmoved >/dev/null; } || fail behind
say works

if [ -s "$journal/paths" ] && command -v lsattr >/dev/null 2>&1; then
	flagged=$(xargs -r -0 lsattr -d -- <"$journal/paths" 2>/dev/null | sed -n 's/^[^ ]*[ia][^ ]* *//p' | head -n 1)
	[ -z "$flagged" ] || fail immutable "$flagged"
fi
# Without -m, which with busybox takes setgid away: what is new gets the group of a setgid folder. An ACL may ignore umask.
xargs -r -0 mkdir -- <"$journal/hidden" && xargs -r -0 chmod go-rwx -- <"$journal/hidden" || fail error stage
if [ "$stream" = tar ]; then
	groups=-o # busybox would give others than root their first group
	[ "$(id -u)" != 0 ] || groups=
	( umask 0; exec tar -x -p -m $groups -f - -C / 1<>"$journal/alive" 2>"$journal/tar" ) || torn=1 # busybox heeds -p only for root
	sed '/xiting with failure/d' "$journal/tar" | sed -e '10,$!b' -e '10{$!s/.*/and more/;b' -e '}' -e '$!d' >&2 # a full disk is told of each file
	[ -z "$torn" ] || fail error stage
fi
exec 0<>"$journal/alive"
[ "$parts" = 0 ] || say send
arrived=0
while [ $arrived -lt "$parts" ]; do
	if [ -f "$journal/arrived.$nonce.$((arrived + 1))" ]; then
		arrived=$((arrived + 1))
		continue
	fi
	[ -z "$stopped" ] || fail stopped
	sleep 0.1 2>/dev/null || sleep 1
done
( steps replaced take_after && steps rights give_staged ) || fail error attributes
if [ -s "$journal/files" ]; then
	xargs -r -0 $sums -- <"$journal/files" 2>/dev/null | digests | cmp -s - "$journal/sums" || fail error "what arrived is not what was sent"
	xargs -r -0 sync -- <"$journal/files" 2>/dev/null || sync
fi
each v accept || fail stopped
[ -z "$stopped" ] || fail stopped

moved=$(unmoved) || fail moved "$(printf '%s\n' "$moved" | head -n 1)"

phase renaming || fail error state
change "$nonce"
set +f
set -- "$journal" "$journal"/*
[ ! -d "$journal/managed" ] || set -- "$@" "$journal"/managed/*
set -f
sync -- "$@" 2>/dev/null || sync
if commit && [ -z "$stopped" ] && phase renamed; then
	told
	conclude
else
	told
	[ -n "$stopped" ] || say "error rename $because"
	undo
fi
