package sshconn

import (
	"net"
	"testing"
	"time"

	"hail/runner"
)

// TestLostJumpHost: a connection to a jump host that was lost gives back its place on the connection that it went over.
func TestLostJumpHost(t *testing.T) {
	here, _ := net.Pipe()
	left := 0
	c := &conn{wire: &monitoredConn{Conn: here}, end: make(chan struct{}), clock: time.NewTimer(time.Hour), dialer: &Dialer{}, leave: func() { left++ }}
	j := &jump{conns: []*jumpConn{{c, 1}}}
	if got, _, _ := j.use(); got == nil || left != 0 {
		t.Fatalf("it was given back %d times while it is open", left)
	}
	close(c.end)
	if got, _, mine := j.use(); got != nil || !mine || left != 1 {
		t.Errorf("the lost one: %v, given back %d times; want a new connection, and once", got, left)
	}
}

// TestCrowdedJumpHost: another connection to a jump host is made for every 24 hosts behind it, up to four.
func TestCrowdedJumpHost(t *testing.T) {
	j, dialled := &jump{}, 0
	for n := range 200 {
		_, _, err := j.share(t.Context(), func() (*conn, error) {
			dialled++
			return &conn{end: make(chan struct{})}, nil
		})
		if want := min(n/24+1, 4); err != nil || dialled != want {
			t.Fatalf("%d connections for %d hosts, %v; want %d", dialled, n+1, err, want)
		}
	}
}

// TestJumpHostHangsUp: a jump host that ends each connection right after the login is not logged in to again and again.
func TestJumpHostHangsUp(t *testing.T) {
	j, dialled := &jump{}, 0
	_, _, err := j.share(t.Context(), func() (*conn, error) {
		if dialled++; dialled > 1 {
			t.Fatal("it is logged in to again")
		}
		here, _ := net.Pipe()
		c := &conn{wire: &monitoredConn{Conn: here}, end: make(chan struct{}), clock: time.NewTimer(time.Hour), dialer: &Dialer{}}
		close(c.end)
		return c, nil
	})
	if status, reason := runner.StatusOf(err); status != runner.Unreachable || reason != runner.Jump {
		t.Errorf("%v: %s(%s), want unreachable(jump)", err, status, reason)
	}
}
