package sshconn_test

import (
	"context"
	"errors"
	"fmt"
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
	"hail/inventory/sshconfig"
	"hail/runner"
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

// TestUnreachable: each kind of failure to reach a server has its reason and phase, and another host is still reached.
func TestUnreachable(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults sshtest.Faults
		reason runner.Reason
		phase  string
		text   string
	}{
		{"hangs up at once", sshtest.Faults{HangUp: true}, runner.Closed, "handshake", "hung up without a word"},
		{"says nothing", sshtest.Faults{Mute: true}, runner.ConnectTimeout, "handshake", "no SSH server answered"},
		{"is a web server", sshtest.Faults{Greeting: "HTTP/1.1 400 Bad Request\r\n\r\n"}, runner.Handshake, "handshake", "HTTP/1.1 400"},
		{"has too many connections", sshtest.Faults{Greeting: "Exceeded MaxStartups\r\n"}, runner.Closed, "handshake", "Exceeded MaxStartups"},
		{"punishes", sshtest.Faults{Greeting: "Not allowed at this time\r\n"}, runner.Closed, "handshake", "Not allowed at this time"},
		{"speaks SSH 1", sshtest.Faults{Greeting: "SSH-1.5-old\r\n"}, runner.Handshake, "handshake", `speaks "SSH-1.5-old"`},
		{"has a banner without end", sshtest.Faults{EndlessBanner: true}, runner.Handshake, "login", "banner does not end"},
		{"takes too long to log in", sshtest.Faults{LoginDelay: time.Minute}, runner.ConnectTimeout, "login", "login did not end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sshtest.Server{Name: "bad1", Faults: tt.faults}, sshtest.Server{Name: "good1"})
			d := s.timeout(tt.reason == runner.ConnectTimeout)
			f := wantReason(t, reach(t, d, s.hosts[0]), runner.Unreachable, tt.reason, tt.text)
			if f.Reach == nil || f.Reach.Phase != tt.phase {
				t.Errorf("reach %+v, want phase %s", f.Reach, tt.phase)
			}
			if err := reach(t, d, s.hosts[1]); err != nil {
				t.Errorf("the healthy host: %v", err)
			}
		})
	}
}

func TestReachTellsTheWay(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{Banner: "authorised use only\n"}})
	c, err := s.dialer(sshconn.Config{}).Dial(t.Context(), s.hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down.Connection.Port = l.Addr().(*net.TCPAddr).Port
	l.Close()
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
			file := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(file, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
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
		wantReason(t, reach(t, s.dialer(sshconn.Config{}), h), runner.Unreachable, runner.Auth, "there is no key to offer")
	})
	t.Run("a key file of ssh_config that holds no key", func(t *testing.T) {
		h := h
		h.Connection.Identity = nil
		path := filepath.Join(t.TempDir(), "open")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
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
		file := filepath.Join(t.TempDir(), "key.pub")
		if err := os.WriteFile(file, ssh.MarshalAuthorizedKey(s.Servers[0].Authorized[0]), 0o644); err != nil {
			t.Fatal(err)
		}
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

// TestHungAgent: an agent that does not answer at all does not keep a key file from logging in, and without one it is
// named, though the time to connect is shorter than that for the agent.
func TestHungAgent(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Server{Name: "web1"})
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	d := s.dialer(sshconn.Config{Agent: l.Addr().String(), ConnectTimeout: 3 * time.Second})
	h := s.hosts[0]
	h.Connection.Identity = nil
	wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "no keys from the agent (the agent has not answered for 5s)")
	if err := reach(t, d, s.hosts[0]); err != nil {
		t.Errorf("with a key file: %v", err)
	}
}

// TestMuteAgent: an agent that lists its keys, but never signs, ends a login after its own timeout, and holds up no
// other login.
func TestMuteAgent(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Server{Name: "web1"})
	h := s.hosts[0]
	identity := h.Connection.Identity
	h.Connection.Identity = nil
	socket := serveAgent(t, identity[0], func(a agent.ExtendedAgent) agent.Agent { return muteAgent{a, t.Context().Done()} })
	d := s.dialer(sshconn.Config{Agent: socket, ConnectTimeout: bound})
	wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "login refused")
	wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "no keys from the agent (the agent has not answered for 5s)")
	h.Connection.Identity = identity
	if err := reach(t, d, h); err != nil {
		t.Errorf("with a key file: %v", err)
	}
}

