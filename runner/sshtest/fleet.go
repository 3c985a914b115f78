package sshtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Fleet is many servers, with one key that may log in to all of them, and the files that a client needs.
type Fleet struct {
	Dir     string     // holds the files below; the caller removes it
	Servers []*Running // in the order given
}

// StartFleet starts the servers. It writes into dir: the private key id_ed25519, known_hosts, and inventory.yaml with
// every server by its name. The caller closes the Fleet.
func StartFleet(dir string, servers []Server) (*Fleet, error) {
	key, identity, err := newKeyFile()
	if err != nil {
		return nil, err
	}
	f := &Fleet{Dir: dir}
	names := map[string]bool{}
	for _, s := range servers {
		if s.Name == "" || names[s.Name] {
			return nil, errors.Join(fmt.Errorf("%q is not a name for one of several servers: each needs its own", s.Name), f.Close())
		}
		names[s.Name] = true
		s.Authorized = append(s.Authorized, key)
		r, err := s.Start()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.Servers = append(f.Servers, r)
	}
	err = errors.Join(
		os.WriteFile(f.Identity(), identity, 0o600),
		os.WriteFile(f.KnownHosts(), []byte(f.knownHosts()), 0o600),
		os.WriteFile(f.Inventory(), []byte(f.inventory()), 0o600),
	)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Identity is the path of the private key.
func (f *Fleet) Identity() string { return filepath.Join(f.Dir, "id_ed25519") }

// KnownHosts is the path of the known_hosts file.
func (f *Fleet) KnownHosts() string { return filepath.Join(f.Dir, "known_hosts") }

// Inventory is the path of the inventory.
func (f *Fleet) Inventory() string { return filepath.Join(f.Dir, "inventory.yaml") }

func (f *Fleet) knownHosts() string {
	var b strings.Builder
	for _, s := range f.Servers {
		b.WriteString(s.KnownHosts())
	}
	return b.String()
}

// inventory is the text of the inventory. It groups the servers by the part of their names before the digits.
func (f *Fleet) inventory() string {
	var b strings.Builder
	fmt.Fprintf(&b, "defaults: {user: demo, identity: %q, known_hosts: %q, jump: none}\nhosts:\n", f.Identity(), f.KnownHosts())
	members := map[string][]string{}
	var groups []string
	for _, s := range f.Servers {
		fmt.Fprintf(&b, "  %s: {address: %s, port: %d}\n", s.Name, Address, s.Port())
		group := strings.TrimRight(s.Name, "0123456789")
		if members[group] == nil {
			groups = append(groups, group)
		}
		members[group] = append(members[group], s.Name)
	}
	b.WriteString("groups:\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "  %s: {hosts: [%s]}\n", g, strings.Join(members[g], ", "))
	}
	return b.String()
}

// Close closes every server.
func (f *Fleet) Close() error {
	var errs []error
	for _, s := range f.Servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
