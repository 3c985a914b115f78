package sshconn

import (
	"net"
	"testing"
	"time"
)

// TestLostJumpHost: a connection to a jump host that was lost gives back its place on the connection that it went over.
func TestLostJumpHost(t *testing.T) {
	here, _ := net.Pipe()
	left := 0
	c := &conn{heard: &monitoredConn{Conn: here}, end: make(chan struct{}), clock: time.NewTimer(time.Hour), onClose: func(*conn) {}, leave: func() { left++ }}
	j := &jump{conns: []*jumpConn{{c, 1}}}
	if got, _, _ := j.use(); got == nil || left != 0 {
		t.Fatalf("it was given back %d times while it is open", left)
	}
	close(c.end)
	if got, _, mine := j.use(); got != nil || !mine || left != 1 {
		t.Errorf("the lost one: %v, given back %d times; want a new connection, and once", got, left)
	}
}
