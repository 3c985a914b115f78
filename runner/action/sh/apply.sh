# Changes files on the host, for a push, or leaves all as it was. Arguments: the nonce, what to do on failure (rollback or keep),
# how many seconds to wait for another push, how many backups to keep, the size of the table, whether a stream follows it (tar, table
# or none). Input: the table of the steps, then a stream of tar with what is new. Answers go to descriptor 9; what tools print is shown as errors of the host.
#
# In the folder of each file that changes there is a hidden one with what is new, .hail-NONCE, and one with what was there
# before, .hail-NONCE.old. Renames between them and the folder do the rest. The journal in $journal is there from the first of
# these folders to the end: it has the table, and how far it went. The next push finds it when this one was killed.
#
# Lines of the table, words with blanks between them, paths as for printf %b. The shell reads lines a byte at a time, so what there
# may be thousands of is taken out with sed.
#
#	P DIR               what follows is in this folder
#	c NAME…             are made
#	r NAME…             replace files
#	t NAME…             replace something of another kind
#	x NAME…             go
#	a NAME MODE OWNER   of a file that replaces another; - keeps what the old one had
#	m NAME MODE OWNER OLDMODE OLDOWNER
#	e PATH STAT…        what the probe saw of it
#	n PATH              the probe saw nothing there
#	i PATH              is looked at for the immutable flag
#	s SUM PATH          what is staged has to have this SHA-256
#	v COMMAND           has to accept what is staged
#	V COMMAND           has to accept the whole, when it is in place
#	F PATH              has changed, for the handlers
#	H NAME SECONDS COMMAND
#	C NAME SECONDS INTERVAL COMMAND     has to succeed within the time
#	M KEY               what pushes have put below a folder is remembered under this key:
#	k KEY PATH
nonce=$1 on_failure=$2 patience=$3 backups=$4 size=$5 stream=$6
set -f
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
umask 077
exec 9>&1 1>&2
say() { printf 'hail:%s:%s\n' "$nonce" "$*" >&9; }
decode() {
	case $1 in
	*\\*) path=$(printf '%bx' "$1"); path=${path%x} ;;
	*) path=$1 ;;
	esac
}
state=${HOME:-/var/lib}/.local/state/hail
journal=$state/push lock=$state/lock
mkdir -p "$state" && [ -w "$state" ] || { say error state; exit 0; }
stopped=
trap 'stopped=1' TERM HUP INT

begun() { # when a process began
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
	set -- ${stat##*) }
	echo "${20}"
}
me=$$:$(begun $$)
tries=0
until ln -s "$me" "$lock" 2>/dev/null; do
	tries=$((tries + 1))
	[ $tries -le $((patience * 5 + 20)) ] || { say locked; exit 0; }
	owner=$(readlink "$lock") || continue
	if kill -0 "${owner%%:*}" 2>/dev/null && [ "$(begun "${owner%%:*}")" = "${owner#*:}" ]; then
		[ -z "$stopped" ] || { say stopped; exit 0; }
		[ $patience -gt 0 ] || { say locked; exit 0; }
		sleep 0.2 2>/dev/null || sleep 1
		continue
	fi
	mv "$lock" "$lock.$$" 2>/dev/null || continue
	[ "$(readlink "$lock.$$")" = "$owner" ] || ln -s "$(readlink "$lock.$$")" "$lock" 2>/dev/null # somebody was faster
	rm -f "$lock.$$"
done
trap 'rm -f "$lock"' EXIT

# words EXPRESSION: what sed takes out of the table; paths EXPRESSION: that as paths, for xargs -0.
words() { sed -n "$1" "$journal/table"; }
paths() {
	set -- $(words "$1")
	[ $# = 0 ] || printf '%b\0' "$@"
}

# in_batches OPS COMMAND: in each folder, COMMAND gets the names of the lines with these letters, as arguments of xargs -0.
in_batches() {
	words "/^[P$1] /p" >"$journal/lines"
	folder=
	while read -r op names; do
		if [ $op = P ]; then
			decode "$names"
			folder=$path
			continue
		fi
		printf '%b\0' $names >"$journal/names"
		( cd "$folder" && xargs -r -0 sh -c "$2" "$staged" <"$journal/names" ) || return 1
	done <"$journal/lines"
}

# each LETTER FUNCTION: the function gets the words of each such line, with $folder set; for names, one by one.
each() {
	words "/^[P$1] /p" >"$journal/each"
	while read -r op rest <&7; do
		[ $op != P ] || { decode "$rest"; folder=$path; }
		[ $op = "$1" ] || continue
		case $op in
		[crtx]) for name in $rest; do $2 "$name" || return 1; done ;;
		*) $2 $rest || return 1 ;;
		esac
	done 7<"$journal/each"
}

