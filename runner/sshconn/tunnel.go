package sshconn

import (
	"context"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// Tunnel implements runner.Tunneler.
func (c *conn) Tunnel(ctx context.Context, network, addr string) (net.Conn, error) {
	if c.through != nil {
		return c.through(ctx, addr)
	}
	tunnel, err := c.tunnel(ctx, network, addr)
	if refused := refusal(err); refused != nil && refused.Reason != ssh.ConnectionFailed {
		return nil, &runner.Failure{Status: runner.Error, Reason: runner.ChannelRefused, Err: refused}
	}
	return tunnel, err
}

// tunnelBuffer is small, because there are two for each host behind a jump host.
const tunnelBuffer = 8 << 10

// tunnel opens a connection to addr from the host at the other end. The tunnel ends with c. A pipe stands before its
// channel: closing a channel releases nobody who reads or writes until the host agrees, which it may never do.
func (c *conn) tunnel(ctx context.Context, network, addr string) (net.Conn, error) {
	channel, err := (&ssh.Client{Conn: c.Conn}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	// Not waited for: they end with c, if not before.
	go func() {
		io.CopyBuffer(theirs, channel, make([]byte, tunnelBuffer))
		theirs.Close()
	}()
	go func() {
		io.CopyBuffer(channel, theirs, make([]byte, tunnelBuffer))
		channel.Close()
		io.Copy(io.Discard, theirs) // so that nobody waits, and what the other end said before it hung up is still read
	}()
	return &tunnel{ours, channel}, nil
}

// tunnel is our end of the pipe before a channel.
type tunnel struct {
	net.Conn
	channel net.Conn
}

// Close waits for nothing. What is on its way gets a moment, and then the channel is closed also if the host takes
// nothing.
func (t *tunnel) Close() error {
	time.AfterFunc(afterExit, func() { t.channel.Close() })
	return t.Conn.Close()
}
