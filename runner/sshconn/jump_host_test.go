package sshconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

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
	t.Run("of many jump hosts, few connections are kept", func(t *testing.T) {
		var logins atomic.Int32
		d := sshconn.New(sshconn.Config{
			Find: func(string) (inventory.Host, bool) { return s.hosts[0], true },
			Trace: func(_ string, _ bool, text string) {
				if strings.HasPrefix(text, "logged in") {
					logins.Add(1)
				}
			},
		})
		defer d.Close()
		for i := range 100 {
			c, err := d.Dial(t.Context(), host(fmt.Sprint("bastion", i)))
			if err != nil {
				t.Fatal(err)
			}
			c.Close()
		}
		if n := s.Servers[0].Most(); n > 70 {
			t.Errorf("%d connections to jump hosts were open at once", n)
		}
		down := host("bastion100")
		down.Connection.Port = 1
		logins.Store(0)
		wantReason(t, reach(t, d, down), runner.Unreachable, runner.Jump, "could not connect to")
		if n := logins.Load(); n != 1 {
			t.Errorf("for a host that is down, its jump host was logged in to %d times", n)
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
				wantReason(t, reach(t, d, host(fmt.Sprintf("%s:%d", sshtest.Address, mute.Port()))), runner.Unreachable, runner.Jump, "jump host 127.0.0.1:")
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
		h := host("closed")
		wantReason(t, reach(t, s.dialer(sshconn.Config{}), h), runner.Unreachable, runner.Jump, fmt.Sprintf("jump host closed could not connect to 127.0.0.1:%d: administratively prohibited", h.Connection.Port))
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
	c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[0])
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

func TestTwoHopsOverOpenSSH(t *testing.T) {
	first, second, target := realHost(t), realHost(t), realHost(t)
	first.Name, second.Name = "first", "second"
	s := newSite(t)
	s.hosts = append(s.hosts, first, second)
	target.Connection.Jump = "first,second"
	d := s.dialer(sshconn.Config{})
	if got := output(t, d, target, "echo $SSH_CLIENT"); !strings.HasPrefix(got, "127.0.0.1 ") {
		t.Errorf("it prints %q", got)
	}
	second.Connection.Port = 1
	s.hosts[1] = second
	wantReason(t, reach(t, s.dialer(sshconn.Config{}), target), runner.Unreachable, runner.Jump, "jump host second: jump host first could not connect to 127.0.0.1:1")
}
