package check

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// port looks for who listens: in /proc/net, or by ss or netstat. proto is tcp or udp, of both IP versions.
var _ = register(&kind{
	name: "port", subject: "port", main: "listening",
	params:  map[string]shape{"proto": text},
	attrs:   map[string]shape{"listening": yesNo, "addresses": texts},
	implied: Want{"listening", Matcher{Op: equals, Want: true}},
	words:   []string{"port", "proto"},
	verify: func(c *Check) error {
		if proto := c.Params["proto"]; proto != "" && proto != "tcp" && proto != "udp" {
			return fmt.Errorf("%q is not tcp or udp", proto)
		}
		if n, err := strconv.ParseUint(c.Params["port"], 10, 16); err != nil || n == 0 {
			return fmt.Errorf("%q is not a port", c.Params["port"])
		}
		return nil
	},
	probe: `
probe_port() {
	proto=${2:-tcp} state=0A
	[ "$proto" = tcp ] || state=07
	port=$(printf %04X "$1")
	if [ -r "/proc/net/$proto" ]; then
		for file in "/proc/net/$proto" "/proc/net/${proto}6"; do
			[ ! -r "$file" ] || while read -r n local remote is rest; do
				[ "$is" = $state ] || continue
				case $local in *:"$port") echo "hex ${local%:*}" ;; esac
			done <"$file"
		done
		return 0
	fi
	letter=t
	[ "$proto" = tcp ] || letter=u
	if has_tool ss; then listed=$(ss -Hln$letter)
	elif has_tool netstat; then listed=$(netstat -ln$letter)
	else
		cannot '*' "there is neither /proc/net nor ss nor netstat"
		return 0
	fi
	printf '%s\n' "$listed" | sed -n "s/.*[[:space:]]\([^[:space:]]*\):$1[[:space:]].*/plain \1/p"
}
`,
	values: func(_ *Check, s *seen) error {
		found := []any{}
		add := func(text string) {
			if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
				text = a.Unmap().String()
			} else if text == "*" {
				text = "::"
			}
			if !slices.Contains(found, any(text)) {
				found = append(found, text)
			}
		}
		for _, h := range s.facts["hex"] {
			raw, err := hex.DecodeString(h)
			if err != nil || len(raw)%4 != 0 {
				return fmt.Errorf("the host says %s, which is no address", show(h, text))
			}
			for i := 0; i < len(raw); i += 4 { // words in the order of the machine
				slices.Reverse(raw[i : i+4])
			}
			if a, ok := netip.AddrFromSlice(raw); ok {
				add(a.String())
			}
		}
		for _, a := range s.facts["plain"] {
			add(a)
		}
		s.values["listening"], s.values["addresses"] = len(found) > 0, found
		return nil
	},
})
