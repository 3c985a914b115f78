# Changes files on the host, for a push, or leaves all as it was. Arguments: the nonce, how many seconds to wait for another push, how
# many backups to keep, the size of the journal, whether a stream follows it (tar, journal or none), and how many parts of files other
# commands write into what is staged, once it is there. Input: the journal, then what is new, each a stream of tar. Answers go to
# descriptor 9; what tools print is shown as errors of the host.
#
# In the folder of each file that changes there is a hidden one with what is new, .hail-NONCE, and one with what was there
# before, .hail-NONCE.old. Renames between them and the folder do the rest. The journal in $journal is there from the first of
# these folders to the end: it says what is to be done, and how far it went. The next push finds it when this one was killed.
#
# The journal is a folder of files, each for the program that reads it: a list has a NUL behind each name, for xargs -0, so that a
# thousand files cost as many processes as one. Words are written as for printf %b.
#
#	staged       the name of the hidden folders
#	arrived.N    the part N has arrived
#	staging      how far it is, each an empty file: staging, renaming, renamed, undoing; finished or undone: only what is hidden has
#	             still to go
#	paths seen   the list of what the probe saw, and what stat said of each
#	files sums   the list of the files that are staged, and the SHA-256 of each
#	changed      all paths, a line each, for the handlers
#	managed/KEY  what pushes have put below a folder, to be remembered
#	paid kept    paths, words, whose handlers and health are due no more when all was done, and which are when something has failed
#	             and stays nevertheless; without the second, it is taken back
#	judge        the program that judges health, for the commands of C: $hail_judge
#	table        lines of words:
#		v COMMAND           has to accept what is staged
#		V COMMAND           has to accept the whole, when it is in place
#		H NAME SECONDS COMMAND
#		C NAME NUMBER SECONDS INTERVAL LOOK COMMAND     has to succeed within the time, each look within its own
#	1/ 2/ …      for each folder in which something changes:
#		folder                    its path, a word
#		made replaced retyped     lists of what is renamed into it: nothing was there, a file, something else
#		gone                      a list of what goes
#		rights meta unmeta        lines of a mode, an owner (- keeps them), and the list, beside it, of whose they are: those of
#		                          staged files, of files that are changed in their place, and of these as they were
nonce=$1 patience=$2 backups=$3 size=$4 stream=$5 parts=$6
set -f
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
mask=$(umask)
umask 077
exec 9>&1 1>&2
say() { printf 'hail:%s:%s\n' "$nonce" "$*" >&9; true; } 2>/dev/null # also when nobody listens
decode() {
	case $1 in
	*\\*) path=$(printf '%bx' "$1"); path=${path%x} ;;
	*) path=$1 ;;
	esac
}
journal=$state/push lock=$state/lock
[ -d "$state" ] || mkdir -p "$state"
[ -w "$state" ] || { say error state; exit 0; }
stopped= alone=
trap 'stopped=1' TERM HUP INT
trap 'stopped=1 alone=1' PIPE # nobody listens any more

begun() { # when a process began
	read -r stat <"/proc/$1/stat" || return 0
	set -- ${stat##*) }
	echo "${20}"
}
me=$$:$(begun $$ 2>/dev/null)
tries=0 waited=0
until ln -s "$me" "$lock" 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -le $((patience * 5 + 20)) ] || { say locked; exit 0; }
	owner=$(readlink "$lock") || continue
	if kill -0 "${owner%%:*}" 2>/dev/null && [ "$(begun "${owner%%:*}" 2>/dev/null)" = "${owner#*:}" ]; then
		[ -z "$stopped" ] || { say stopped; exit 0; }
		[ $waited -lt $((patience * 5)) ] || { say locked; exit 0; }
		waited=$((waited + 1))
		sleep 0.2 2>/dev/null || sleep 1
		continue
	fi
	mv "$lock" "$lock.$$" 2>/dev/null || continue
	[ "$(readlink "$lock.$$")" = "$owner" ] || ln -s "$(readlink "$lock.$$")" "$lock" 2>/dev/null # somebody was faster
	rm -f "$lock.$$"
done
trap 'rm -f "$lock"' EXIT

