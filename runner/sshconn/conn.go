package sshconn

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// A connection on which nothing arrives is asked for a sign of life after this time; it is cut when that many questions
// have had no answer. ssh_config may say otherwise.
const (
	keepalive = 15 * time.Second
	misses    = 3
)

// conn is an open connection to one host.
type conn struct {
	ssh.Conn
	heard   *hearing
	reach   runner.Reach
	limit   time.Duration                    // for the host to open a channel or to take a command
	env     []string                         // for every session, before what the command brings
	trace   func(format string, args ...any) // takes details of what goes on
	forward string                           // socket of the agent that the host may use; empty: none
	gone    func(*conn)                      // told once, when it is closed
	leave   func()                           // gives its place on a jump host's connection back; nil: it has none

	served    atomic.Bool  // a session was open before
	lingering atomic.Int32 // commands whose output was still open when they had ended
	forwarded atomic.Int32 // channels to our agent that are open

	wg     sync.WaitGroup
	end    chan struct{} // closed when the connection has ended
	closed sync.Once

	every    time.Duration // between looks for signs of life
	misses   int32
	clock    *time.Timer
	lastSeen int64 // bytes heard at the last tick
	missed   int32 // ticks since then
}

func (d *Dialer) newConn(sc ssh.Conn, chans <-chan ssh.NewChannel, reqs <-chan *ssh.Request, heard *hearing, reach runner.Reach, s settings) *conn {
	c := &conn{Conn: sc, heard: heard, reach: reach, limit: s.timeout, env: s.env, forward: s.forward, every: s.keepalive, misses: s.misses, gone: d.forget, end: make(chan struct{})}
	c.trace = func(format string, args ...any) { d.config.Trace.detail(s.name, format, args...) }
	c.wg.Go(func() { ssh.DiscardRequests(reqs) })
	c.wg.Go(func() {
		for nc := range chans {
			c.opened(nc)
		}
		close(c.end)
	})
	c.clock = time.AfterFunc(c.every, c.tick)
	return c
}

// Reach implements runner.Reacher.
func (c *conn) Reach() runner.Reach { return c.reach }

// Lingering implements runner.Lingerer.
func (c *conn) Lingering() int { return int(c.lingering.Load()) }

func (c *conn) ended() bool {
	select {
	case <-c.end:
		return true
	default:
		return false
	}
}

// endsSoon is for a caller whose channel has just closed: if the whole connection is ending, that is known a moment later.
func (c *conn) endsSoon() bool {
	select {
	case <-c.end:
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// tick looks for signs of life. The question it asks may hang: the ticks after it count that as a miss, and cutting the
// connection lets it go.
func (c *conn) tick() {
	if c.ended() {
		return
	}
	if seen := c.heard.bytes.Load(); seen != c.lastSeen {
		c.lastSeen, c.missed = seen, 0
		c.clock.Reset(c.every)
		return
	}
	if c.missed++; c.missed > c.misses {
		c.cut()
		return
	}
	c.clock.Reset(c.every)
	c.SendRequest("keepalive@openssh.com", true, nil)
}

// cut ends the connection at once, whatever it is doing.
func (c *conn) cut() { c.heard.Conn.Close() }

// Close ends the connection and waits until nothing of it is left.
func (c *conn) Close() error {
	c.closed.Do(func() {
		c.clock.Stop()
		c.gone(c)
		c.cut()
		c.wg.Wait()
		if c.leave != nil {
			c.leave()
		}
	})
	return nil
}

// tunnel opens a connection to addr from the host at the other end. It ends with the connection.
func (c *conn) tunnel(ctx context.Context, network, addr string) (net.Conn, error) {
	return (&ssh.Client{Conn: c.Conn}).DialContext(ctx, network, addr)
}

// Tunnel implements runner.Tunneler.
func (c *conn) Tunnel(ctx context.Context, network, addr string) (net.Conn, error) {
	tunnel, err := c.tunnel(ctx, network, addr)
	if refused := refusal(err); refused != nil && refused.Reason != ssh.ConnectionFailed {
		return nil, &runner.Failure{Status: runner.Error, Reason: runner.ChannelRefused, Err: err}
	}
	return tunnel, err
}