// muteAgent never signs.
type muteAgent struct {
	agent.ExtendedAgent
	end <-chan struct{}
}

func (m muteAgent) SignWithFlags(ssh.PublicKey, []byte, agent.SignatureFlags) (*ssh.Signature, error) {
	<-m.end
	return nil, errors.New("too late")
}

// startAgent starts an agent with the key, and returns its socket.
func startAgent(t *testing.T, identity string) string {
	t.Helper()
	return serveAgent(t, identity, func(a agent.ExtendedAgent) agent.Agent { return a })
}

func serveAgent(t *testing.T, identity string, around func(agent.ExtendedAgent) agent.Agent) string {
	t.Helper()
	text, err := os.ReadFile(identity)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParseRawPrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring().(agent.ExtendedAgent)
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				agent.ServeAgent(around(ring), c)
			})
		}
	})
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
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

func TestJump(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "bastion", Forward: true}, sshtest.Server{Name: "inner", Forward: true}, sshtest.Server{Name: "web1"}, sshtest.Server{Name: "closed"})
	host := func(jump string) inventory.Host {
		h := s.hosts[2]
		h.Connection.Jump = jump
		return h
	}
	t.Run("many share a few connections", func(t *testing.T) {
		d := s.dialer(sshconn.Config{PerAddress: 50})
		conns := make([]runner.Conn, 60)
		var wg sync.WaitGroup
		for i := range conns {
			wg.Go(func() {
				var err error
				if conns[i], err = d.Dial(t.Context(), host("bastion")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
		if n := s.Servers[0].Most(); n < 2 || n > 3 {
			t.Errorf("the jump host had %d connections at once, want 2 or 3", n)
		}
	})
	t.Run("a dead jump host is waited for once", func(t *testing.T) {
		mute, err := sshtest.Server{Name: "mute", Faults: sshtest.Faults{Mute: true}}.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer mute.Close()
		d := s.dialer(sshconn.Config{ConnectTimeout: time.Second})
		var wg sync.WaitGroup
		for range 100 { // one after the other they would take 100 s
			wg.Go(func() {
				wantReason(t, reach(t, d, host(fmt.Sprintf("%s:%d", mute.Address(), mute.Port()))), runner.Unreachable, runner.Jump, "jump host 127.0.0.1:")
			})
		}
		wg.Wait()
	})
	t.Run("two hops", func(t *testing.T) {
		if err := reach(t, s.dialer(sshconn.Config{}), host("bastion,inner")); err != nil {
			t.Error(err)
		}
	})
	t.Run("options are not for the jump host, as with ssh", func(t *testing.T) {
		for _, ask := range []bool{false, true} {
			config, err := sshconfig.Load(nil, []string{"ProxyJump=bastion"}, sshconfig.Local{AskSSH: ask})
			if err != nil {
				t.Fatal(err)
			}
			s.hosts[0].Connection.Jump = "" // so that only the option can name one
			if err := reach(t, s.dialer(sshconn.Config{SSHConfig: config}), host("")); err != nil {
				t.Errorf("with AskSSH %v: %v", ask, err)
			}
		}
	})
	t.Run("a jump host that forbids it", func(t *testing.T) {
		wantReason(t, reach(t, s.dialer(sshconn.Config{}), host("closed")), runner.Unreachable, runner.Jump, "jump host closed could not connect to 127.0.0.1:")
	})
	t.Run("a target that is down behind it", func(t *testing.T) {
		h := host("bastion")
		h.Connection.Port = 1
		wantReason(t, reach(t, s.dialer(sshconn.Config{}), h), runner.Unreachable, runner.Jump, "could not connect to")
	})
	t.Run("a target that hangs up behind it", func(t *testing.T) {
		for text, faults := range map[string]sshtest.Faults{" without a word": {HangUp: true}, `, saying "Not allowed at this time"`: {Greeting: "Not allowed at this time\r\n"}} {
			bad, err := sshtest.Server{Faults: faults}.Start()
			if err != nil {
				t.Fatal(err)
			}
			defer bad.Close()
			h := host("bastion")
			h.Connection.Port = bad.Port()
			wantReason(t, reach(t, s.dialer(sshconn.Config{}), h), runner.Unreachable, runner.Closed, "the server hung up"+text)
		}
	})
	t.Run("a jump host that is lost is reached again", func(t *testing.T) {
		d := s.dialer(sshconn.Config{})
		if err := reach(t, d, host("bastion")); err != nil {
			t.Fatal(err)
		}
		s.Servers[0].Cut()
		if err := reach(t, d, host("bastion")); err != nil {
			t.Error(err)
		}
	})
	t.Run("jump hosts in a circle", func(t *testing.T) {
		hosts := map[string]string{"a": "b", "b": "a"}
		d := sshconn.New(sshconn.Config{Find: func(name string) (inventory.Host, bool) {
			return inventory.Host{Name: name, Connection: inventory.Connection{Jump: hosts[name]}}, true
		}})
		defer d.Close()
		if err := reach(t, d, host("a")); err == nil || !strings.Contains(err.Error(), "or is a loop") {
			t.Error(err)
		}
	})
}

// TestSilentJumpHost: a jump host that falls silent holds up nobody who is behind it, neither a login nor a command that
// is stopped.
func TestSilentJumpHost(t *testing.T) {
	t.Parallel()
	silent := make(chan struct{})
	falls := sync.OnceFunc(func() { close(silent) })
	during := sshtest.Faults{Raw: func(c net.Conn) { c.Read(make([]byte, 1)); falls(); io.Copy(io.Discard, c) }}
	s := newSite(t, sshtest.Server{Name: "bastion", Forward: true}, sshtest.Server{Name: "mute", Faults: during}, sshtest.Server{Name: "web1", Play: func(c *sshtest.Command) {
		io.WriteString(c.Stdout, "begun\n")
		<-c.Done
	}})
	s.hosts[0].Connection.Port = relay(t, s.Servers[0].Port(), silent)
	s.hosts[1].Connection.ConnectTimeout = inventory.Duration(time.Second)
	d := s.dialer(sshconn.Config{HostKeys: "off", ConnectTimeout: bound})
	for i := range s.hosts[1:] {
		s.hosts[1+i].Connection.Jump = "bastion"
	}
	c, err := d.Dial(t.Context(), s.hosts[2])
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	begun := time.Now()
	err = c.Exec(ctx, "x", runner.Stdio{Out: writer(func([]byte) {
		wantReason(t, reach(t, d, s.hosts[1]), runner.Unreachable, runner.ConnectTimeout, "no SSH server answered")
		stop(runner.ErrTimeout)
	})})
	wantReason(t, err, runner.Timeout, "", "stopped")
	c.Close()
	if took := time.Since(begun); took > bound {
		t.Errorf("it took %v", took)
	}
}

// TestTunnelToNobody: a tunnel that is closed ends also at a far end that reads nothing.
func TestTunnelToNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Server{Name: "bastion", Forward: true})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := s.dialer(sshconn.Config{}).Dial(t.Context(), s.hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	here, err := c.(runner.Tunneler).Tunnel(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	there, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	fill := func(c net.Conn, d time.Duration) (err error) {
		for c.SetWriteDeadline(time.Now().Add(d)); err == nil; {
			_, err = c.Write(make([]byte, 1<<20))
		}
		return err
	}
	fill(here, time.Second)
	here.Close()
	if err := fill(there, bound); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection to the far end stays")
	}
}

// relay listens in front of a port of this machine. Once silent is closed, it passes nothing on any more.
func relay(t *testing.T, port int, silent <-chan struct{}) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	pass := func(to, from net.Conn) {
		for b := make([]byte, 32<<10); ; {
			n, err := from.Read(b)
			select {
			case <-silent:
				return
			default:
				to.Write(b[:n])
			}
			if err != nil {
				to.Close()
				return
			}
		}
	}
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				here.Close()
				return
			}
			t.Cleanup(func() { here.Close(); there.Close() })
			go pass(here, there)
			go pass(there, here)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// TestJumpOverOpenSSH reaches many hosts at once through one stock sshd, whose MaxStartups would refuse as many
// handshakes: 40 hosts, and 1,000 in make torture.
func TestJumpOverOpenSSH(t *testing.T) {
	hosts := 40
	if os.Getenv("HAIL_TORTURE") != "" {
		hosts = 1000
	}
	s := newSite(t, sshtest.Server{Name: "web1"})
	gate := realHost(t, "MaxStartups 10:30:100")
	gate.Name = "gate"
	s.hosts = append(s.hosts, gate)
	d := s.dialer(sshconn.Config{PerAddress: 8, ConnectTimeout: bound})
	var wg sync.WaitGroup
	for range hosts {
		wg.Go(func() {
			h := s.hosts[0]
			h.Connection.Jump = "gate"
			if err := reach(t, d, h); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestBadServers: whatever a server does after login, a command ends soon, with the right status.
func TestBadServers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults sshtest.Faults
		status runner.Status
		reason runner.Reason
		text   string
	}{
		{"refuses channels", sshtest.Faults{NoChannel: true}, runner.Unreachable, runner.ChannelRefused, "refuses a session: no more sessions"},
		{"never answers the channel", sshtest.Faults{MuteChannel: true}, runner.Unreachable, runner.ChannelRefused, "opened no session within"},
		{"refuses commands", sshtest.Faults{NoExec: true}, runner.Unreachable, runner.ChannelRefused, "refuses to run commands"},
		{"never answers the command", sshtest.Faults{MuteExec: true}, runner.Lost, "", "did not say within"},
		{"ends without a status", sshtest.Faults{NoStatus: true}, runner.Lost, "", "without an exit status"},
		{"is cut in the middle", sshtest.Faults{CutAfter: 3}, runner.Lost, "", "connection ended before the command did"},
		{"says 7 and then 0", sshtest.Faults{Statuses: []uint32{7, 0}}, runner.Failed, runner.ExitStatus, "exit 7"},
		{"says 256", sshtest.Faults{Statuses: []uint32{256}}, runner.Failed, runner.ExitStatus, "exit 256"},
		{"says 4294967295", sshtest.Faults{Statuses: []uint32{1<<32 - 1}}, runner.Failed, runner.ExitStatus, "exit 4294967295"},
		{"sends terminal codes for a signal", sshtest.Faults{Signal: "TERM\x1b[2J\n"}, runner.Failed, runner.Signalled, "killed by signal"},
		{"never closes the channel", sshtest.Faults{KeepChannel: true}, runner.OK, "", ""},
		{"opens channels to us", sshtest.Faults{OpensChannels: true}, runner.OK, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sshtest.Server{Name: "bad1", Faults: tt.faults, Play: func(c *sshtest.Command) { io.WriteString(c.Stdout, "hello\n") }})
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			c, err := s.timeout(tt.faults.MuteChannel || tt.faults.MuteExec).Dial(ctx, s.hosts[0])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			err = c.Exec(ctx, "x", runner.Stdio{})
			if ctx.Err() != nil {
				t.Fatal("the command hung")
			}
			wantReason(t, err, tt.status, tt.reason, tt.text)
		})
	}
}

// TestNoTerminal: a command whose terminal never opens was not sent.
func TestNoTerminal(t *testing.T) {
	hangsUp := make(chan struct{})
	for text, faults := range map[string]sshtest.Faults{
		"the connection ended before a terminal was open": {
			LoggedIn: func(c *ssh.ServerConn) { <-hangsUp; c.Close() },
			Session:  func(_ ssh.Channel, reqs <-chan *ssh.Request) { <-reqs; close(hangsUp) },
		},
		"the server opened no terminal within 2s": {Session: func(_ ssh.Channel, reqs <-chan *ssh.Request) {
			for range reqs {
			}
		}},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sshtest.Server{Name: "web1", Faults: faults})
			c, err := s.dialer(sshconn.Config{ConnectTimeout: time.Second}).Dial(t.Context(), s.hosts[0])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			wantReason(t, c.Exec(t.Context(), "true", runner.Stdio{TTY: true}), runner.Unreachable, runner.ChannelRefused, text)
		})
	}
}

// TestStoppedBeforeTheAnswer: a command that was sent, but not yet answered by the host, may have begun.
func TestStoppedBeforeTheAnswer(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{Session: func(_ ssh.Channel, reqs <-chan *ssh.Request) {
		for r := range reqs {
			if r.Type == "exec" {
				cancel(runner.ErrTimeout)
			}
		}
	}}})
	c, err := s.dialer(sshconn.Config{}).Dial(t.Context(), s.hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f := wantReason(t, c.Exec(ctx, "true", runner.Stdio{}), runner.Timeout, "", "stopped")
	if f == nil || f.Remains != runner.Unknown {
		t.Errorf("%+v, want unknown in Remains", f)
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
