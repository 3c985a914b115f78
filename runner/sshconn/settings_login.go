package sshconn

import (
	"slices"
	"strings"

	"hail/inventory"
	"hail/inventory/sshconfig"
)

// addLogin adds what to log in with, and which agent the host may use.
func (d *Dialer) addLogin(s *settings, c inventory.Connection, f sshconfig.Settings) {
	switch {
	case len(c.Identity) > 0:
		s.identities = c.Identity
	case len(f.IdentityFile) > 0:
		s.identities = slices.DeleteFunc(slices.Clone(f.IdentityFile), isNone)
		s.identitiesOptional = true
	default:
		s.identities = d.defaults.Identity
		s.identitiesOptional, s.guessed = true, true
	}
	s.onlyThese = f.IdentitiesOnly
	s.certificates = slices.DeleteFunc(slices.Clone(f.CertificateFile), isNone)
	s.methods = []string{"publickey", "keyboard-interactive", "password"}
	if f.PreferredAuthentications != "" {
		s.methods = strings.Split(f.PreferredAuthentications, ",")
	}
	for _, m := range []struct {
		name, keyword, allowed string
		missed                 bool
	}{
		{"publickey", "PubkeyAuthentication", f.PubkeyAuthentication, true},
		{"keyboard-interactive", "KbdInteractiveAuthentication", f.KbdInteractiveAuthentication, d.config.Password != nil},
		{"password", "PasswordAuthentication", f.PasswordAuthentication, d.config.Password != nil},
	} {
		if m.allowed != "no" {
			continue
		}
		s.methods = slices.DeleteFunc(s.methods, func(name string) bool { return name == m.name })
		if m.missed {
			s.unused = append(s.unused, m.keyword+" is no")
		}
	}
	switch {
	case f.IdentityAgent == "", f.IdentityAgent == "SSH_AUTH_SOCK":
		s.agent = d.config.Agent
	case !isNone(f.IdentityAgent):
		s.agent = d.variable(f.IdentityAgent)
	}
	switch f.ForwardAgent {
	case "", "no":
	case "yes":
		s.agentForHost = s.agent
	default:
		s.agentForHost = d.variable(f.ForwardAgent)
	}
}
