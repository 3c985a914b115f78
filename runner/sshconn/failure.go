package sshconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"hail/runner"
)

func unreachable(reason runner.Reason, err error) *runner.Failure {
	return &runner.Failure{Status: runner.Unreachable, Reason: reason, Err: err}
}

// failure turns err into the failure of the host, with how far the connection got. When ctx has ended for another
// reason than errConnect, it returns an error that wraps that cause instead.
func (p *progress) failure(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errConnect) {
		return fmt.Errorf("stopped while connecting: %w", cause)
	}
	f, known := errors.AsType[*runner.Failure](err)
	switch {
	case known && f.Status == runner.Error: // a fault on our side is not the host's, however long it took
	case ctx.Err() != nil && p.given:
		f = unreachable(runner.Auth, fmt.Errorf("the login did not end within %v, and the password is not sent again (--connect-timeout allows more)", p.settings.timeout))
	case ctx.Err() != nil:
		f = unreachable(runner.ConnectTimeout, fmt.Errorf("not reached within %v: %s", p.settings.timeout, p.waitingFor()))
	case !known:
		f = unreachable(p.netReason(err), p.words(err))
	}
	if f.Reason == runner.ConnectTimeout || f.Reason == runner.Closed {
		f.Err = withWords(f.Err, p.proxy)
	}
	reach := p.reach
	reach.Phase = p.phase
	f.Reach = &reach
	return f
}

// unsettled returns the failure of a host whose settings could not be determined because of err.
func unsettled(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("stopped while connecting: %w", context.Cause(ctx))
	case errors.Is(err, errConnect):
		return unreachable(runner.ConnectTimeout, err)
	}
	return &runner.Failure{Status: runner.Error, Err: err}
}

func (p *progress) waitingFor() string {
	switch p.phase {
	case runner.PhaseDNS:
		return "its name was not resolved"
	case runner.PhaseTCP:
		return "no answer to the TCP connection"
	case runner.PhaseProxy:
		return "the proxy command made no connection"
	case runner.PhaseHandshake:
		if p.reach.Server == "" {
			return "connected, but no SSH server answered"
		}
		return "the SSH handshake did not end"
	}
	return "the login did not end"
}

func (p *progress) netReason(err error) runner.Reason {
	_, unsuitable := errors.AsType[*net.AddrError](err)
	switch {
	case p.phase == runner.PhaseDNS:
		return runner.DNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return runner.Refused
	case errors.Is(err, syscall.ETIMEDOUT):
		return runner.ConnectTimeout
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EADDRNOTAVAIL), unsuitable:
		return runner.NoRoute
	}
	return runner.Closed
}

// words returns a network error without the address and the system call that Go puts in front.
func (p *progress) words(err error) error {
	dns, ofDNS := errors.AsType[*net.DNSError](err)
	op, ofSocket := errors.AsType[*net.OpError](err)
	switch {
	case ofDNS && dns.IsNotFound:
		return fmt.Errorf("no such host name: %s", dns.Name)
	case ofDNS:
		return fmt.Errorf("its name could not be resolved: %s", dns.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("connection refused by %s", p.reach.Address)
	case ofSocket:
		return fmt.Errorf("%s: %w", p.reach.Address, op.Err)
	}
	return err
}

// failure returns the failure of a handshake that ended with err.
func (h *handshake) failure(err error) error {
	if f, ok := errors.AsType[*runner.Failure](err); ok { // from the host key callback
		return f
	}
	greeting, ended := h.wire.heard()
	proxy, overProxy := h.wire.Conn.(*proxyConn)
	inLogin := h.progress.phase == runner.PhaseLogin
	via := h.progress.via
	switch {
	case ended && via != nil && !h.offered.password && via.endsSoon():
		return unreachable(runner.Jump, via.whyEnded("the login did"))
	case overProxy && greeting == "" && ended:
		words := proxy.words()
		if words == "" {
			return unreachable(runner.Jump, errors.New("the proxy command ended without a word"))
		}
		return unreachable(runner.Jump, fmt.Errorf("the proxy command ended: %q", words))
	case errors.Is(err, errBanner):
		return unreachable(runner.Handshake, errBanner)
	case inLogin && ended && !h.offered.password: // with a password, a retry would try it again
		return unreachable(runner.Closed, errors.New("the server hung up during the login"))
	case inLogin:
		return unreachable(runner.Auth, fmt.Errorf("login refused for user %s: %s", h.progress.settings.user, h.offered))
	case greeting == "" && ended:
		return unreachable(runner.Closed, errors.New("the server hung up without a word"))
	case strings.HasPrefix(greeting, "HTTP/"):
		return unreachable(runner.Handshake, fmt.Errorf("not an SSH server: it said %q", firstLine(greeting)))
	case !strings.HasPrefix(greeting, "SSH-") && ended:
		return unreachable(runner.Closed, fmt.Errorf("the server hung up, saying %q", firstLine(greeting)))
	case strings.HasPrefix(greeting, "SSH-1") && !strings.HasPrefix(greeting, "SSH-1.99"):
		return unreachable(runner.Handshake, fmt.Errorf("the server speaks %q, which is too old", firstLine(greeting)))
	case ended:
		return unreachable(runner.Closed, errors.New("the server hung up during the handshake"))
	}
	return unreachable(runner.Handshake, fmt.Errorf("handshake: %s", strings.TrimPrefix(err.Error(), "ssh: handshake failed: ")))
}

// tunnelError says why the jump host or master opened no connection.
func (p *progress) tunnelError(err error) error {
	s := &p.settings
	gateway := "the OpenSSH master at " + s.control
	if s.control == "" {
		gateway = "jump host " + s.jump[len(s.jump)-1]
	}
	if refused := refusal(err); refused != nil {
		return fmt.Errorf("%s could not connect to %s: %s", gateway, s.hostport(), refused.Message)
	}
	return fmt.Errorf("%s: the connection to it ended", gateway)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimRight(line, "\r")
}
