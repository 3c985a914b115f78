package sshconn_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// packet makes a binary packet of SSH as it is before key exchange (RFC 4253, section 6).
func packet(payload string) string {
	padding := 16 - (5+len(payload))%8
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+padding))
	return string(append(append(append(b, byte(padding)), payload...), make([]byte, padding)...))
}

const version = "SSH-2.0-hostile\r\n"

// says sends text, and then hangs up, or waits until the client does.
func says(text string, thenWaits bool) func(net.Conn) {
	return func(c net.Conn) {
		if thenWaits {
			go io.WriteString(c, text) // the client may not read it
			io.Copy(io.Discard, c)
			return
		}
		io.WriteString(c, text)
		c.SetReadDeadline(time.Now().Add(time.Second)) // reads the client's version: closing before that would be a reset
		io.CopyN(io.Discard, c, 10)
	}
}

// endlessly sends first, and then text again and again.
func endlessly(first, text string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, first)
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
}

// drips sends text byte by byte, slowly, but never silent for long enough to be noticed.
func drips(text string) func(net.Conn) {
	return func(c net.Conn) {
		for i := range text {
			if _, err := c.Write([]byte{text[i]}); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// resets closes the connection with a reset.
func resets(c net.Conn) {
	c.Read(make([]byte, 1))
	c.(*net.TCPConn).SetLinger(0)
}

// TestHostileLogin: whatever a server does before login, its host is unreachable with the right reason, in time, and
// another host is still reached.
func TestHostileLogin(t *testing.T) {
	disconnect := "\x01\x00\x00\x00\x0b" + "\x00\x00\x00\x0fgo away\x1b[31m\n\x07x" + "\x00\x00\x00\x00"
	for _, tt := range []struct {
		name   string
		raw    func(net.Conn)
		reason runner.Reason
		text   string
	}{
		{"drips its version", drips("SSH-2.0-" + strings.Repeat("x", 200)), runner.ConnectTimeout, ""},
		{"says SSH-1.5 and waits", says("SSH-1.5-old\r\n", true), runner.ConnectTimeout, ""},
		{"says nothing but lines", endlessly("", "hello\r\n"), runner.Handshake, ""},
		{"says one line without end", endlessly("", "hello"), runner.Handshake, ""},
		{"has a version of 300 bytes", says("SSH-2.0-"+strings.Repeat("x", 300)+"\r\n", true), runner.Handshake, ""},
		{"says NULs", endlessly("", "\x00"), runner.Handshake, ""},
		{"speaks TLS", says("\x15\x03\x01\x00\x02\x02\x46", false), runner.Closed, "hung up, saying"},
		{"speaks SMTP", says("220 mail.example ESMTP\r\n", true), runner.ConnectTimeout, ""},
		{"resets", resets, runner.Closed, ""},
		{"says its version and is silent", says(version, true), runner.ConnectTimeout, "handshake did not end"},
		{"says its version and hangs up", says(version, false), runner.Closed, "during the handshake"},
		{"says its version and escape codes", says("SSH-2.0-\x1b]0;owned\x07\x1b[2J\r\n", true), runner.ConnectTimeout, ""},
		{"says its version and noise", endlessly(version, "\xff\xfe\xfd\xfc"), runner.Handshake, ""},
		{"announces a packet of 4 GB", says(version+"\xff\xff\xff\xff\x00", true), runner.Handshake, ""},
		{"announces a packet of no length", says(version+"\x00\x00\x00\x00\x00\x00\x00\x00", true), runner.Handshake, ""},
		{"pads more than the packet is long", says(version+"\x00\x00\x00\x0c\xff"+strings.Repeat("x", 20), true), runner.Handshake, ""},
		{"begins the key exchange with a reply", says(version+packet("\x1f"+strings.Repeat("\x00", 32)), true), runner.Handshake, ""},
		{"has a KEXINIT that is cut", says(version+packet("\x14"+strings.Repeat("x", 16)+"\x00\x00\xff\xff"), true), runner.Handshake, ""},
		{"has no algorithm in common", says(version+packet("\x14"+strings.Repeat("x", 16)+strings.Repeat("\x00\x00\x00\x04none", 10)+"\x00\x00\x00\x00\x00"), true), runner.Handshake, "no common algorithm"},
		{"disconnects with escape codes", says(version+packet(disconnect), true), runner.Handshake, "go away"},
		{"ignores without end", endlessly(version, packet("\x02\x00\x00\x00\x04spam")), runner.ConnectTimeout, ""},
		{"debugs without end", endlessly(version, packet("\x04\x01\x00\x00\x00\x04spam\x00\x00\x00\x00")), runner.ConnectTimeout, ""},
		{"echoes", func(c net.Conn) { io.Copy(c, c) }, runner.Handshake, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sshtest.Server{Name: "bad1", Faults: sshtest.Faults{Raw: tt.raw}}, sshtest.Server{Name: "good1"})
			d := s.timeout(tt.reason == runner.ConnectTimeout)
			begun := time.Now()
			f := wantReason(t, reach(t, d, s.hosts[0]), runner.Unreachable, tt.reason, tt.text)
			if took := time.Since(begun); took > bound/2 {
				t.Errorf("it took %v", took)
			}
			if f == nil || f.Reach == nil || f.Reach.Phase != "handshake" {
				t.Errorf("the phase of the failure is not handshake: %+v", f)
			}
			if err := reach(t, d, s.hosts[1]); err != nil {
				t.Errorf("the healthy host: %v", err)
			}
		})
	}
}

// twoFaced is a host key that is replaced by another one.
type twoFaced struct {
	ssh.Signer
	other   ssh.Signer
	changed atomic.Bool
	shown   atomic.Int32 // in so many key exchanges
}

func (k *twoFaced) now() ssh.Signer {
	if k.changed.Load() {
		return k.other
	}
	return k.Signer
}

func (k *twoFaced) PublicKey() ssh.PublicKey { return k.now().PublicKey() }

func (k *twoFaced) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	k.shown.Add(1)
	return k.now().Sign(rand, data)
}

