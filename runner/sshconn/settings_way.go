package sshconn

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strings"

	"hail/inventory"
	"hail/inventory/sshconfig"
)

// addWay adds what the connection goes through, and how it is made.
func (d *Dialer) addWay(s *settings, c inventory.Connection, f sshconfig.Settings) error {
	switch c.Jump {
	case "":
		s.jump = f.ProxyJump
	case "none":
	default:
		s.jump = strings.Split(c.Jump, ",")
	}
	s.network = cmp.Or(map[string]string{"inet": "tcp4", "inet6": "tcp6"}[f.AddressFamily], "tcp")
	s.attempts = cmp.Or(f.ConnectionAttempts, 1)
	if f.BindAddress != "" {
		if s.bindAddress = net.ParseIP(f.BindAddress); s.bindAddress == nil {
			return fmt.Errorf("ssh_config sets BindAddress to %q, which is not an IP address", f.BindAddress)
		}
	}
	if f.ProxyCommand != "" && len(s.jump) == 0 && c.Jump == "" {
		if hasOption(c, "ProxyCommand") && !d.config.Local.AllowExec {
			return errors.New("the inventory sets ProxyCommand, which would run a program (--allow-exec permits it)")
		}
		s.proxy, s.shell, s.environ = f.ProxyCommand, d.config.Local.Shell(), d.config.Environ
	}
	return nil
}

func hasOption(c inventory.Connection, keyword string) bool {
	for key := range c.Options {
		if strings.EqualFold(key, keyword) {
			return true
		}
	}
	return false
}

// over describes, for people, what stands before the host.
func (s settings) over() string {
	switch {
	case s.control != "":
		return " through the OpenSSH master at " + s.control
	case len(s.jump) > 0:
		return " over " + strings.Join(s.jump, ", ")
	case s.proxy != "":
		return " by " + s.proxy
	}
	return ""
}
