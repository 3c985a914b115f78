package check

import (
	"fmt"
	"regexp"
	"strconv"
)

var protocol = regexp.MustCompile("^(tcp|udp)[46]?$")

// port looks for listeners in /proc/net, or with ss or netstat. proto is tcp or udp, over both versions of IP.
var _ = register(&kind{
	name: "port", subject: "port", main: "listening",
	params:  map[string]shape{"proto": text},
	attrs:   map[string]shape{"listening": yesNo, "addresses": texts},
	implied: Want{"listening", Matcher{Op: equals, Want: true}},
	words:   []string{"port", "proto"},
	verify: func(c *Check) error {
		if proto := c.Params["proto"]; proto != "" && !protocol.MatchString(proto) {
			return fmt.Errorf("%q is not one of tcp, tcp4, tcp6, udp, udp4 and udp6", proto)
		}
		if _, err := strconv.ParseUint(c.Params["port"], 10, 16); err != nil || c.Params["port"][0] == '0' { // printf would take 022 for 18
			return fmt.Errorf("%q is not a port", c.Params["port"])
		}
		return nil
	},
	probe: `
address() { # HEX, four bytes at a time in the order of a little-endian machine: as people write it, one of IPv4 in IPv6 as one of IPv4
	hex=$(echo "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/g')
	hex=${hex#00000000000000000000FFFF}
	if [ ${#hex} = 8 ]; then
		printf '%d.%d.%d.%d\n' $(echo "$hex" | sed 's/../ 0x&/g')
		return 0
	fi
	groups=:$(printf '%x:' $(echo "$hex" | sed 's/..../ 0x&/g'))
	for zeros in :0:0:0:0:0:0:0:0: :0:0:0:0:0:0:0: :0:0:0:0:0:0: :0:0:0:0:0: :0:0:0:0: :0:0:0: :0:0:; do
		case $groups in
		*$zeros*)
			head=${groups%%"$zeros"*} tail=${groups#*"$zeros"}
			echo "${head#:}::${tail%:}"
			return 0
			;;
		esac
	done
	groups=${groups#:}
	echo "${groups%:}"
}
listening() { # by /proc/net
	case $version in 4) set -- "/proc/net/$proto" ;; 6) set -- "/proc/net/${proto}6" ;; *) set -- "/proc/net/$proto" "/proc/net/${proto}6" ;; esac
	sed -n "s/^ *[0-9]*: \([0-9A-F]*\):$port [^ ]* $state .*/\1/p" "$@" 2>/dev/null |
		while read -r hex; do address "$hex"; done
}
probe_port() {
	proto=${2:-tcp} state=0A letter=t
	version=${proto#???}
	proto=${proto%[46]}
	[ "$proto" = tcp ] || state=07 letter=u
	if [ -r "/proc/net/$proto" ]; then
		port=$(printf %04X "$1")
		found=$(listening)
	else
		if has_tool ss; then found=$(ss -Hln$letter ${version:+-$version})
		elif has_tool netstat; then
			found=$(netstat -ln$letter)
			case $version in 4) found=$(printf '%s\n' "$found" | grep -v '^[a-z]*6') ;; 6) found=$(printf '%s\n' "$found" | grep '^[a-z]*6') ;; esac
		else
			cannot '*' "there is neither /proc/net nor ss nor netstat"
			return 0
		fi
		found=$(printf '%s\n' "$found" | sed -n "s/.*[[:space:]]\([^[:space:]]*\):$1[[:space:]].*/\1/p" | sed 's/[][]//g; s/^::ffff:\([0-9]*\.\)/\1/; s/^\*$/::/')
	fi
	[ -n "$found" ]
	yes_no listening $?
	echo "addresses "
	printf '%s\n' "$found" | sort -u | sed 's/^/addresses /'
}
`,
})
