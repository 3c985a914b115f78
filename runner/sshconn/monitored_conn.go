package sshconn

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// monitoredConn is a net.Conn that keeps the first bytes from the server, which the SSH library swallows, counts the
// bytes in both directions, and notes whether the stream has ended.
type monitoredConn struct {
	net.Conn
	bytes     atomic.Int64
	sent      atomic.Int64
	spoke     func()       // called when the first of them arrive; may be nil
	ahead     []byte       // read, but not asked for yet
	executing atomic.Int32 // commands whose channel is not known to have closed
	over      atomic.Bool  // no more arrives, and the library deals with that

	mu    sync.Mutex
	first []byte
	ended bool
}

const firstBytes = 256

// Read reads ahead when a single byte is asked for: the library reads the server's version like this, and each byte
// would be a system call.
func (m *monitoredConn) Read(p []byte) (int, error) {
	if len(m.ahead) == 0 {
		if len(p) != 1 {
			return m.hear(p)
		}
		b := make([]byte, firstBytes)
		n, err := m.hear(b)
		if n == 0 {
			return 0, err
		}
		m.ahead = b[:n]
	}
	n := copy(p, m.ahead)
	m.ahead = m.ahead[n:]
	return n, nil
}

func (m *monitoredConn) hear(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	if err != nil {
		if hungUp(err) {
			m.catchUp()
		}
		m.over.Store(true)
	}
	had := m.bytes.Add(int64(n)) - int64(n)
	if had == 0 && n > 0 && m.spoke != nil {
		m.spoke()
	}
	if had < firstBytes || err != nil {
		m.mu.Lock()
		if room := firstBytes - len(m.first); room > 0 {
			m.first = append(m.first, p[:min(n, room)]...)
		}
		m.ended = m.ended || hungUp(err)
		m.mu.Unlock()
	}
	return n, err
}

// catchUp waits, if only a second, until commands know whose channel the server has closed before it hung up: the library
// reads ahead, and then ends all channels alike.
func (m *monitoredConn) catchUp() {
	for n := 0; m.executing.Load() > 0 && n < 50; n++ {
		time.Sleep(20 * time.Millisecond)
	}
}

// Write notices the end too: a server may have hung up, and said why, before anything was read from it. Of a tunnel, only
// a read tells whether the server or we have closed it. While commands run, Read alone notices it: a write that waited for
// the library to catch up would keep it from doing so.
func (m *monitoredConn) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	m.sent.Add(int64(n))
	if m.executing.Load() == 0 && (errors.Is(err, io.ErrClosedPipe) || hungUp(err) && m.bytes.Load() == 0) {
		m.Conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		m.hear(make([]byte, firstBytes)) // keeps what has arrived; the error to return is the write's
	}
	if hungUp(err) {
		m.mu.Lock()
		m.ended = true
		m.mu.Unlock()
	}
	return n, err
}

func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (m *monitoredConn) heard() (greeting string, ended bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.first), m.ended
}

// version returns the server's version line, if it has sent one.
func (m *monitoredConn) version() string {
	greeting, _ := m.heard()
	for line := range strings.Lines(greeting) {
		if strings.HasPrefix(line, "SSH-") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
