package sshconn

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hail/inventory"
	"hail/inventory/sshconfig"
)

// TestSettings: the inventory comes before ssh_config, and that before the defaults of ssh.
func TestSettings(t *testing.T) {
	local := sshconfig.Local{Home: "/home/ann", User: "ann", Getenv: func(name string) string { return map[string]string{"SOCK": "/run/other"}[name] }}
	here := inventory.Connection{Address: "a"}
	for _, tt := range []struct {
		config     string // options of ssh, as lines
		connection inventory.Connection
		shown      func(s settings) any
		want       string
	}{
		{"", here, func(s settings) any { return s.agent }, "/run/agent"},
		{"IdentityAgent=SSH_AUTH_SOCK", here, func(s settings) any { return s.agent }, "/run/agent"},
		{"IdentityAgent=none", here, func(s settings) any { return s.agent }, ""},
		{"IdentityAgent=$SOCK", here, func(s settings) any { return s.agent }, "/run/other"},
		{"IdentityAgent=/run/third", here, func(s settings) any { return s.agent }, "/run/third"},

		{"", here, func(s settings) any { return s.identities }, "[/home/ann/.ssh/id_rsa /home/ann/.ssh/id_ecdsa /home/ann/.ssh/id_ed25519]"},
		{"IdentityFile=none", here, func(s settings) any { return s.identities }, "[]"},
		{"IdentityFile=/k", inventory.Connection{Address: "a", Identity: []string{"~/i"}}, func(s settings) any { return s.identities }, "[/home/ann/i]"},

		{"", here, func(s settings) any { return s.knownHosts },
			"[/home/ann/.ssh/known_hosts /home/ann/.ssh/known_hosts2 /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2]"},
		{"UserKnownHostsFile=none\nGlobalKnownHostsFile=/g", here, func(s settings) any { return s.knownHosts }, "[" + os.DevNull + " /g]"},
		{"UserKnownHostsFile=/u", inventory.Connection{Address: "a", KnownHosts: []string{"~/i"}}, func(s settings) any { return s.knownHosts }, "[/home/ann/i]"},

		{"ProxyJump=b", here, func(s settings) any { return s.jump }, "[b]"},
		{"ProxyJump=b", inventory.Connection{Address: "a", Jump: "none"}, func(s settings) any { return s.jump }, "[]"},
		{"ProxyJump=b", inventory.Connection{Address: "a", Jump: "c,d"}, func(s settings) any { return s.jump }, "[c d]"},

		{"Port=23", here, func(s settings) any { return []any{s.port, s.keyName, s.keyPort, s.attempts} }, "[23 a 23 1]"},
		{"HostKeyAlias=K\nConnectionAttempts=3", inventory.Connection{Address: "A", Port: 24}, func(s settings) any { return []any{s.port, s.keyName, s.keyPort, s.attempts} }, "[24 k 22 3]"},

		{"", here, func(s settings) any { return s.hostKeys }, "strict"},
		{"StrictHostKeyChecking=ask", here, func(s settings) any { return s.hostKeys }, "strict"},
		{"StrictHostKeyChecking=accept-new", here, func(s settings) any { return s.hostKeys }, "accept-new"},
		{"StrictHostKeyChecking=no", here, func(s settings) any { return s.hostKeys }, "off"},

		{"ProxyCommand=p", inventory.Connection{Address: "a", Options: map[string]string{"Compression": "yes"}}, func(s settings) any { return s.proxy }, "p"},
	} {
		config, err := sshconfig.Load(nil, strings.Fields(tt.config), local)
		if err != nil {
			t.Fatal(err)
		}
		d := New(Config{SSHConfig: config, Local: local, Agent: "/run/agent"})
		s, err := d.settings(t.Context(), config, inventory.Host{Name: "h", Connection: tt.connection})
		if got := fmt.Sprint(tt.shown(s)); err != nil || got != tt.want {
			t.Errorf("%q and %+v: %s, %v, want %s", tt.config, tt.connection, got, err, tt.want)
		}
		d.Close()
	}
}

// TestKnownLines: what is not a host key is told, with its place, and counts for no host.
func TestKnownLines(t *testing.T) {
	const key = "AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"
	for line, bad := range map[string]bool{
		"web1 ssh-ed25519 " + key: false, "# web1 ssh-ed25519": false, "": false, "\ufeffweb1 ssh-ed25519 " + key + " of web1": false,
		"@revoked web1 ssh-ed25519 " + key: false, "@cert-authority web1 ssh-ed25519 " + key: false, "@trusted web1 ssh-ed25519 " + key: true,
		"@revoked web1 ssh-ed25519": true, "web1 ssh-ed25519": true, "web1 ssh-rsa " + key: true, "web1 ssh-ed25519 " + key + "!": true, "web1 ssh-ed25519 AAAA": true,
		"|1|c2FsdA==|BgZuGAJfkZ1D3TQvpAZy6cZy1KA= ssh-ed25519 " + key: false, "|1|c2FsdA== ssh-ed25519 " + key: true, "|1|c2FsdA==|c2hvcnQ= ssh-ed25519 " + key: true,
		"web1 " + strings.Repeat("x", 1<<20): true,
	} {
		file := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(file, []byte("\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var told []string
		files := knownFiles{warn: func(text string) { told = append(told, text) }}
		k, err := files.load([]string{file})
		if err != nil {
			t.Fatal(err)
		}
		if bad && (len(told) != 1 || !strings.HasPrefix(told[0], file+":2: this line ")) || !bad && len(told) > 0 {
			t.Errorf("%.60q: the warnings are %q", line, told)
		}
		if bad && len(k.plain)+len(k.patterns)+len(k.special) > 0 {
			t.Errorf("%.60q counts for a host", line)
		}
	}
}

// TestRefusals: only what a host has refused counts against the password, not a login that was stopped.
func TestRefusals(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, tt := range []struct {
		ctx                     context.Context
		given, accepted, counts bool
	}{{t.Context(), true, false, true}, {stopped, true, false, false}, {t.Context(), true, true, false}, {t.Context(), false, false, false}} {
		u := passwordUse{Password: NewPassword("secret", 1), ctx: tt.ctx, given: tt.given}
		u.done(tt.accepted)
		u.ctx = t.Context()
		u.done(false) // nothing more is noted
		if good, err := u.state(); (err != nil) != tt.counts || good != tt.accepted {
			t.Errorf("%+v: good %v, %v", tt, good, err)
		}
	}
}
