package sshconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// A running OpenSSH client with a control socket (ControlMaster) has logged in by whatever means OpenSSH has: Kerberos,
// keys that need a touch, second factors. hail uses its connection.

// reachesHost reports whether the master with the control socket at path is connected to the host itself: a path with a
// token that differs from host to host leads there, and one without to a jump host.
func reachesHost(path string) bool {
	return tokensOfHost.MatchString(strings.ReplaceAll(path, "%%", ""))
}

var tokensOfHost = regexp.MustCompile(`%[Chnpr]`)

// dialMaster returns a connection that shares the master's.
func (d *Dialer) dialMaster(ctx context.Context, s settings, p *progress) (*conn, error) {
	d.config.Trace.step(s.name, "asking the OpenSSH master at %s", s.control)
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, errConnect)
	defer cancel()
	p.phase, p.reach.Address = "master", s.control
	begun := time.Now()
	nc, err := new(net.Dialer).DialContext(ctx, "unix", s.control)
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return nil, noMaster(s, err)
	}
	heard := &monitoredConn{Conn: nc}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	sc, chans, reqs, err := ssh.NewControlClientConn(heard)
	switch {
	case !stop():
		nc.Close()
		// unless we were stopped, which the caller checks first
		return nil, noMaster(s, fmt.Errorf("no answer within %v", s.timeout))
	case err != nil:
		nc.Close()
		return nil, noMaster(s, err)
	}
	p.phase, p.reach.Login = "", time.Since(begun)
	c := d.newConn(sc, chans, reqs, heard, p.reach, s)
	if !d.adopt(c) {
		c.Close()
		return nil, noMaster(s, net.ErrClosed)
	}
	return c, nil
}

func noMaster(s settings, err error) error {
	return unreachable(runner.Jump, fmt.Errorf("the OpenSSH master at %s: %w", s.control, err))
}
