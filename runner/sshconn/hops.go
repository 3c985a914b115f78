package sshconn

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"hail/inventory"
)

// maxHops is how many jump hosts may stand between us and a host.
const maxHops = 8

// expandHops puts the jump hosts of the first hop before it, then those of the new first hop, and so on.
func (d *Dialer) expandHops(ctx context.Context, hops []string) ([]string, error) {
	for range maxHops {
		s, err := d.hopSettings(ctx, hops[0])
		if err != nil || len(s.jump) == 0 {
			return hops, err
		}
		hops = slices.Concat(s.jump, hops)
	}
	return nil, fmt.Errorf("the way over the jump host %s has more than %d hops, or is a loop", hops[len(hops)-1], maxHops)
}

// jumpSettings returns the settings of all jump hosts on the way over these hops.
func (d *Dialer) jumpSettings(ctx context.Context, hops []string) (all []settings, err error) {
	hops, err = d.expandHops(ctx, hops)
	if err != nil {
		return nil, err
	}
	for _, hop := range hops {
		s, err := d.hopSettings(ctx, hop)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// hopSettings returns the settings of a jump host. As with ssh, the options of the command line are not for it.
func (d *Dialer) hopSettings(ctx context.Context, spec string) (settings, error) {
	h, err := d.hop(spec)
	if err != nil {
		return settings{}, err
	}
	return d.settings(ctx, d.hopConfig, h)
}

// hop returns the host that a jump specification names: [user@]host[:port], or a name in the inventory.
func (d *Dialer) hop(spec string) (inventory.Host, error) {
	user, name, port := "", strings.TrimPrefix(strings.TrimSpace(spec), "ssh://"), 0
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		user, name = name[:at], name[at+1:]
	}
	if host, p, err := net.SplitHostPort(name); err == nil {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return inventory.Host{}, fmt.Errorf("jump host %q: %q is not a port", spec, p)
		}
		name = host
		if strings.Contains(host, ":") {
			name = "[" + host + "]"
		}
	}
	h := inventory.Host{Name: name}
	if d.config.Find != nil {
		if known, ok := d.config.Find(name); ok {
			h = known
		}
	}
	if err := inventory.CheckName(h.Name); err != nil {
		return h, fmt.Errorf("jump host: %w", err)
	}
	h.Connection.User = cmp.Or(user, h.Connection.User)
	h.Connection.Port = cmp.Or(port, h.Connection.Port)
	return h, nil
}