stage_folder() { decode "$1"; [ ! -d "$path" ] || { rm -rf "$path/$staged" "$path/$staged.old"; mkdir "$path/$staged" "$path/$staged.old"; }; }
drop_folder() { decode "$1"; rm -rf "$path/$staged" "$path/$staged.old"; }
tidy() {
	[ ! -f "$journal/table" ] || each P drop_folder
	rm -rf "$journal"
}
keep_attributes() {
	decode "$1"
	cp --attributes-only --preserve=all -- "$folder/$path" "$folder/$staged/$path" 2>/dev/null || return 0
	[ "$3" = - ] || chown -- "$3" "$folder/$staged/$path" || return 1
	[ "$2" = - ] || chmod -- "$2" "$folder/$staged/$path"
}
set_meta() {
	decode "$1"
	[ "$3" = - ] || chown -- "$3" "$folder/$path" || return 1
	[ "$2" = - ] || chmod -- "$2" "$folder/$path"
}
unset_meta() { decode "$1"; chown -- "$5" "$folder/$path"; chmod -- "$4" "$folder/$path"; }
forget_new() { decode "$1"; rm -rf "$folder/$path"; }
bring_back() {
	decode "$1"
	old=$folder/$staged.old/$path
	[ -e "$old" ] || [ -L "$old" ] || return 0
	rm -rf "$folder/$path" && mv -f -- "$old" "$folder/$path"
}
rollback() {
	each c forget_new
	each t bring_back && each x bring_back && each m unset_meta &&
		in_batches r 'cd "$0.old" && for f; do
			[ ! -e "$f" ] || mv -f -- "$f" .. || cmp -s -- "$f" "../$f" || exit 1 # the same: it was never replaced
		done'
}
accept() { decode "$1"; sh -c "$path" </dev/null 7<&- 9>&- || { say "refused $1"; return 1; }; }
limited() { # SECONDS COMMAND
	if command -v timeout >/dev/null 2>&1; then set -- timeout "$1" sh -c "$2"; else set -- sh -c "$2"; fi
	"$@" </dev/null 7<&- 9>&- # what stays in the background holds nothing of ours
}
handle() {
	decode "$3"
	limited "$2" "$path" && say "handled $1" && return 0
	say "handler $1"
	return 1
}
healthy() {
	decode "$4"
	until=$(($(date +%s) + $2))
	while [ -z "$stopped" ]; do
		left=$((until - $(date +%s)))
		limited $((left > 0 ? left : 1)) "$path" && return 0
		[ $left -gt "$3" ] || break
		sleep "$3"
	done
	say "unhealthy $1"
	return 1
}
activate() {
	FILES=$(printf '%b\n' $(words 's/^F //p'))
	export FILES
	each V accept && each H handle && each C healthy && [ -z "$stopped" ]
}
again() { decode "$3"; limited "$2" "$path"; return 0; }
undo() { # puts everything back, and runs the handlers again
	if rollback; then
		each H again
		say rolled-back
		tidy
	else
		say stuck
	fi
}
back_up() { # NAME: the newest backup has number 1
	decode "$1"
	mkdir -p "$folder/.hail-backup" || return 0
	k=$backups
	while [ $k -gt 1 ]; do
		[ ! -e "$folder/.hail-backup/$path.$((k - 1))" ] || mv -f -- "$folder/.hail-backup/$path.$((k - 1))" "$folder/.hail-backup/$path.$k"
		k=$((k - 1))
	done
	ln -f -- "$folder/$staged.old/$path" "$folder/.hail-backup/$path.1" 2>/dev/null || cp -p -- "$folder/$staged.old/$path" "$folder/.hail-backup/$path.1"
}
finish() {
	[ "$backups" = 0 ] || each r back_up
	mkdir -p "$state/managed"
	for key in $(words 's/^M //p'); do
		words "s/^k $key //p" >"$state/managed/$key"
	done
	tidy
}

