nl='
'
hex() { od -An -v -tx1 | tr -d ' \n'; }
fact() { # NAME VALUE
	case $2 in
	*"$nl"*) printf '%s:%s\n' "$1" "$(printf %s "$2" | hex)" ;;
	*) printf '%s %s\n' "$1" "$2" ;;
	esac
}
yes_no() { if [ "$2" = 0 ]; then echo "$1 true"; else echo "$1 false"; fi; } # NAME STATUS
cannot() { printf '!%s %s\n' "$1" "$2"; }
wants() { case $wanted in *,"$1",*) return 0 ;; esac; return 1; }
has_tool() { command -v "$1" >/dev/null 2>&1; }
kind=$1 wanted=$2
shift 2
n=$#
while [ $n -gt 0 ]; do
	word=${1#=}
	shift
	case $word in
	*\\*) word=$(printf '%bx' "$word"); word=${word%x} ;;
	esac
	set -- "$@" "$word"
	n=$((n - 1))
done
set -- "$kind" "$@"
