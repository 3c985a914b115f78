package sshconn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"hail/inventory"
	"hail/runner"
	"hail/runner/hosttest"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

const bound = 30 * time.Second

// reach dials the host and closes the connection again.
func reach(t *testing.T, d *sshconn.Dialer, h inventory.Host) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c, err := d.Dial(ctx, h)
	if err == nil {
		c.Close()
	}
	if ctx.Err() != nil {
		t.Fatal("dialling hung")
	}
	return err
}

func wantReason(t *testing.T, err error, status runner.Status, reason runner.Reason, text string) *runner.Failure {
	t.Helper()
	if s, r := runner.StatusOf(err); s != status || r != reason {
		t.Fatalf("%s(%s) (%v), want %s(%s)", s, r, err, status, reason)
	}
	if err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %q, want %q in it", err, text)
	}
	var f *runner.Failure
	errors.As(err, &f)
	return f
}

func TestReachTellsTheWay(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{Banner: "authorised use only\n"}})
	c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[0])
	r, ok := runner.As[runner.Reacher](c)
	if !ok {
		t.Fatal("the connection is not a runner.Reacher")
	}
	got := r.Reach()
	if got.Server != "SSH-2.0-hail_sshtest" || !strings.HasPrefix(got.HostKey, "ssh-ed25519 SHA256:") || got.User != "demo" || got.Phase != "" {
		t.Errorf("%+v", got)
	}
	if got.TCP <= 0 || got.Handshake <= 0 || got.Login <= 0 {
		t.Errorf("a phase took no time: %+v", got)
	}
}

func TestNetworkReasons(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"})
	d := s.dialer(sshconn.Config{ConnectTimeout: 5 * time.Second})
	down := s.hosts[0]
	down.Connection.Port = hosttest.Port(t)
	wantReason(t, reach(t, d, down), runner.Unreachable, runner.Refused, "connection refused by 127.0.0.1")
	nameless := s.hosts[0]
	nameless.Connection.Address = "no-such-host.invalid"
	f := wantReason(t, reach(t, d, nameless), runner.Unreachable, runner.DNS, "")
	if f.Reach.Phase != "dns" {
		t.Errorf("phase %q, want dns", f.Reach.Phase)
	}
}

func TestHostKeys(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"}, sshtest.Server{Name: "web2"})
	h := s.hosts[0]
	line := s.Servers[0].KnownHosts()
	name, key, _ := strings.Cut(strings.TrimSpace(line), " ")
	_, other, _ := strings.Cut(strings.TrimSpace(s.Servers[1].KnownHosts()), " ")
	ecdsa := "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg="
	plain, _, _ := strings.Cut(name, ":")
	plain = strings.Trim(plain, "[]")
	for _, tt := range []struct {
		name, file, policy string
		reason             runner.Reason
		text               string
	}{
		{"known", line, "strict", "", ""},
		{"known under several names", "a,b," + name + " " + key, "strict", "", ""},
		{"known without the port", plain + " " + key, "strict", "", ""},
		{"another is known without the port", plain + " " + other, "strict", runner.HostKeyUnknown, "host key is not known: ssh-ed25519 SHA256:"},
		{"another is known without the port, new ones accepted", plain + " " + other, "accept-new", "", ""},
		{"known by a pattern", "[127.0.*]:* " + key, "strict", "", ""},
		{"unknown", "", "strict", runner.HostKeyUnknown, "host key is not known: ssh-ed25519 SHA256:"},
		{"unknown, excluded from a pattern", "[127.0.*]:*,!" + name + " " + key, "strict", runner.HostKeyUnknown, "not known"},
		{"unknown, and nobody minds", "", "off", "", ""},
		{"changed", name + " " + other, "strict", runner.HostKeyChanged, "host key changed: now ssh-ed25519 SHA256:"},
		{"changed, new ones accepted", name + " " + other, "accept-new", runner.HostKeyChanged, "host key changed"},
		{"changed to a key of another kind", name + " " + ecdsa, "strict", runner.HostKeyChanged, "host key changed: now ssh-ed25519 SHA256:"},
		{"changed to a key of another kind, new ones accepted", name + " " + ecdsa, "accept-new", runner.HostKeyChanged, "host key changed"},
		{"changed to a key of another kind, and nobody minds", name + " " + ecdsa, "off", "", ""},
		{"known besides a key of another kind", name + " " + ecdsa + "\n" + line, "strict", "", ""},
		{"revoked", line + "@revoked * " + key, "strict", runner.HostKeyRevoked, "is revoked"},
		{"revoked, and nobody minds", "@revoked * " + key, "off", runner.HostKeyRevoked, "is revoked"},
		{"revoked for another host", line + "@revoked other " + key, "strict", "", ""},
		{"known behind a bad line", "nonsense\n" + line, "strict", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := written(t, "known_hosts", tt.file)
			h.Connection.KnownHosts = []string{file}
			err := reach(t, s.dialer(sshconn.Config{HostKeys: tt.policy}), h)
			status := runner.Unreachable
			if tt.reason == "" {
				status = runner.OK
			}
			wantReason(t, err, status, tt.reason, tt.text)
		})
	}
}