# in_folders LISTS COMMAND: in each folder, COMMAND gets the names in these lists as arguments; $0 is the hidden folder.
in_folders() {
	at=1
	while [ -d "$journal/$at" ]; do
		for list in $1; do
			[ -f "$journal/$at/$list" ] || continue
			locate
			( cd "$folder" && xargs -r -0 sh -c "$2" "$staged" <"$journal/$at/$list" ) || return 1
		done
		at=$((at + 1))
	done
}
locate() {
	read -r path <"$journal/$at/folder"
	decode "$path"
	folder=${path:-/dev/null} # a host that went down may have kept the file and not what was in it: nothing is below that
}

# each_folder FUNCTION
each_folder() {
	at=1
	while [ -d "$journal/$at" ]; do
		locate
		$1 || return 1
		at=$((at + 1))
	done
}

# each LETTER FUNCTION: the function gets the words of each such line of the table.
each() {
	while read -r op rest <&7; do
		[ "$op" != "$1" ] || $2 $rest || return 1
	done 7<"$journal/table"
}

hidden() { printf '%s\0' "$folder/${staged:?}" "$folder/$staged.old"; }
tidy() { # that all is over is forgotten last
	{
		each_folder hidden
		printf '%s\0' "$journal/renaming" "$journal/renamed" "$journal/undoing" "$journal"
	} | xargs -r -0 rm -rf --
}

# give RIGHTS DIR: the modes and owners in such a file of the folder's journal to what is in DIR.
give() {
	[ -f "$journal/$at/$1" ] || return 0
	while read -r mode owner list; do
		( cd "$2" && { [ "$owner" = - ] || xargs -r -0 chown -h -- "$owner"; } <"$journal/$at/$list" ) || return 1
		( cd "$2" && { [ "$mode" = - ] || xargs -r -0 chmod -- "$mode"; } <"$journal/$at/$list" ) || return 1
	done <"$journal/$at/$1"
}
give_staged() { give rights "$folder/$staged"; }
set_meta() { give meta "$folder"; }
unset_meta() { give unmeta "$folder"; }
rollback() { # may be begun again; what is still staged was not renamed, and the name is somebody else's
	in_folders made 'for f; do [ -e "$0/$f" ] || [ -L "$0/$f" ] || rm -rf -- "$f" || exit 1; done' &&
		in_folders "retyped gone" 'for f; do
			[ -e "$0.old/$f" ] || [ -L "$0.old/$f" ] || continue
			rm -rf -- "$f" && mv -f -- "$0.old/$f" "./$f" || exit 1
		done' &&
		each_folder unset_meta &&
		in_folders replaced 'cd "$0.old" && for f; do
			[ ! -e "./$f" ] || mv -f -- "$f" .. || cmp -s -- "$f" "../$f" || exit 1 # the same: it was never replaced
		done'
}
phase() { true >"$journal/$1"; } # a file is made all at once, before what is renamed and removed after it
undo() { # puts everything back, and runs the handlers again: what they print must not end them
	say undoing
	phase undoing
	[ -z "$alone" ] || exec >/dev/null 2>&1
	if rollback; then
		each H again
		phase undone
		say rolled-back
		tidy
	else
		say stuck
	fi
}
owe() { # paid or kept: other pushes have changed the list since the probe
	[ -s "$journal/$1" ] || return 0
	{
		[ ! -s "$state/owed" ] || grep -v -x -F -f "$journal/$1" "$state/owed" || [ $? = 1 ] || return 1
		[ "$1" = paid ] || cat "$journal/kept"
	} >"$state/owed.new" && mv -f "$state/owed.new" "$state/owed"
}
finish() { # paid or kept
	owe "$1" || [ "$1" = paid ] || return 0 # the journal stays, and has the debt until it can be written down
	[ "$backups" = 0 ] || in_folders replaced "backups=$backups"'; mkdir -p .hail-backup || exit 0
		for f; do # the newest backup has number 1
			k=$backups
			while [ $k -gt 1 ]; do
				[ ! -e ".hail-backup/$f.$((k - 1))" ] || mv -f -- ".hail-backup/$f.$((k - 1))" ".hail-backup/$f.$k"
				k=$((k - 1))
			done
			ln -f -- "$0.old/$f" ".hail-backup/$f.1" 2>/dev/null || cp -p -- "$0.old/$f" ".hail-backup/$f.1"
		done'
	[ ! -d "$journal/managed" ] || cp -R "$journal/managed" "$state/"
	phase finished
	tidy
}
conclude() { # when all is in place
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

# What a push that was killed has left.
if [ -d "$journal" ]; then
	staged=$(cat "$journal/staged" 2>/dev/null)
	case $staged in
	.hail-?*) ;;
	*) rm -rf "$journal" ;; # it was not all written, so nothing else was done
	esac
	for phase in finished undone undoing renamed renaming staging; do
		[ ! -f "$journal/$phase" ] || break
	done
	case $phase in
	finished) say settled activated; tidy ;;
	undone) say settled rolled-back; tidy ;;
	renamed) say settled activated; conclude ;;
	undoing | renaming) say settled rolled-back; undo ;;
	staging) say settled dropped; tidy ;;
	esac
	[ ! -d "$journal" ] || exit 0
