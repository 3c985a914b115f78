package sshconn

import (
	"net"
	"testing"
)

// TestWhoHungUp: over a tunnel, too, a server that hangs up is told apart from a connection that we close.
func TestWhoHungUp(t *testing.T) {
	for who, want := range map[string]bool{"we": false, "the server": true} {
		for what, do := range map[string]func(*monitoredConn){
			"read":  func(m *monitoredConn) { m.Read(make([]byte, 2)) },
			"write": func(m *monitoredConn) { m.Write(make([]byte, 2)) },
		} {
			ours, theirs := net.Pipe()
			if who == "we" {
				ours.Close()
			} else {
				theirs.Close()
			}
			m := &monitoredConn{Conn: ours}
			do(m)
			if _, ended := m.heard(); ended != want {
				t.Errorf("%s hung up: a %s says of the server: %v", who, what, ended)
			}
		}
	}
}

// TestWriteDoesNotWait: the library catches up with a server that has hung up although it has something to write.
func TestWriteDoesNotWait(t *testing.T) {
	ours, theirs := net.Pipe()
	theirs.Close()
	m := &monitoredConn{Conn: ours}
	m.executing.Add(1)
	m.Write([]byte("the answer to the end of a channel"))
	if m.over.Load() {
		t.Error("the end was noted before the library had caught up")
	}
}
