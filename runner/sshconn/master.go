package sshconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// A running OpenSSH client with a control socket (ControlMaster) has logged in by whatever means OpenSSH has: Kerberos,
// keys that need a touch, second factors. hail uses its connection.

// A master of the host itself is talked to as if it were the server. It never forgets a channel that the server has
// refused: when we leave, it tries to close that one, too, and dies of it ("no remote_id"), with all who use it. So
// tunnels, which are often refused, are asked for in another way, and mostSessions commands run at once. A server's usual
// MaxSessions is ten, and a session counts until the server has looked after its end, when the next one may be there
// already.
const mostSessions = 4

func newSessions(string) slots { return newSlots(mostSessions) }

// reachesHost reports whether the master with the control socket at path is connected to the host itself: a path with a
// token that differs from host to host leads there, and one without to a jump host.
func reachesHost(path string) bool {
	return tokensOfHost.MatchString(strings.ReplaceAll(path, "%%", ""))
}

var tokensOfHost = regexp.MustCompile(`%[Chnpr]`)

// dialMaster returns a connection that shares the master's.
func (d *Dialer) dialMaster(ctx context.Context, p *progress) (*conn, error) {
	ctx, end := p.limited(ctx)
	defer end()
	p.reach.Address = p.settings.control
	begun := time.Now()
	nc, err := p.callMaster(ctx)
	if err != nil {
		return nil, err
	}
	wire := &monitoredConn{Conn: nc}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	sc, chans, reqs, err := ssh.NewControlClientConn(wire)
	if !stop() || err != nil {
		nc.Close()
		return nil, p.noMaster(ctx, err)
	}
	p.phase, p.reach.Login = "", time.Since(begun)
	c := d.newConn(sc, chans, reqs, wire, p)
	c.sessions = d.sessions.get(p.settings.control, newSessions)
	c.through = p.tunnelThrough
	c.clock.Stop() // the master hangs up on a client that asks for a sign of life; asking is up to its own ServerAliveInterval
	if !d.adopt(c) {
		c.Close()
		return nil, errClosed
	}
	return c, nil
}

// tunnelThrough opens a connection from the host that the master is connected to.
func (p *progress) tunnelThrough(ctx context.Context, addr string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return nil, err
	}
	f, err := (&progress{settings: p.settings, trace: p.trace}).greetMaster(ctx)
	if err != nil {
		return nil, &runner.Failure{Status: runner.Error, Err: err} // it says nothing of addr
	}
	nc, err := f.forward(ctx, host, port)
	if err != nil {
		f.Close()
	}
	if refusal(err) != nil {
		err = &runner.Failure{Status: runner.Error, Err: fmt.Errorf("%s is closed, or the host refuses to forward connections: its OpenSSH master does not tell which", addr)}
	}
	return nc, err
}

// callMaster connects to the socket of the master. Its backlog is short, and may be full for a moment.
func (p *progress) callMaster(ctx context.Context) (net.Conn, error) {
	s := &p.settings
	p.phase = runner.PhaseMaster
	if isForeign(s.control) {
		return nil, p.noMaster(ctx, errors.New("it belongs to somebody else"))
	}
	p.trace.step(s.name, "asking the OpenSSH master at %s", s.control)
	dial := func() (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "unix", s.control) }
	nc, err := p.patiently(ctx, dial)
	for errors.Is(err, syscall.EAGAIN) && sleep(ctx, backlogPause) {
		nc, err = p.patiently(ctx, dial)
	}
	if err == nil {
		return nc, nil
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return nil, p.noMaster(ctx, err)
}

// isForeign reports whether a socket belongs to neither the user nor root: whoever listens there would get all that is sent
// to a host, and no host key would tell.
func isForeign(socket string) bool {
	info, err := os.Stat(socket)
	if err != nil { // connecting says why
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid != 0 && int(st.Uid) != os.Geteuid()
}

const backlogPause = 20 * time.Millisecond

// noMaster returns the failure of a host whose master was not reached because of err, or because its time in ctx was up.
func (p *progress) noMaster(ctx context.Context, err error) error {
	if ctx.Err() != nil { // if we were stopped, the caller says that instead
		err = fmt.Errorf("no answer within %v", p.settings.timeout)
	}
	return unreachable(runner.Jump, fmt.Errorf("the OpenSSH master at %s: %w", p.settings.control, err))
}