func TestAcceptNew(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"}, sshtest.Server{Name: "web2"})
	file := filepath.Join(t.TempDir(), "ssh", "known_hosts")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	// The last line has no newline.
	const before = "# ours\nexample.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFX1FyRyUSaaCNHeTBTrMTQCWYKDdMbgpXn0GLdjdbSh"
	if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	// Many Dialers stand for many processes: they share only the file.
	var wg sync.WaitGroup
	for range 10 {
		for _, h := range s.hosts {
			h.Connection.KnownHosts = []string{file}
			wg.Go(func() {
				if err := reach(t, s.dialer(sshconn.Config{HostKeys: "accept-new"}), h); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{before + "\n" + s.Servers[0].KnownHosts() + s.Servers[1].KnownHosts(), before + "\n" + s.Servers[1].KnownHosts() + s.Servers[0].KnownHosts()}
	if string(text) != want[0] && string(text) != want[1] {
		t.Errorf("known_hosts is\n%s\nwant\n%s", text, want[0])
	}
	h := s.hosts[0]
	h.Connection.KnownHosts = []string{file}
	if err := reach(t, s.dialer(sshconn.Config{}), h); err != nil {
		t.Errorf("strict, afterwards: %v", err)
	}
}

func TestLogin(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"})
	stranger := newSite(t)
	h := s.hosts[0]

	t.Run("a key that is refused", func(t *testing.T) {
		h := h
		h.Connection.Identity = []string{stranger.Identity()}
		wantReason(t, reach(t, s.dialer(sshconn.Config{}), h), runner.Unreachable, runner.Auth, "login refused for user demo: offered "+stranger.Identity())
	})
	t.Run("no key", func(t *testing.T) {
		h := h
		h.Connection.Identity = nil
		wantReason(t, reach(t, s.dialer(sshconn.Config{}), h), runner.Unreachable, runner.Auth, "there is no key to offer; there is no agent")
	})
	t.Run("an agent whose keys have expired", func(t *testing.T) {
		h := h
		h.Connection.Identity = nil
		socket := serveAgent(t, s.Identity(), func(a agent.ExtendedAgent) agent.Agent {
			if err := a.RemoveAll(); err != nil {
				t.Error(err)
			}
			return a
		})
		wantReason(t, reach(t, s.dialer(sshconn.Config{Agent: socket}), h), runner.Unreachable, runner.Auth, "there is no key to offer; the agent holds no keys")
	})
	t.Run("a key file of ssh_config that holds no key", func(t *testing.T) {
		h := h
		h.Connection.Identity = nil
		path := written(t, "open", "")
		d := configured(t, "IdentityFile "+path+"-none\nIdentityFile "+path+"\n", sshconn.Config{})
		wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "there is no key to offer; identity "+path+": not a private key that can be read")
	})
	t.Run("the second key", func(t *testing.T) {
		h := h
		h.Connection.Identity = []string{stranger.Identity(), s.Identity()}
		if err := reach(t, s.dialer(sshconn.Config{}), h); err != nil {
			t.Error(err)
		}
	})
	t.Run("an agent", func(t *testing.T) {
		h := h
		h.Connection.Identity = nil
		if err := reach(t, s.dialer(sshconn.Config{Agent: startAgent(t, s.Identity())}), h); err != nil {
			t.Error(err)
		}
	})
	t.Run("an agent's key, named by its public half", func(t *testing.T) {
		h := h
		h.Connection.Identity = nil
		file := written(t, "key.pub", string(ssh.MarshalAuthorizedKey(s.Servers[0].Authorized[0])))
		for _, named := range []string{file, strings.TrimSuffix(file, ".pub")} {
			d := configured(t, "IdentitiesOnly yes\nIdentityFile "+named+"\n", sshconn.Config{Agent: startAgent(t, s.Identity())})
			if err := reach(t, d, h); err != nil {
				t.Errorf("%s: %v", named, err)
			}
			d = configured(t, "IdentitiesOnly yes\nIdentityFile "+named+"\n", sshconn.Config{Agent: startAgent(t, stranger.Identity())})
			wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "there is no key to offer; "+named+" is only a public key, which the agent does not hold")
			if got := d.Locked(t.Context(), []inventory.Host{h}); got != nil {
				t.Errorf("the locked identities are %v, want none", got)
			}
		}
	})
}

func TestPrepare(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"})
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, err := os.ReadFile(s.Identity())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, identity, jump, known, text string }{
		{"all well", s.Identity(), "", s.KnownHosts(), ""},
		{"no such key", filepath.Join(dir, "none"), "", s.KnownHosts(), "no such file"},
		{"no key", write("text", "hello", 0o600), "", s.KnownHosts(), "not a private key"},
		{"a key for all to read", write("open", string(key), 0o644), "", s.KnownHosts(), "others may read it (mode 0644)"},
		{"a jump host that is an option", s.Identity(), "-oProxyCommand=x", s.KnownHosts(), "jump host"},
		{"a jump host with a bad port", s.Identity(), "bastion:0", s.KnownHosts(), "is not a port"},
		{"a jump host with a user that is shell syntax", s.Identity(), "a`id`@bastion", s.KnownHosts(), "which is not allowed"},
		{"a jump host with a user of Windows", s.Identity(), `dom\me@bastion`, s.KnownHosts(), ""},
		{"no file of host keys yet", s.Identity(), "", filepath.Join(dir, "none"), ""},
		{"a file of host keys that can't be read", s.Identity(), "", dir, "known hosts " + dir + ": is a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := s.hosts[0]
			h.Connection.Identity, h.Connection.Jump, h.Connection.KnownHosts = []string{tt.identity}, tt.jump, []string{tt.known}
			err := s.dialer(sshconn.Config{}).Prepare(t.Context(), []inventory.Host{h})
			if (err == nil) != (tt.text == "") || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%v, want %q", err, tt.text)
			}
		})
	}
}

