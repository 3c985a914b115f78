# What is on the host, for a push. Arguments: the nonce of the answers. Input, a line each, in which a path is written as for
# printf %b: "p PATH" what is there, "d PATH" how much room there is, "t PATH" the tree below, "m PATH" what earlier pushes have
# put below, "u NAME" and "g NAME" a number of a user or group. Reading lines one by one would cost a system call a byte.
#
# Each answer begins a line with hail:NONCE: and its kind.
nonce=$1
PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C; export LC_ALL
say() { printf 'hail:%s:%s\n' "$nonce" "$*"; }
decode() {
	case $1 in
	*\\*) path=$(printf '%bx' "$1"); path=${path%x} ;;
	*) path=$1 ;;
	esac
}
state=${HOME:-/var/lib}/.local/state/hail
for tool in tar xargs stat sha256sum find; do
	command -v $tool >/dev/null 2>&1 || say "missing $tool"
done
say "id $(id -u) $(id -g)"
[ ! -d "$state/push" ] || say owed
n=0 kinds= rooms=0
set -f
set -- $(cat)
while [ $# -gt 1 ]; do
	what=$1 word=$2
	shift 2
	case $what in
	p)
		decode "$word"
		if [ -L "$path" ]; then kind=l
		elif [ -f "$path" ]; then kind=f
		elif [ -d "$path" ]; then kind=d
		elif [ -e "$path" ]; then kind=o
		else kind=-
		fi
		kinds=$kinds$kind
		eval "path$n=\$path kind$n=\$kind"
		n=$((n + 1))
		;;
	d) decode "$word"; eval "room$rooms=\$path"; rooms=$((rooms + 1)) ;;
	t) decode "$word"; say "tree $(find "$path" ! -path "$path" -print0 2>/dev/null | od -An -v -tx1 | tr -d ' \n')" ;;
	m)
		key=$(printf %s "$word" | sha256sum)
		say "managed $(cat "$state/managed/${key%% *}" 2>/dev/null | tr '\n' ' ')"
		;;
	u) say "user $word $(id -u -- "$word" 2>/dev/null || echo -)" ;;
	g) say "group $word $(sed -n "s/^$word:[^:]*:\([0-9]*\):.*/\1/p" /etc/group | head -n 1)" ;;
	esac
done
each() { # the paths of some kinds, for xargs -0
	i=0
	while [ $i -lt $n ]; do
		eval "path=\$path$i kind=\$kind$i"
		case $kind in
		[$1]) printf '%s\0' "$path" ;;
		esac
		i=$((i + 1))
	done
}
say "kinds $kinds"
say stats
each fldo | xargs -r -0 stat -c '%a %u %g %s %h %Y.%Z %i %d' --
say sums
each f | xargs -r -0 sha256sum -- | sed -n 's/^\\\{0,1\}\([0-9a-f]\{64\}\) .*/\1/p'
say links
i=0
while [ $i -lt $n ]; do
	eval "path=\$path$i kind=\$kind$i"
	if [ $kind = l ]; then
		say "link $(readlink -n -- "$path" | od -An -v -tx1 | tr -d ' \n') $(readlink -f -- "$path" | tr -d '\n' | od -An -v -tx1 | tr -d ' \n')"
	fi
	i=$((i + 1))
done
i=0
while [ $i -lt $rooms ]; do
	eval "path=\$room$i"
	say "room $(df -Pk -- "$path" 2>/dev/null | sed -n '$s/.* \([0-9][0-9]*\)  *[0-9][0-9]*% .*/\1/p')"
	i=$((i + 1))
done
while read -r device mount rest; do say "mount $mount"; done </proc/mounts 2>/dev/null
say end