// TestRekey: a server that exchanges keys again and again has its key judged once. One that then shows another key is
// disconnected, even with host keys off.
func TestRekey(t *testing.T) {
	for _, changes := range []bool{false, true} {
		key := &twoFaced{}
		for _, k := range []*ssh.Signer{&key.Signer, &key.other} {
			var err error
			if *k, err = sshtest.NewKey(); err != nil {
				t.Fatal(err)
			}
		}
		left := make(chan bool, 1)
		s := newSite(t, sshtest.Server{Name: "web1", HostKey: key, Faults: sshtest.Faults{Raw: func(c net.Conn) {
			config := &ssh.ServerConfig{NoClientAuth: true, Config: ssh.Config{RekeyThreshold: 256}}
			config.AddHostKey(key)
			sc, _, reqs, err := ssh.NewServerConn(c, config)
			if err != nil {
				return
			}
			go ssh.DiscardRequests(reqs)
			key.changed.Store(changes)
			for err == nil && key.shown.Load() < 10 { // a key exchange begins a while after the request that calls for it
				_, _, err = sc.SendRequest("spam@example.com", true, spam[:1000])
			}
			left <- err != nil
		}}})
		var judged atomic.Int32
		c, err := s.dialer(sshconn.Config{HostKeys: "off", Trace: func(_ string, _ bool, text string) {
			if strings.Contains(text, "shows the host key") {
				judged.Add(1)
			}
		}}).Dial(t.Context(), s.hosts[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := <-left; got != changes || judged.Load() != 1 {
			t.Errorf("the key changes: %v; the server was disconnected: %v; its key was judged %d times, want 1", changes, got, judged.Load())
		}
		c.Close()
	}
}

// replies grants every request of a session, and calls begun for an exec.
func replies(begun func(ch ssh.Channel)) func(ssh.Channel, <-chan *ssh.Request) {
	return func(ch ssh.Channel, reqs <-chan *ssh.Request) {
		for r := range reqs {
			if r.WantReply {
				r.Reply(true, nil)
			}
			if r.Type == "exec" {
				go begun(ch)
			}
		}
	}
}

func sendStatus(ch ssh.Channel, status uint32) {
	ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
}

var spam = bytes.Repeat([]byte("spam spam spam\n"), 2000)

// TestHostileSession: whatever a server does after login, a command with a time limit ends with the right status, in
// time, and another host is still served.
func TestHostileSession(t *testing.T) {
	flood := func(name string, want bool) func(*ssh.ServerConn) {
		return func(c *ssh.ServerConn) {
			for {
				if _, _, err := c.SendRequest(name, want, spam[:1000]); err != nil {
					return
				}
			}
		}
	}
	for _, tt := range []struct {
		name   string
		faults sshtest.Faults
		input  io.Reader
		status runner.Status
		text   string
	}{
		{"sends EOF and no close", sshtest.Faults{Session: replies(func(ch ssh.Channel) { ch.CloseWrite() })}, nil, runner.Timeout, ""},
		{"sends a status and no close", sshtest.Faults{Session: replies(func(ch ssh.Channel) { sendStatus(ch, 3) })}, nil, runner.Failed, "exit 3"},
		{"sends a status, EOF and no close", sshtest.Faults{Session: replies(func(ch ssh.Channel) { sendStatus(ch, 0); ch.CloseWrite() })}, nil, runner.OK, ""},
		{"closes at once", sshtest.Faults{Session: replies(func(ch ssh.Channel) { ch.Close() })}, nil, runner.Lost, "without an exit status"},
		{"closes before it takes the command", sshtest.Faults{Session: func(ch ssh.Channel, reqs <-chan *ssh.Request) { ch.Close(); ssh.DiscardRequests(reqs) }}, nil, runner.Lost, ""},
		{"takes no input", sshtest.Faults{Session: replies(func(ssh.Channel) {})}, endlessInput{}, runner.Timeout, ""},
		{"takes no input and sends a status", sshtest.Faults{Session: replies(func(ch ssh.Channel) { sendStatus(ch, 5); ch.Close() })}, endlessInput{}, runner.Failed, "exit 5"},
		{"prints without end", sshtest.Faults{Session: replies(func(ch ssh.Channel) { spew(ch) })}, nil, runner.Timeout, ""},
		{"prints 6 MB of stderr first", sshtest.Faults{Session: replies(func(ch ssh.Channel) {
			for range 200 {
				ch.Stderr().Write(spam)
			}
			io.WriteString(ch, "done\n")
			sendStatus(ch, 0)
			ch.Close()
		})}, nil, runner.OK, ""},
		{"prints without end after its status", sshtest.Faults{Session: replies(func(ch ssh.Channel) { sendStatus(ch, 4); spew(ch) })}, nil, runner.Failed, "exit 4"},
		{"prints stderr without end after its status", sshtest.Faults{Session: replies(func(ch ssh.Channel) { sendStatus(ch, 4); spew(ch.Stderr()) })}, nil, runner.Failed, "exit 4"},
		{"sends statuses without end", sshtest.Faults{Session: replies(func(ch ssh.Channel) {
			for n := uint32(6); ; n++ {
				if _, err := ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{n})); err != nil {
					return
				}
			}
		})}, nil, runner.Failed, "exit 6"},
		{"sends a status that is cut", sshtest.Faults{Session: replies(func(ch ssh.Channel) { ch.SendRequest("exit-status", false, []byte{0, 0}); ch.Close() })}, nil, runner.Lost, ""},
		{"sends a signal that is cut", sshtest.Faults{Session: replies(func(ch ssh.Channel) { ch.SendRequest("exit-signal", false, []byte("\x00\x00\xff\xff")); ch.Close() })}, nil, runner.Lost, ""},
		{"sends a signal of 30 kB", sshtest.Faults{Session: replies(func(ch ssh.Channel) {
			ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
				Signal     string
				Core       bool
				Text, Lang string
			}{string(spam), false, string(spam[:10]), ""}))
			ch.Close()
		})}, nil, runner.Failed, "killed by signal"},
		{"asks the session without end", sshtest.Faults{Session: replies(func(ch ssh.Channel) {
			for {
				if _, err := ch.SendRequest("pty-req", true, spam[:1000]); err != nil {
					return
				}
			}
		})}, nil, runner.Timeout, ""},
		{"asks the connection without end", sshtest.Faults{LoggedIn: flood("spam@example.com", true), Session: replies(func(ssh.Channel) {})}, nil, runner.Timeout, ""},
		{"tells the connection without end", sshtest.Faults{LoggedIn: flood("spam@example.com", false), Session: replies(func(ssh.Channel) {})}, nil, runner.Timeout, ""},
		{"opens channels without end", sshtest.Faults{Session: replies(func(ssh.Channel) {}), LoggedIn: func(c *ssh.ServerConn) {
			for {
				if _, _, err := c.OpenChannel("forwarded-tcpip", spam[:1000]); !errors.As(err, new(*ssh.OpenChannelError)) {
					return
				}
			}
		}}, nil, runner.Timeout, ""},
		{"asks for the agent", sshtest.Faults{Session: replies(func(ssh.Channel) {}), LoggedIn: func(c *ssh.ServerConn) {
			if _, _, err := c.OpenChannel("auth-agent@openssh.com", nil); err == nil {
				panic("it got an agent")
			}
		}}, nil, runner.Timeout, ""},
		{"hangs up at the command", sshtest.Faults{Session: replies(func(ch ssh.Channel) { ch.Close() }), LoggedIn: func(c *ssh.ServerConn) { time.Sleep(time.Millisecond); c.Close() }}, nil, "", ""},
		{"answers the command after a while", sshtest.Faults{Session: func(ch ssh.Channel, reqs <-chan *ssh.Request) {
			for r := range reqs {
				if r.Type == "exec" {
					io.WriteString(ch, "early\n")
					time.Sleep(50 * time.Millisecond)
					r.Reply(true, nil)
					sendStatus(ch, 2)
					ch.Close()
				}
			}
		}}, nil, runner.Failed, "exit 2"},
		{"refuses the command after its output", sshtest.Faults{Session: func(ch ssh.Channel, reqs <-chan *ssh.Request) {
			for r := range reqs {
				if r.Type == "exec" {
					io.WriteString(ch, "early\n")
					r.Reply(false, nil)
				}
			}
		}}, nil, runner.Unreachable, "refuses to run commands"},
		{"prints to a stream that does not exist", sshtest.Faults{Session: replies(func(ch ssh.Channel) {
			ch.(interface{ Extended(uint32) io.ReadWriter }).Extended(77).Write(spam)
			sendStatus(ch, 0)
			ch.Close()
		})}, nil, runner.OK, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sshtest.Server{Name: "bad1", Faults: tt.faults}, sshtest.Server{Name: "good1"})
			d := s.dialer(sshconn.Config{ConnectTimeout: bound, SSHConfig: alive(t)})
			limit := bound
			if tt.status == runner.Timeout {
				limit = 300 * time.Millisecond
			}
			err := execFor(t, d, s.hosts[0], limit, tt.input)
			got, _ := runner.StatusOf(err)
			if tt.status == "" && (got == runner.OK || got == runner.Error) || tt.status != "" && got != tt.status || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%s (%.200v), want %s with %q", got, err, tt.status, tt.text)
			}
			if err := execFor(t, d, s.hosts[1], bound, nil); err != nil {
				t.Errorf("the healthy host: %v", err)
			}
		})
	}
}

