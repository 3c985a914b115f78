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

// hearing is a net.Conn that keeps the first bytes from the server, which the SSH library swallows, counts the bytes
// that arrive, and notes whether the stream has ended.
type hearing struct {
	net.Conn
	bytes atomic.Int64
	spoke func() // called when the first of them arrive; may be nil
	ahead []byte // read, but not asked for yet

	mu    sync.Mutex
	first []byte
	ended bool
}

const firstBytes = 256

// Read reads ahead when a single byte is asked for: the library reads the server's version like this, and each byte
// would be a system call.
func (h *hearing) Read(p []byte) (int, error) {
	if len(h.ahead) == 0 {
		if len(p) != 1 {
			return h.hear(p)
		}
		b := make([]byte, firstBytes)
		n, err := h.hear(b)
		if n == 0 {
			return 0, err
		}
		h.ahead = b[:n]
	}
	n := copy(p, h.ahead)
	h.ahead = h.ahead[n:]
	return n, nil
}

func (h *hearing) hear(p []byte) (int, error) {
	n, err := h.Conn.Read(p)
	had := h.bytes.Add(int64(n)) - int64(n)
	if had == 0 && n > 0 && h.spoke != nil {
		h.spoke()
	}
	if had < firstBytes || err != nil {
		h.mu.Lock()
		if room := firstBytes - len(h.first); room > 0 {
			h.first = append(h.first, p[:min(n, room)]...)
		}
		h.ended = h.ended || hungUp(err)
		h.mu.Unlock()
	}
	return n, err
}

// Write notices the end too: a server may have hung up, and said why, before anything was read from it.
func (h *hearing) Write(p []byte) (int, error) {
	n, err := h.Conn.Write(p)
	if hungUp(err) {
		if h.bytes.Load() == 0 {
			h.Conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			h.hear(make([]byte, firstBytes)) // keeps what has arrived; the error to return is the write's
		}
		h.mu.Lock()
		h.ended = true
		h.mu.Unlock()
	}
	return n, err
}

func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func (h *hearing) heard() (greeting string, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.first), h.ended
}

// version returns the server's version line, if it has sent one.
func (h *hearing) version() string {
	greeting, _ := h.heard()
	for line := range strings.Lines(greeting) {
		if strings.HasPrefix(line, "SSH-") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
