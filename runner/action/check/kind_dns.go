package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
)

// dns looks up the addresses of a name: with the resolver of this machine, the server that is named or, from the
// target, the resolver of the host.
var _ = register(&kind{
	name: "dns", subject: "name", main: "addresses",
	params:  map[string]shape{"server": text},
	attrs:   map[string]shape{"reachable": yesNo, "addresses": texts},
	implied: Want{"reachable", Matcher{Op: equals, Want: true}},
	words:   []string{"name"},
	verify: func(c *Check) error {
		switch name := c.Params["name"]; {
		case net.ParseIP(name) != nil: // a resolver gives it back without asking anybody
			return fmt.Errorf("%q is an address, and dns looks up names", name)
		case strings.Contains(name, ":"): // a type of record, in goss
			return fmt.Errorf("%q is not a name: dns looks up addresses only", name)
		}
		if c.Params["server"] != "" && c.From == "target" {
			return errors.New("server is only for checks from this machine: a host asks its own resolver")
		}
		return plainName(c)
	},
	probe: `
probe_dns() {
	if has_tool getent; then found=$(getent ahosts "$1" | sed 's/ .*//' | sort -u)
	elif has_tool nslookup; then # which does not read the hosts file
		found=$(sed 's/#.*//' /etc/hosts | while read -r address names; do
			for n in $names; do [ "$n" != "$1" ] || echo "$address"; done
		done | sort -u)
		[ -n "$found" ] || found=$(nslookup "$1" 2>/dev/null | sed -n '/^Name:/,$s/^Address[ 0-9]*: *\([^ ]*\).*/\1/p' | sort -u)
	else
		cannot '*' "there is neither getent nor nslookup"
		return 0
	fi
	[ -n "$found" ]
	yes_no reachable $?
	echo "addresses "
	printf '%s\n' "$found" | sed 's/^/addresses /'
}
`,
	outside: func(ctx context.Context, _ dialer, c *Check) *seen {
		r := net.Resolver{}
		var asked atomic.Bool
		from := ""
		if server := c.Params["server"]; server != "" {
			if _, _, err := net.SplitHostPort(server); err != nil {
				server = net.JoinHostPort(server, "53")
			}
			r.PreferGo, from = true, server+": "
			r.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				asked.Store(true)
				return (&net.Dialer{}).DialContext(ctx, network, server)
			}
		}
		found, err := r.LookupHost(ctx, c.Params["name"])
		if err != nil {
			if e, ok := err.(*net.DNSError); !ok || !e.IsNotFound {
				return &seen{values: map[string]any{"reachable": false}, because: from + plainError(err)}
			}
			return &seen{values: map[string]any{"reachable": false, "addresses": []any{}}, because: "there is no such name"}
		}
		if r.Dial != nil && !asked.Load() {
			return cannot("the hosts file of this machine has it, so %s was not asked", c.Params["server"])
		}
		slices.Sort(found)
		addresses := []any{}
		for _, a := range slices.Compact(found) {
			addresses = append(addresses, a)
		}
		return &seen{values: map[string]any{"reachable": true, "addresses": addresses}}
	},
})
