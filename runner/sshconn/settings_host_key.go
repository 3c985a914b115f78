package sshconn

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"hail/inventory"
	"hail/inventory/sshconfig"
)

// addHostKeys adds what the key of the host is checked by.
func (d *Dialer) addHostKeys(s *settings, c inventory.Connection, f sshconfig.Settings) (err error) {
	s.knownHosts = d.knownHostsFiles(c, f)
	alias := cmp.Or(c.HostKeyAlias, f.HostKeyAlias)
	s.keyName, s.keyPort = strings.ToLower(cmp.Or(alias, s.address)), s.port
	if alias != "" {
		s.keyPort = 22
	}
	s.hostKeys, err = policy(cmp.Or(d.config.HostKeys, f.StrictHostKeyChecking, "strict"))
	return err
}

var globalKnownHosts = []string{"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}

// knownHostsFiles returns the files with the key of a host: the inventory's, or else ssh_config's, or those of ssh.
func (d *Dialer) knownHostsFiles(c inventory.Connection, f sshconfig.Settings) []string {
	if len(c.KnownHosts) > 0 {
		return c.KnownHosts
	}
	user, global := f.UserKnownHostsFile, f.GlobalKnownHostsFile
	switch {
	case len(user) == 0 && len(d.defaults.KnownHosts) == 0:
		user = []string{""} // so that no key is recorded in a global file
	case len(user) == 0:
		user = d.defaults.KnownHosts
	case len(user) == 1 && isNone(user[0]):
		user = []string{os.DevNull}
	}
	if len(global) == 0 {
		global = globalKnownHosts
	}
	return slices.Concat(user, global)
}

// policy reads how to treat host keys, in hail's words or ssh_config's.
func policy(word string) (string, error) {
	switch word {
	case "strict", "yes", "true", "ask": // nobody can be asked during a fan-out
		return "strict", nil
	case "accept-new":
		return "accept-new", nil
	case "off", "no", "false":
		return "off", nil
	}
	return "", fmt.Errorf("%q is not a way to check host keys", word)
}
