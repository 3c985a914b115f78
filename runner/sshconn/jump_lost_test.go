package sshconn_test

import (
	"io"
	"net"
	"testing"

	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// TestJumpHostIsLost: a jump host that is lost is the reason for what becomes of the hosts behind it: of one that is running
// a command, and of one that is logging in.
func TestJumpHostIsLost(t *testing.T) {
	cut := make(chan struct{}) // ends the connections to the jump host
	s := newSite(t, sshtest.Server{Name: "bastion", Forward: true},
		sshtest.Server{Name: "running", Play: func(c *sshtest.Command) {
			cut <- struct{}{}
			<-c.Done
		}},
		sshtest.Server{Name: "connecting", Faults: sshtest.Faults{Raw: func(c net.Conn) {
			c.Read(make([]byte, 1))
			cut <- struct{}{}
			io.Copy(io.Discard, c)
		}}})
	d := s.dialer(sshconn.Config{})
	for i, want := range []runner.Failure{{Status: runner.Lost}, {Status: runner.Unreachable, Reason: runner.Jump}} {
		h := s.hosts[1+i]
		h.Connection.Jump = "bastion"
		go func() {
			<-cut
			s.Servers[0].Cut()
		}()
		text := "the connection to jump host bastion ended before the login did"
		c, err := d.Dial(t.Context(), h)
		if err == nil {
			text = "the connection to jump host bastion ended before the command did"
			err = c.Exec(t.Context(), "x", runner.Stdio{})
			c.Close()
		}
		wantReason(t, err, want.Status, want.Reason, text)
	}
}

// TestJumpHostIsLostBetween: likewise of a host that has done a command, and is to do another.
func TestJumpHostIsLostBetween(t *testing.T) {
	s := newSite(t, sshtest.Server{Name: "bastion", Forward: true}, sshtest.Server{Name: "web1"})
	s.hosts[1].Connection.Jump = "bastion"
	c := dialled(t, t.Context(), s.dialer(sshconn.Config{}), s.hosts[1])
	if err := c.Exec(t.Context(), "true", runner.Stdio{}); err != nil {
		t.Fatal(err)
	}
	s.Servers[0].Cut()
	wantReason(t, c.Exec(t.Context(), "true", runner.Stdio{}), runner.Unreachable, runner.ChannelRefused, "the connection to jump host bastion ended before a session was open")
}