# What a push that was killed has left.
if [ -d "$journal" ]; then
	staged=$(cat "$journal/staged" 2>/dev/null)
	case $(cat "$journal/phase" 2>/dev/null) in
	renaming) say settled rolled-back; undo ;;
	renamed) say settled activated; if activate; then finish; else undo; fi ;;
	*) say settled dropped; tidy ;;
	esac
	[ ! -d "$journal" ] || exit 0
fi
[ "$stream" != none ] || { say done; exit 0; }

staged=.hail-$nonce
fail() { say "$*"; tidy; exit 0; }
mkdir "$journal" && echo "$staged" >"$journal/staged" && echo staging >"$journal/phase" || { rm -rf "$journal"; say error state; exit 0; }
dd bs="$size" count=1 of="$journal/table" 2>/dev/null && [ "$(wc -c <"$journal/table")" -eq "$size" ] || fail error state

if command -v lsattr >/dev/null 2>&1; then
	flagged=$(paths 's/^i //p' | xargs -r -0 lsattr -d -- 2>/dev/null | sed -n 's/^[^ ]*[ia][^ ]* *//p' | head -n 1)
	[ -z "$flagged" ] || fail immutable "$flagged"
fi
each P stage_folder || fail error stage
if [ "$stream" = tar ]; then
	tar -x -p -f - -C / || fail error stage
fi
each a keep_attributes || fail error attributes
want=$journal/want got=$journal/got
words 's/^s \([^ ]*\) .*/\1/p' >"$want"
paths 's/^s [^ ]* //p' >"$journal/names"
xargs -r -0 sha256sum -- <"$journal/names" 2>/dev/null | sed -n 's/^\\\{0,1\}\([0-9a-f]\{64\}\) .*/\1/p' >"$got"
[ ! -s "$want" ] || cmp -s "$want" "$got" || fail error "what arrived is not what was sent"
if [ -s "$want" ]; then xargs -r -0 sync -- <"$journal/names" 2>/dev/null || sync; fi
each v accept || fail stopped
[ -z "$stopped" ] || fail stopped

absent() { decode "$1"; [ ! -e "$path" ] && [ ! -L "$path" ] || { say "moved $1"; return 1; }; }
words 's/^e [^ ]* //p' >"$want"
paths 's/^e \([^ ]*\) .*/\1/p' >"$journal/names"
xargs -r -0 stat -c '%a %u %g %s %h %Y.%Z %i %d' -- <"$journal/names" >"$got" 2>/dev/null
[ ! -s "$want" ] || cmp -s "$want" "$got" || fail "moved -"
each n absent || fail stopped

echo renaming >"$journal/phase"
sync "$journal/phase" "$journal/table" 2>/dev/null || sync
if in_batches r 'ln -- "$@" "$0.old/" 2>/dev/null || cp -p -- "$@" "$0.old/"' &&
	in_batches t 'mv -- "$@" "$0.old/"' &&
	in_batches crt 'cd "$0" && mv -f -- "$@" ..' &&
	each m set_meta &&
	in_batches x 'mv -- "$@" "$0.old/"' && [ -z "$stopped" ]; then
	echo renamed >"$journal/phase"
	if activate; then
		finish
		say changed
	elif [ "$on_failure" = keep ]; then
		finish
		say kept
	else
		undo
	fi
else
	say error rename
	undo
fi