// TestForwardedAgentIsLimited: a host with a forwarded agent gets a limited number of channels to it, and new ones when
// it has closed some.
func TestForwardedAgentIsLimited(t *testing.T) {
	const most = 16
	told, again := make(chan int, 1), make(chan struct{})
	s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{LoggedIn: func(c *ssh.ServerConn) {
		var channels []ssh.Channel
		open := func() error {
			ch, reqs, err := c.OpenChannel("auth-agent@openssh.com", nil)
			if err == nil {
				go ssh.DiscardRequests(reqs)
				channels = append(channels, ch)
			}
			return err
		}
		for range most + 4 {
			open()
		}
		told <- len(channels)
		for _, ch := range channels {
			ch.Close()
		}
		for n := len(channels); len(channels) < n+most; { // the client may not have noticed yet that they are closed
			if err := open(); err != nil && !errors.As(err, new(*ssh.OpenChannelError)) {
				return
			}
		}
		close(again)
	}}})
	d := configured(t, "ForwardAgent yes\n", sshconn.Config{Agent: startAgent(t, s.Identity())})
	dialled(t, t.Context(), d, s.hosts[0])
	if n := <-told; n != most {
		t.Errorf("the host has %d channels to the agent, want %d", n, most)
	}
	select {
	case <-again:
	case <-time.After(bound):
		t.Error("channels to the agent that were closed still count")
	}
}