func TestCloseDropsEverything(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1"})
	d := s.dialer(sshconn.Config{})
	c, err := d.Dial(t.Context(), s.hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	var once sync.Once
	go func() {
		<-started
		d.Close()
	}()
	err = c.Exec(t.Context(), "echo begin; exec sleep 1000", runner.Stdio{Out: writer(func(p []byte) { once.Do(func() { close(started) }) })})
	wantReason(t, err, runner.Lost, "", "connection ended")
	if err := reach(t, d, s.hosts[0]); err == nil {
		t.Error("a closed Dialer still dials")
	}
}

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// TestClosedDialer: a Dialer that is closed ends the login that is under way, and makes no other connection.
func TestClosedDialer(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{}, 2)
	s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{Raw: func(c net.Conn) {
		connected <- struct{}{}
		io.Copy(io.Discard, c)
	}}})
	d := s.dialer(sshconn.Config{ConnectTimeout: bound})
	dialled := make(chan error, 1)
	go func() {
		_, err := d.Dial(t.Context(), s.hosts[0])
		dialled <- err
	}()
	<-connected
	d.Close()
	wantReason(t, <-dialled, runner.Error, "", "the dialer is closed")
	wantReason(t, reach(t, d, s.hosts[0]), runner.Error, "", "the dialer is closed")
	_, err := d.Scan(t.Context(), s.hosts[0])
	wantReason(t, err, runner.Error, "", "the dialer is closed")
	if len(connected) > 0 {
		t.Error("a connection was made after that")
	}
}
