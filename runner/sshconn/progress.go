package sshconn

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// progress is how far the connection to a host has got. Why a host was not reached is told by the phase, never by the
// words of an error.
type progress struct {
	settings settings // of the host
	reach    runner.Reach
	via      *conn        // the jump host's connection that it goes through; nil: none
	master   *forwarder   // what else it goes through; may be nil
	proxy    net.Conn     // by a ProxyCommand; nil: there is none
	phase    runner.Phase // under way; empty: none
	given    bool         // the password, to the server: a retry would give it again
	clock    *clock
	spoke    func()                         // called at the host's first bytes; may be nil
	seeKey   func(knownHost, ssh.PublicKey) // called with the host key, then the login is given up; nil: log in
	trace    Trace
}

func (d *Dialer) newProgress(s settings) *progress {
	return &progress{settings: s, reach: runner.Reach{Address: s.hostport(), User: s.user}, trace: d.config.Trace}
}

// limited starts the clock of the connect timeout, which ends the returned context. The caller calls end.
func (p *progress) limited(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	p.clock = startClock(p.settings.timeout, func() { cancel(errConnect) })
	return ctx, func() {
		p.clock.stop()
		cancel(nil)
	}
}

// open makes the connection that SSH runs over: through a jump host or master, by a ProxyCommand, or by TCP.
func (p *progress) open(ctx context.Context) (net.Conn, error) {
	s := &p.settings
	switch {
	case p.via != nil:
		return p.openTunnel(ctx, func() (net.Conn, error) { return p.via.tunnel(ctx, "tcp", s.hostport()) })
	case p.master != nil:
		return p.openTunnel(ctx, func() (net.Conn, error) { return p.master.forward(ctx, s.address, s.port) })
	case s.proxy != "":
		return p.openProxy(ctx)
	}
	return p.openTCP(ctx)
}

func (p *progress) openTunnel(ctx context.Context, tunnel func() (net.Conn, error)) (net.Conn, error) {
	p.phase = runner.PhaseTCP
	begun := time.Now()
	nc, err := p.patiently(ctx, tunnel)
	p.reach.TCP = time.Since(begun)
	if err != nil && ctx.Err() == nil {
		err = unreachable(runner.Jump, p.tunnelError(err))
	}
	return nc, err
}

func (p *progress) openProxy(ctx context.Context) (net.Conn, error) {
	p.phase = runner.PhaseProxy
	nc, err := p.patiently(ctx, func() (net.Conn, error) { return dialProxy(&p.settings) })
	if err != nil {
		return nil, unreachable(runner.Jump, err)
	}
	p.proxy = nc
	return nc, nil
}

func (p *progress) openTCP(ctx context.Context) (net.Conn, error) {
	s := &p.settings
	first := runner.PhaseTCP
	var begun time.Time // when the phase began
	if _, err := netip.ParseAddr(s.address); err != nil {
		first = runner.PhaseDNS
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{DNSDone: func(info httptrace.DNSDoneInfo) {
			p.reach.DNS = time.Since(begun)
			if info.Err == nil {
				p.phase, begun = runner.PhaseTCP, time.Now()
			}
		}})
	}
	dialer := net.Dialer{KeepAlive: -1} // conn asks for signs of life itself
	if s.bindAddress != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: s.bindAddress}
	}
	dial := func() (net.Conn, error) {
		p.phase, begun = first, time.Now()
		return dialer.DialContext(ctx, s.network, s.hostport())
	}
	nc, err := p.patiently(ctx, dial)
	for n := 1; n < s.attempts && err != nil && sleep(ctx, time.Second); n++ { // as ssh does
		nc, err = p.patiently(ctx, dial)
	}
	if p.phase == runner.PhaseTCP {
		p.reach.TCP = time.Since(begun)
	}
	if err == nil {
		p.reach.Address = nc.RemoteAddr().String()
		p.trace.step(s.name, "connected to %s (%v)", p.reach.Address, (p.reach.DNS + p.reach.TCP).Round(tracePrecision))
	}
	return nc, err
}

// patiently tries again while no descriptor is left: another host will give some back, and the wait does not count
// against this one.
func (p *progress) patiently(ctx context.Context, open func() (net.Conn, error)) (net.Conn, error) {
	for {
		nc, err := open()
		if !outOfFiles(err) {
			return nc, err
		}
		p.clock.pause()
		more := sleep(ctx, 100*time.Millisecond)
		p.clock.resume()
		if !more {
			return nil, err
		}
	}
}

// outOfFiles reports whether this process, or this machine, had no descriptor left.
func outOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// sleep waits for d. It returns false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func hostport(address string, port int) string { return net.JoinHostPort(address, strconv.Itoa(port)) }
