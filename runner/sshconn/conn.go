package sshconn

import (
	"context"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// conn is an open connection to one host.
type conn struct {
	ssh.Conn
	dialer   *Dialer
	settings *settings
	wire     *monitoredConn
	via      *conn // the jump host's, that it goes through; nil: none
	reach    runner.Reach
	sessions slots                                                    // taken by commands; nil: no limit
	through  func(ctx context.Context, addr string) (net.Conn, error) // opens tunnels; nil: the connection does
	leave    func()                                                   // gives back its place on a jump host's connection; nil: it has none

	served        atomic.Bool  // a session has been opened before
	wasCut        atomic.Bool  // by us
	lingering     atomic.Int32 // commands whose output stayed open after they had ended
	agentChannels atomic.Int32 // open channels to our agent

	wg     sync.WaitGroup
	end    chan struct{} // closed when the connection has ended
	closed sync.Once

	clock    *time.Timer  // of the checks for signs of life
	lastSeen int64        // bytes heard at the last tick
	lastSent int64        // bytes taken by the other side at the last tick
	missed   atomic.Int32 // ticks without a sign of life since then
	silent   atomic.Int64 // for how long the host had given no sign of life when it was cut off for that; 0: it was not
}

func (d *Dialer) newConn(sc ssh.Conn, chans <-chan ssh.NewChannel, reqs <-chan *ssh.Request, wire *monitoredConn, p *progress) *conn {
	c := &conn{Conn: sc, dialer: d, settings: &p.settings, wire: wire, via: p.via, reach: p.reach, end: make(chan struct{})}
	c.wg.Go(func() { c.answer(chans, reqs) })
	c.clock = time.AfterFunc(math.MaxInt64, c.tick)
	c.clock.Reset(c.settings.keepalive) // not before there is a clock, which tick sets again
	return c
}

// answer serves the channels that the host opens, and refuses its requests, until the connection has ended. One goroutine
// does both: with ten thousand hosts, each more counts.
func (c *conn) answer(chans <-chan ssh.NewChannel, reqs <-chan *ssh.Request) {
	defer close(c.end)
	for {
		select {
		case nc, open := <-chans:
			if !open {
				return
			}
			c.opened(nc)
		case r, open := <-reqs:
			switch {
			case !open:
				reqs = nil
			case r.WantReply:
				r.Reply(false, nil)
			}
		}
	}
}

// Reach implements runner.Reacher.
func (c *conn) Reach() runner.Reach { return c.reach }

// Lingering implements runner.Lingerer.
func (c *conn) Lingering() int { return int(c.lingering.Load()) }

// opening is how long the host may take to open a session, once it is connected.
func (c *conn) opening() time.Duration { return 2 * c.settings.timeout }

// patience is how long the host may take for an answer on which it depends how a command ends: a line that stalls for
// less than that may recover, and one that stalls for longer has been cut for silence before.
func (c *conn) patience() time.Duration {
	return max(c.opening(), time.Duration(c.settings.maxMisses+2)*c.settings.keepalive)
}

func (c *conn) ended() bool {
	select {
	case <-c.end:
		return true
	default:
		return false
	}
}

// endsSoon reports whether the connection has ended or ends within a moment. A caller whose channel has just closed
// learns from it whether the whole connection is ending.
func (c *conn) endsSoon() bool {
	select {
	case <-c.end:
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// whyEnded returns why the connection has ended, which was before something. If that of the jump host has, it is the reason.
func (c *conn) whyEnded(before string) error {
	if c.via != nil && c.via.endsSoon() {
		return c.via.whyEnded(before)
	}
	host, connection := "the host", "the connection"
	if c.settings.hop {
		host = "jump host " + c.settings.name
		connection += " to " + host
	}
	if silent := c.silent.Load(); silent > 0 {
		return fmt.Errorf("%s has given no sign of life for %v", host, time.Duration(silent))
	}
	return fmt.Errorf("%s ended before %s", connection, before)
}

// questionMost is more than the request of a tick takes on the wire.
const questionMost = 1 << 10

// tick checks for signs of life. On a slow line, its request waits for all that was sent before, and until then the line
// takes more and more of that: a host that hangs takes only what its buffers hold. The request may hang: later ticks count
// that as a miss, and cutting the connection releases it.
func (c *conn) tick() {
	if c.ended() {
		return
	}
	seen, sent := c.wire.bytes.Load(), c.wire.taken()
	alive := seen > c.lastSeen || sent > c.lastSent+questionMost
	c.lastSeen, c.lastSent = seen, sent
	if alive {
		c.missed.Store(0)
		c.clock.Reset(c.settings.keepalive)
		return
	}
	missed := c.missed.Add(1)
	ofWay := c.via != nil && c.via.missed.Load() > 0 // as long as the jump host is silent, nothing is known of the host
	if missed > c.settings.maxMisses && !ofWay {
		c.silent.Store(int64(c.settings.keepalive) * int64(missed))
		c.cut()
		return
	}
	c.clock.Reset(c.settings.keepalive)
	if _, _, err := c.SendRequest("keepalive@openssh.com", true, nil); err == nil {
		c.missed.Store(0) // not only at the next tick: hosts behind this one look at it, at ticks of their own
	}
}

// settle waits until the server has answered once after the login, or has said nothing for a while. For a moment, OpenSSH
// still counts the connection among those that have not logged in, of which it takes only so many.
func (c *conn) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	c.wg.Go(func() {
		defer cancel()
		c.SendRequest("keepalive@openssh.com", true, nil)
	})
	<-ctx.Done()
}

// cut ends the connection at once, whatever it is doing.
func (c *conn) cut() {
	c.wasCut.Store(true)
	c.wire.Conn.Close()
}

// Close ends the connection and waits until nothing of it is left.
func (c *conn) Close() error {
	c.closed.Do(func() {
		c.clock.Stop()
		c.dialer.forget(c)
		c.cut()
		c.wg.Wait()
		if c.leave != nil {
			c.leave()
		}
	})
	return nil
}