fi
say begins
[ "$stream" != none ] || { say done; exit 0; }

staged=.hail-$nonce
# What tools print until all is in place is kept, to give the reason where one of them fails.
told() {
	because=
	[ -f "$journal/why" ] || return 0
	exec 2>&8
	[ -s "$journal/why" ] || return 0
	cat "$journal/why" >&2
	because=$(sed '/xiting with failure/d' "$journal/why" | sed -n '$s/.*: //p')
}
fail() {
	told
	[ "$1" != error ] || set -- "$@" ${because:+"$because"}
	say "$*"
	tidy
	exit 0
}
mkdir "$journal" && dd bs="$size" count=1 2>/dev/null | tar -x -m -f - -C "$journal" && [ -f "$journal/staging" ] || fail error state
exec 8>&2 2>"$journal/why"

if [ -s "$journal/paths" ] && command -v lsattr >/dev/null 2>&1; then
	flagged=$(xargs -r -0 lsattr -d -- <"$journal/paths" 2>/dev/null | sed -n 's/^[^ ]*[ia][^ ]* *//p' | head -n 1)
	[ -z "$flagged" ] || fail immutable "$flagged"
fi
each_folder hidden | xargs -r -0 mkdir -- || fail error stage
if [ "$stream" = tar ]; then
	tar -x -p -m -f - -C / || fail error stage
fi
[ "$parts" = 0 ] || say send
arrived=0
while [ $arrived -lt "$parts" ]; do
	if [ -f "$journal/arrived.$((arrived + 1))" ]; then
		arrived=$((arrived + 1))
		continue
	fi
	[ -z "$stopped" ] || fail stopped
	sleep 0.1 2>/dev/null || sleep 1
done
# What a file has besides its content, but for the time of its change. Busybox has no way for it.
in_folders replaced 'cp --attributes-only --preserve=all -t "$0" -- "$@" 2>/dev/null; cd "$0" && touch -c -- "$@"' || fail error attributes
each_folder give_staged || fail error attributes
if [ -s "$journal/files" ]; then
	xargs -r -0 sha256sum -- <"$journal/files" 2>/dev/null | sed -n '/^\\*[0-9a-f]\{64\}  /{s/ .*//;s/^\\//;p;}' | cmp -s - "$journal/sums" || fail error "what arrived is not what was sent"
	xargs -r -0 sync -- <"$journal/files" 2>/dev/null || sync
fi
each v accept || fail stopped
[ -z "$stopped" ] || fail stopped

if [ -s "$journal/paths" ]; then
	xargs -r -0 stat -c '%a %u %g %s %h %Y.%Z %i %d' -- <"$journal/paths" 2>/dev/null | cmp -s - "$journal/seen" || fail moved -
fi
in_folders made 'for f; do [ ! -e "./$f" ] && [ ! -L "./$f" ] || { echo "$PWD/$f is there now"; exit 1; }; done' || fail moved -

phase renaming || fail error state
set +f
sync -- "$journal" "$journal"/* "$journal"/*/* 2>/dev/null || sync
set -f
if in_folders replaced 'ln -- "$@" "$0.old/" 2>/dev/null || for f; do [ -e "$0.old/$f" ] || cp -p -- "$f" "$0.old/" || exit 1; done' &&
	in_folders retyped 'mv -- "$@" "$0.old/"' &&
	in_folders "made replaced retyped" 'cd "$0" && mv -f -- "$@" ..' &&
	each_folder set_meta &&
	in_folders gone 'mv -- "$@" "$0.old/"' && [ -z "$stopped" ]; then
	told
	if phase renamed; then conclude; else undo; fi
else
	told
	say "error rename $because"
	undo
fi
