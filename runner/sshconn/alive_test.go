package sshconn

import (
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// TestTick: keepalive requests are sent only when nothing was heard. After so many without an answer, the connection is
// cut.
func TestTick(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	asked := &questions{}
	c := &conn{Conn: asked, wire: &monitoredConn{Conn: here}, end: make(chan struct{}), clock: time.NewTimer(time.Hour), settings: &settings{keepalive: time.Hour, maxMisses: 2}}
	defer c.clock.Stop()
	for i, step := range []struct {
		heard int64
		want  int
		cut   bool
	}{{1, 0, false}, {1, 0, false}, {0, 1, false}, {0, 2, false}, {5, 2, false}, {0, 3, false}, {0, 4, false}, {0, 4, true}} {
		c.wire.bytes.Add(step.heard)
		c.tick()
		there.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := there.Read(make([]byte, 1))
		timeout, _ := err.(net.Error)
		if cut := timeout == nil; asked.n != step.want || cut != step.cut {
			t.Fatalf("tick %d: %d requests, want %d; cut: %v, want %v", i+1, asked.n, step.want, cut, step.cut)
		}
	}
}

// TestFirstTick: the first check may come as soon as there is a connection.
func TestFirstTick(t *testing.T) {
	here, there := net.Pipe()
	chans := make(chan ssh.NewChannel)
	c := (&Dialer{}).newConn(&questions{}, chans, nil, &monitoredConn{Conn: here}, &progress{settings: settings{keepalive: 1, maxMisses: 1}})
	io.Copy(io.Discard, there)
	close(chans)
	c.Close()
}

// questions counts the requests that are sent.
type questions struct {
	ssh.Conn
	n int
}

func (q *questions) SendRequest(string, bool, []byte) (bool, []byte, error) {
	q.n++
	return false, nil, nil
}
