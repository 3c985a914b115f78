package sshconn_test

import (
	"context"
	"io"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// TestUnreachable: each kind of failure to reach a server has its reason and phase, and another host is still reached.
func TestUnreachable(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults sshtest.Faults
		reason runner.Reason
		phase  runner.Phase
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
			timeout := bound
			if tt.faults.MuteChannel || tt.faults.MuteExec {
				timeout = 5 * time.Second // enough for the login, and then waited for
				s.hosts[0].Connection.Options = map[string]string{"ServerAliveInterval": "2"}
			}
			c := dialled(t, ctx, s.dialer(sshconn.Config{ConnectTimeout: timeout}), s.hosts[0])
			err := c.Exec(ctx, "x", runner.Stdio{})
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
		"the server opened no terminal within 6s": {Session: func(_ ssh.Channel, reqs <-chan *ssh.Request) {
			for range reqs {
			}
		}},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sshtest.Server{Name: "web1", Faults: faults})
			c := dialled(t, t.Context(), s.dialer(sshconn.Config{ConnectTimeout: 3 * time.Second}), s.hosts[0])
			wantReason(t, c.Exec(t.Context(), "true", runner.Stdio{TTY: true}), runner.Unreachable, runner.ChannelRefused, text)
		})
	}
}

// TestStoppedBeforeItIsSent: of a command that is stopped before its channel is open, nothing remains.
func TestStoppedBeforeItIsSent(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{MuteChannel: true}})
	c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[0])
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, runner.ErrTimeout)
	defer cancel()
	f := wantReason(t, c.Exec(ctx, "true", runner.Stdio{}), runner.Timeout, "", "not started")
	if f == nil || f.Remains != "" {
		t.Errorf("%+v, want nothing in Remains", f)
	}
}

// TestStoppedBeforeTheAnswer: a command that was sent, but not yet answered by the host, may have begun. With a grace, the
// answer is waited for, and then the command is stopped like any other.
func TestStoppedBeforeTheAnswer(t *testing.T) {
	for _, grace := range []runner.Duration{0, runner.Duration(time.Minute)} {
		ctx, cancel := context.WithCancelCause(t.Context())
		s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{Session: func(ch ssh.Channel, reqs <-chan *ssh.Request) {
			for r := range reqs {
				if r.Type != "exec" {
					continue
				}
				cancel(runner.ErrTimeout)
				if grace > 0 {
					time.Sleep(50 * time.Millisecond) // so that the stop surely comes first; later, the test proves nothing
					r.Reply(true, nil)
					io.Copy(io.Discard, ch) // up to the stop
					ch.SendRequest("exit-status", false, []byte{0, 0, 0, 3})
					ch.Close()
				}
			}
		}}})
		c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[0])
		f := wantReason(t, c.Exec(ctx, "true", runner.Stdio{Hold: true, Grace: grace}), runner.Timeout, "", "stopped")
		if f == nil || f.Remains != runner.Unknown || (f.Late != nil) != (grace > 0) {
			t.Errorf("with a grace of %v: %+v, want unknown in Remains, and with a grace how it ended", grace, f)
		}
	}
}

// TestOneCommand: of a server that ends the connection after a command, as TinySSH does, the message says just that.
func TestOneCommand(t *testing.T) {
	ran, ended := make(chan struct{}), make(chan struct{})
	session := func(ch ssh.Channel, reqs <-chan *ssh.Request) {
		(<-reqs).Reply(true, nil)
		sendStatus(ch, 0)
		ch.Close()
		close(ran)
	}
	s := newSite(t, sshtest.Server{Name: "one1", Faults: sshtest.Faults{Session: session, LoggedIn: func(sc *ssh.ServerConn) {
		<-ran
		sc.Close()
		close(ended)
	}}})
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c := dialled(t, ctx, s.dialer(sshconn.Config{}), s.hosts[0])
	if err := c.Exec(ctx, "true", runner.Stdio{Out: io.Discard, Err: io.Discard}); err != nil {
		t.Fatal(err)
	}
	<-ended
	wantReason(t, c.Exec(ctx, "true", runner.Stdio{}), runner.Unreachable, runner.ChannelRefused, "ended the connection after a command")
}

// TestCutByUs: of a connection that we have cut ourselves, the message does not blame the server.
func TestCutByUs(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{MuteExec: true}})
	c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[0])
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, runner.ErrTimeout)
	defer cancel()
	wantReason(t, c.Exec(ctx, "true", runner.Stdio{}), runner.Timeout, "", "stopped")
	wantReason(t, c.Exec(t.Context(), "true", runner.Stdio{}), runner.Unreachable, runner.ChannelRefused, "the connection ended before a session was open")
}

// TestTornOutput: a command that has ended is lost all the same if the connection ended before its output was known to be
// whole, by its end or that of the channel: more may have been on the way.
func TestTornOutput(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(ssh.Channel) error // of what the server sends, before it hangs up
		want runner.Status
		says string
	}{
		{"nothing", func(ssh.Channel) error { return nil }, runner.Lost, "the connection ended before all of the output had arrived; the command had ended (exit 0)"},
		{"the end of the output", ssh.Channel.CloseWrite, runner.OK, ""},
		{"the end of the channel", ssh.Channel.Close, runner.OK, ""},
	} {
		ended := make(chan struct{})
		session := func(ch ssh.Channel, reqs <-chan *ssh.Request) {
			(<-reqs).Reply(true, nil)
			io.WriteString(ch, "hello\n")
			sendStatus(ch, 0)
			tt.end(ch)
			close(ended)
		}
		s := newSite(t, sshtest.Server{Name: "web1", Faults: sshtest.Faults{Session: session, LoggedIn: func(sc *ssh.ServerConn) {
			<-ended
			sc.Close()
		}}})
		c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[0])
		t.Log(tt.name)
		wantReason(t, c.Exec(t.Context(), "x", runner.Stdio{}), tt.want, "", tt.says)
	}
}
