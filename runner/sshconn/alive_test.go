package sshconn

import (
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// TestTick: keepalive requests are sent only when nothing was heard, and the other side took no more than such a request.
// After so many without an answer, the connection is cut.
func TestTick(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	asked := &questions{}
	c := &conn{Conn: asked, wire: &monitoredConn{Conn: here}, end: make(chan struct{}), clock: time.NewTimer(time.Hour), settings: &settings{keepalive: time.Hour, maxMisses: 2}}
	defer c.clock.Stop()
	for i, step := range []struct {
		heard, taken int64
		want         int
		cut          bool
	}{{1, 0, 0, false}, {1, 100, 0, false}, {0, 100, 1, false}, {0, 100, 2, false}, {5, 0, 2, false}, {0, 0, 3, false}, {0, 100, 4, false},
		{0, 2000, 4, false}, {0, 100, 5, false}, {0, 100, 6, false}, {0, 100, 6, true}} {
		c.wire.bytes.Add(step.heard)
		c.wire.sent.Add(step.taken)
		c.tick()
		there.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err := there.Read(make([]byte, 1))
		timeout, _ := err.(net.Error)
		if cut := timeout == nil; asked.n != step.want || cut != step.cut {
			t.Fatalf("tick %d: %d requests, want %d; cut: %v, want %v", i+1, asked.n, step.want, cut, step.cut)
		}
	}
}

// TestTickBehindJump: as long as a jump host is silent, the hosts behind it are not taken for dead.
func TestTickBehindJump(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	c := &conn{Conn: &questions{}, via: &conn{}, wire: &monitoredConn{Conn: here}, end: make(chan struct{}), clock: time.NewTimer(time.Hour), settings: &settings{keepalive: time.Hour, maxMisses: 2}}
	defer c.clock.Stop()
	c.via.missed.Store(1)
	for range 5 {
		c.tick()
	}
	if c.silent.Load() > 0 {
		t.Error("cut while the jump host is silent")
	}
	via := &conn{Conn: &questions{answered: true}, wire: &monitoredConn{}, end: make(chan struct{}), clock: time.NewTimer(time.Hour), settings: c.settings}
	defer via.clock.Stop()
	via.tick()
	c.via = via
	if c.tick(); c.silent.Load() == 0 {
		t.Error("not cut while the jump host answers")
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

// TestTaken: what has arrived at the other side has been taken.
func TestTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	here, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	there, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	m := &monitoredConn{Conn: here}
	before := m.taken()
	m.Write(make([]byte, 5000))
	if _, err := io.ReadFull(there, make([]byte, 5000)); err != nil {
		t.Fatal(err)
	}
	there.Write([]byte("x")) // with it comes the acknowledgement
	m.Read(make([]byte, 2))
	if got := m.taken() - before; got != 5000 {
		t.Errorf("%d bytes were taken, want 5000", got)
	}
}

// questions counts the requests that are sent.
type questions struct {
	ssh.Conn
	answered bool
	n        int
}

func (q *questions) SendRequest(string, bool, []byte) (bool, []byte, error) {
	q.n++
	if !q.answered {
		return false, nil, io.EOF
	}
	return false, nil, nil
}
