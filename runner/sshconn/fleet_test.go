package sshconn_test

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// site is a fleet of servers, and their hosts.
type site struct {
	*sshtest.Fleet
	t     *testing.T
	hosts []inventory.Host
}

// newSite starts servers, each of which is a host.
func newSite(t *testing.T, servers ...sshtest.Server) *site {
	t.Helper()
	f, err := sshtest.StartFleet(t.TempDir(), servers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	inv, err := inventory.Load(t.Context(), []string{f.Inventory()}, inventory.Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	return &site{f, t, inv.Hosts()}
}

// dialer makes a Dialer that finds the hosts of the site.
func (s *site) dialer(c sshconn.Config) *sshconn.Dialer {
	c.Find = func(name string) (inventory.Host, bool) {
		for _, h := range s.hosts {
			if h.Name == name {
				return h, true
			}
		}
		return inventory.Host{}, false
	}
	d := sshconn.New(c)
	s.t.Cleanup(func() { d.Close() })
	return d
}

// timeout makes a Dialer that waits long for the hosts of the site, but not for the first one, if that is to time out.
func (s *site) timeout(first bool) *sshconn.Dialer {
	if first {
		s.hosts[0].Connection.ConnectTimeout = inventory.Duration(time.Second)
	}
	return s.dialer(sshconn.Config{ConnectTimeout: bound})
}

// realHost starts Debian's sshd, and returns it as a host to which the current user may log in.
func realHost(t *testing.T, options ...string) inventory.Host {
	t.Helper()
	f := newSite(t) // only for its key
	text, err := os.ReadFile(f.Identity())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	// what make tools has unpacked is in no folder of the system
	env := fmt.Sprintf("SetEnv HOME=%s PATH=%q LD_LIBRARY_PATH=%q", t.TempDir(), os.Getenv("PATH"), os.Getenv("LD_LIBRARY_PATH"))
	s := &sshtest.OpenSSH{Dir: t.TempDir(), Authorized: []ssh.PublicKey{key.PublicKey()}, Options: append(options, env)}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	known := written(t, "known_hosts", s.KnownHosts())
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return inventory.Host{Name: "real", Connection: inventory.Connection{Address: sshtest.Address, Port: s.Port(), User: me.Username,
		Identity: []string{f.Identity()}, KnownHosts: []string{known}, Jump: "none"}}
}
