package sshconn_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// startAgent starts an agent with the key, and returns its socket.
func startAgent(t *testing.T, identity string) string {
	t.Helper()
	return serveAgent(t, identity, func(a agent.ExtendedAgent) agent.Agent { return a })
}

// serveAgent starts what around makes of an agent with the key.
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
	return serve(t, func(c net.Conn) { agent.ServeAgent(around(ring), c) })
}

// serve answers every connection to a socket until the test ends.
func serve(t *testing.T, answer func(net.Conn)) (socket string) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				answer(c)
			}()
		}
	}()
	return l.Addr().String()
}

// TestHungAgent: an agent that does not answer at all does not keep a key file from logging in, and without one it is
// named, though the time to connect is shorter than that for the agent. As it costs everybody time, it is told once.
func TestHungAgent(t *testing.T) {
	t.Parallel()
	s := newSite(t, sshtest.Server{Name: "web1"})
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	warnings := make(chan string, 10)
	d := s.dialer(sshconn.Config{Agent: l.Addr().String(), ConnectTimeout: 3 * time.Second, Warn: func(text string) { warnings <- text }})
	h := s.hosts[0]
	h.Connection.Identity = nil
	wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "no keys from the agent (the agent has not answered for 5s)")
	if err := reach(t, d, s.hosts[0]); err != nil {
		t.Errorf("with a key file: %v", err)
	}
	want := "the agent at " + l.Addr().String() + " has not answered for 5s: its keys are left out"
	if len(warnings) != 1 || <-warnings != want {
		t.Errorf("there are %d other warnings than one: %s", len(warnings), want)
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

// TestAgentThatRefuses: a key with which the agent does not sign is named, and does not keep the next one from logging
// in.
func TestAgentThatRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	var public []ssh.PublicKey
	for _, name := range []string{"touch", "plain"} {
		key := newPrivate(t)
		files = append(files, filepath.Join(dir, name))
		public = append(public, privateKey(t, filepath.Join(dir, name), key))
	}
	s := newSite(t, sshtest.Server{Name: "web1", Authorized: public})
	d := s.dialer(sshconn.Config{Agent: serveAgent(t, files[0], func(a agent.ExtendedAgent) agent.Agent { return refusingAgent{a} })})
	h := s.hosts[0]
	h.Connection.Identity = nil
	wantReason(t, reach(t, d, h), runner.Unreachable, runner.Auth, "; the agent did not sign with "+ssh.FingerprintSHA256(public[0]))
	h.Connection.Identity = files
	if err := reach(t, d, h); err != nil {
		t.Errorf("with another key: %v", err)
	}
}

// refusingAgent does not sign.
type refusingAgent struct{ agent.ExtendedAgent }

func (refusingAgent) SignWithFlags(ssh.PublicKey, []byte, agent.SignatureFlags) (*ssh.Signature, error) {
	return nil, errors.New("nobody has touched the key")
}

// TestFullAgent: an agent with 20 keys does not use up the tries that sshd allows if ssh_config names the right key.
func TestFullAgent(t *testing.T) {
	dir := t.TempDir()
	ring := agent.NewKeyring()
	var right ssh.PublicKey
	for i := range 20 {
		key := newPrivate(t)
		if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			t.Fatal(err)
		}
		right = privateKey(t, filepath.Join(dir, fmt.Sprint(i)), key) // so the last one is the right one
	}
	pub := filepath.Join(dir, "right")
	if err := os.WriteFile(pub+".pub", ssh.MarshalAuthorizedKey(right), 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "19"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pub, text, 0o600); err != nil {
		t.Fatal(err)
	}
	h := realHost(t, authorize(t, right), "MaxAuthTries 3")
	socket := serve(t, func(c net.Conn) { agent.ServeAgent(ring, c) })

	h.Connection.Identity = nil
	wantReason(t, reach(t, configured(t, "", sshconn.Config{Agent: socket}), h), runner.Unreachable, runner.Auth, "and 17 more keys")
	d := configured(t, "IdentitiesOnly yes\nIdentityFile "+pub+"\n", sshconn.Config{Agent: socket})
	if err := reach(t, d, h); err != nil {
		t.Errorf("with IdentitiesOnly: %v", err)
	}
}

// TestAgentThatDies: after an agent has hung up while signing, its socket is connected to again.
func TestAgentThatDies(t *testing.T) {
	file := filepath.Join(t.TempDir(), "id")
	key := newPrivate(t)
	public := privateKey(t, file, key)
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := 0
	socket := serve(t, func(c net.Conn) {
		mu.Lock()
		asked++
		first := asked == 1
		mu.Unlock()
		if first {
			agent.ServeAgent(dyingAgent{ring, c}, c)
			return
		}
		agent.ServeAgent(ring, c)
	})
	s := newSite(t, sshtest.Server{Name: "web1", Authorized: []ssh.PublicKey{public}})
	h := s.hosts[0]
	h.Connection.Identity = nil
	d := s.dialer(sshconn.Config{Agent: socket})
	for range 3 {
		if err := reach(t, d, h); err != nil {
			t.Error(err)
		}
	}
	if asked != 2 {
		t.Errorf("the agent had %d connections, want 2", asked)
	}
}

// dyingAgent hangs up when it should sign.
type dyingAgent struct {
	agent.Agent
	conn net.Conn
}

func (d dyingAgent) Sign(ssh.PublicKey, []byte) (*ssh.Signature, error) {
	d.conn.Close()
	return nil, net.ErrClosed
}
