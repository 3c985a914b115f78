# For sh/apply.sh: what a push does in the folders of the host, and how it is undone. $journal/steps says what is to be
# done. It is a program of these commands; names are relative to the folder before them.
#
#	folder PATH
#	step KIND NAME…                  made, replaced, retyped: what is renamed into place, where there was nothing, a file,
#	                                 something else; gone: what is removed
#	step KIND MODE OWNER NAME…       rights: what staged files get; meta: what files that stay in place get; unmeta: what
#	                                 these had before; the owner - leaves it
#	all                              comes last: nothing is missing

# steps KINDS FUNCTION, in a shell of its own: for each step of these kinds, calls the function in the folder, with what
# follows the kind. The first that fails ends the shell.
steps() {
	kinds=" $1 " function=$2
	. "$journal/steps"
}
folder() { folder=$1; }
step() {
	case $kinds in
	*" $1 "*) ;;
	*) return 0 ;;
	esac
	shift
	kill -0 $$ 2>/dev/null && [ -f "$lock$me" ] || exit 1 # the push was killed, and the next one may be about to settle it
	cd "$folder" && $function "$@" || exit 1
}
all() { true; }

# What is done with NAME…, in their folder.
absent() {
	for name; do
		[ ! -e "./$name" ] && [ ! -L "./$name" ] || { printf '%s has appeared\n' "$folder/$name"; return 1; }
	done
}
take_after() { # what a file has besides its content, but for the time of its change; busybox has no way for it
	cp --attributes-only --preserve=all -t "$staged" -- "$@" 2>/dev/null
	cd "$staged" && touch -c -- "$@"
}
keep() { ln -- "$@" "$staged.old/" 2>/dev/null || for name; do [ -e "$staged.old/$name" ] || cp -p -- "$name" "$staged.old/" || return 1; done; }
set_aside() { mv -- "$@" "$staged.old/"; }
put() { cd "$staged" && mv -f -- "$@" ..; }
give() { # MODE OWNER NAME…
	mode=$1 owner=$2
	shift 2
	[ "$owner" = - ] || chown -h -- "$owner" "$@" || return 1
	chmod -- "$mode" "$@" # last: a new owner takes setuid away
}
give_staged() { cd "$staged" && give "$@"; }
commit() ( steps replaced keep && steps retyped set_aside && steps "made replaced retyped" put && steps meta give && steps gone set_aside )
back_up() { # the newest has number 1; it may be begun again
	for name; do
		[ ! -d "$staged.old/$name" ] || [ -L "$staged.old/$name" ] || continue
		mkdir -p .hail-backup || return 0
		[ ! "$staged.old/$name" -ef ".hail-backup/$name.1" ] || continue
		k=1
		while [ $k -lt $backups ] && [ -e ".hail-backup/$name.$k" ]; do k=$((k + 1)); done
		rm -f -- ".hail-backup/$name.$k" # it may be a link to a folder, into which mv and ln would go
		while [ $k -gt 1 ]; do
			mv -f -- ".hail-backup/$name.$((k - 1))" ".hail-backup/$name.$k"
			k=$((k - 1))
		done
		ln -- "$staged.old/$name" ".hail-backup/$name.1" 2>/dev/null || cp -p -- "$staged.old/$name" ".hail-backup/$name.1"
	done
}

# And how it is undone. It may be begun again. What is still staged was not renamed, so that its name is not ours.
unmake() {
	for name; do
		[ -e "$staged/$name" ] || [ -L "$staged/$name" ] || rm -rf -- "$name" || return 1
	done
}
bring_back() {
	for name; do
		[ -e "$staged.old/$name" ] || [ -L "$staged.old/$name" ] || continue
		rm -rf -- "$name" && mv -f -- "$staged.old/$name" "./$name" || return 1
	done
}
restore() {
	cd "$staged.old" && for name; do # of what was never replaced, there may be only a part of a copy
		[ ! -e "./$name" ] || [ -e "../$staged/$name" ] || mv -f -- "$name" .. || return 1
	done
}
rollback() ( # a host that went down may have kept a part of the steps, and a name that was cut is somebody else's
	trap '' TERM HUP INT # that we are to end is known already
	[ "$(tail -n 1 "$journal/steps")" = all ] && steps made unmake && steps "retyped gone" bring_back && steps unmeta give && steps replaced restore
)
