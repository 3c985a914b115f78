# Says what is at the paths given as arguments, for a push; $0 is the nonce of the answers. Kinds: f a file, d a folder,
# w a folder that can't be written to, L a link to a folder, l another link, o anything else, - nothing.
say() { printf 'hail:%s:%s\n' "$nonce" "$*"; }
nonce=$0
kinds= gone=-
for path; do
	case $path in
	"$gone"/*) # below what is not there
		kinds=$kinds-
		continue
		;;
	esac
	if [ -f "$path" ]; then kind=f; elif [ -d "$path" ]; then kind=d; [ -w "$path" ] || kind=w; elif [ -e "$path" ]; then kind=o; else kind=- gone=$path; fi
	[ ! -L "$path" ] || case $kind in
	[dw]) kind=L ;;
	*) kind=l ;;
	esac
	kinds=$kinds$kind
done
say "kinds $kinds"
case $kinds in
*[!-]*) ;;
*) exit 0 ;;
esac
of() { # KIND COMMAND PATH…: the command gets each path of the kind
	left=$kinds kind=$1 command=$2
	shift 2
	for path; do
		case $left in
		$kind*) $command "$path" ;;
		esac
		left=${left#?}
	done
}
listed() { printf '%s\0' "$1"; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
link() { # readlink -f of busybox takes some links to nothing for links to somewhere else
	end=
	[ ! -e "$1" ] || end=$(readlink -nf -- "$1" | hex)
	say "link $(readlink -n -- "$1" | hex) $end"
}
say stats
find_stat
case $kinds in
*-*) of '[!-]' listed "$@" | xargs -r -0 $stats -- 2>/dev/null ;; # another push may have made by now what was not there
*) $stats -- "$@" 2>/dev/null ;;
esac
say sums
of f listed "$@" | xargs -r -0 $sums -- | digests
say links
case $kinds in
*[lL]*) of '[lL]' link "$@" ;;
esac
