package sshconn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// A connection from the host of a master to another one is asked for as ssh -W does (OpenSSH's PROTOCOL.mux): the master
// gets one end of a socket pair. A refusal does it no harm, which is not so when it is talked to as if it were the server
// (see mostSessions).

// The messages of the protocol.
const (
	muxHello   = 0x00000001
	muxForward = 0x10000008
	muxOpened  = 0x80000006
	muxVersion = 4
	muxRequest = 0         // the number of our only request on a connection
	muxLongest = 256 << 10 // message
)

// mostForwards is how many connections go through a master at once. Each takes three of its descriptors, and it seldom
// has more than 1024.
const mostForwards = 250

// connectBehindMaster reaches the host through a master that is its jump host.
func (d *Dialer) connectBehindMaster(ctx context.Context, p *progress) (*conn, error) {
	if err := d.forwards.take(ctx); err != nil {
		return nil, p.failure(ctx, err)
	}
	leave := sync.OnceFunc(d.forwards.give)
	var err error
	if p.master, err = p.greetMaster(ctx); err != nil {
		leave()
		return nil, p.failure(ctx, err)
	}
	c, err := d.connectInTurn(ctx, p, leave)
	if err != nil {
		p.master.Close()
		leave()
	}
	return c, err
}

// forwarder is a connection to a master that has said hello.
type forwarder struct{ *net.UnixConn }

// greetMaster connects to the master.
func (p *progress) greetMaster(ctx context.Context) (*forwarder, error) {
	ctx, end := p.limited(ctx)
	defer end()
	nc, err := p.callMaster(ctx)
	if err != nil {
		return nil, err
	}
	f := &forwarder{nc.(*net.UnixConn)}
	if err := f.until(ctx, f.greet); err != nil {
		f.Close()
		return nil, p.noMaster(ctx, err)
	}
	p.phase = ""
	return f, nil
}

// greet exchanges the hellos, which name the version of the protocol.
func (f *forwarder) greet() error {
	kind, rest, err := f.read()
	switch {
	case err != nil:
		return err
	case kind != muxHello || len(rest) < 4 || binary.BigEndian.Uint32(rest) != muxVersion:
		return errForeign
	}
	return f.write(muxHello, muxVersion)
}

var errForeign = errors.New("it speaks another protocol")

// forward returns a connection to a port of a host, which takes f over. A refusal is a *ssh.OpenChannelError, as from a
// server.
func (f *forwarder) forward(ctx context.Context, host string, port int) (net.Conn, error) {
	ours, theirs, err := socketpair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	err = f.until(ctx, func() error {
		if err := f.write(muxForward, muxRequest, "", host, port); err != nil {
			return err
		}
		for range 2 { // its input and its output
			if _, _, err := f.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(theirs.Fd())), nil); err != nil {
				return err
			}
		}
		kind, rest, err := f.read()
		if err != nil || kind == muxOpened {
			return err
		}
		return &ssh.OpenChannelError{Reason: ssh.ConnectionFailed, Message: reasonIn(rest)}
	})
	if err != nil {
		ours.Close()
		return nil, err
	}
	return &forwarded{Conn: ours, by: f}, nil
}

// reasonIn returns the reason in a refusal, which follows the number of the request.
func reasonIn(rest []byte) string {
	if len(rest) < 8 || int64(len(rest)) < 8+int64(binary.BigEndian.Uint32(rest[4:])) {
		return "refused"
	}
	return string(rest[8 : 8+binary.BigEndian.Uint32(rest[4:])])
}

// until calls do, and closes the connection if ctx ends meanwhile.
func (f *forwarder) until(ctx context.Context, do func() error) error {
	stop := context.AfterFunc(ctx, func() { f.Close() })
	err := do()
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	return err
}

func (f *forwarder) read() (kind uint32, rest []byte, err error) {
	var size [4]byte
	if _, err := io.ReadFull(f, size[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 4 || n > muxLongest {
		return 0, nil, errForeign
	}
	rest = make([]byte, n)
	if _, err := io.ReadFull(f, rest); err != nil {
		return 0, nil, err
	}
	return binary.BigEndian.Uint32(rest), rest[4:], nil
}

// write sends a message made of numbers and strings.
func (f *forwarder) write(kind uint32, fields ...any) error {
	var b bytes.Buffer
	number := func(n int) { b.Write(binary.BigEndian.AppendUint32(nil, uint32(n))) }
	number(int(kind))
	for _, field := range fields {
		switch v := field.(type) {
		case int:
			number(v)
		case string:
			number(len(v))
			b.WriteString(v)
		}
	}
	_, err := f.Write(append(binary.BigEndian.AppendUint32(nil, uint32(b.Len())), b.Bytes()...))
	return err
}

// forwarded is a connection through a master.
type forwarded struct {
	net.Conn
	by     *forwarder
	closed sync.Once
}

// Close gives what is on its way a moment: the master drops it when its own connection with us ends.
func (f *forwarded) Close() error {
	err := f.Conn.Close()
	f.closed.Do(func() { time.AfterFunc(afterExit, func() { f.by.Close() }) })
	return err
}