func spew(w io.Writer) {
	for {
		if _, err := w.Write(spam); err != nil {
			return
		}
	}
}

type endlessInput struct{}

func (endlessInput) Read(p []byte) (int, error) { return copy(p, spam), nil }

// alive is an ssh_config with keepalive requests every second.
func alive(t *testing.T) *sshconfig.Config {
	t.Helper()
	c, err := sshconfig.Load(nil, []string{"ServerAliveInterval=1", "ServerAliveCountMax=1"}, sshconfig.Local{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// execFor runs a command with a time limit, as a run does.
func execFor(t *testing.T, d *sshconn.Dialer, h inventory.Host, limit time.Duration, input io.Reader) error {
	t.Helper()
	outer, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c, err := d.Dial(outer, h)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, stop := context.WithTimeoutCause(outer, limit, runner.ErrTimeout)
	defer stop()
	err = c.Exec(ctx, "true", runner.Stdio{In: input, Out: io.Discard, Err: io.Discard})
	if outer.Err() != nil {
		t.Fatal("the command hung")
	}
	return err
}

// TestHostileMemory: floods of several kinds, each from ten servers, do not make the heap grow beyond a limit.
func TestHostileMemory(t *testing.T) {
	const long = time.Second
	floods := map[string]sshtest.Faults{
		"lines":   {Raw: endlessly("", "hello\r\n")},
		"noise":   {Raw: endlessly(version, "\x00\x00\x00\x0c\x04")},
		"ignores": {Raw: endlessly(version, packet("\x02\x00\x00\x00\x04spam"))},
		"banner":  {EndlessBanner: true},
		"output":  {Session: replies(func(ch ssh.Channel) { spew(ch) })},
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	end := make(chan struct{})
	most := make(chan uint64)
	go func() {
		var top uint64
		for {
			select {
			case <-end:
				most <- top
				return
			case <-time.After(20 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				top = max(top, m.HeapAlloc)
			}
		}
	}()
	for name, faults := range floods {
		servers := make([]sshtest.Server, 10)
		for i := range servers {
			servers[i] = sshtest.Server{Name: "bad" + string(rune('a'+i)), Faults: faults}
		}
		s := newSite(t, servers...)
		d := s.dialer(sshconn.Config{ConnectTimeout: long})
		done := make(chan error)
		for _, h := range s.hosts {
			go func() { done <- execFor(t, d, h, long, nil) }()
		}
		for range s.hosts {
			if err := <-done; err == nil {
				t.Errorf("%s: a flooding host ended without an error", name)
			}
		}
	}
	close(end)
	if top := <-most; top > 32<<20 {
		t.Errorf("the heap grew to %d MiB, more than 32", top>>20)
	}
}
