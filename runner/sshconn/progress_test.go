package sshconn

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/connsuite"
)

// TestNetReason: errors that cannot be provoked on loopback.
func TestNetReason(t *testing.T) {
	call := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, tt := range []struct {
		phase string
		err   error
		want  runner.Reason
	}{
		{"tcp", call(syscall.ECONNREFUSED), runner.Refused},
		{"tcp", call(syscall.EHOSTUNREACH), runner.NoRoute},
		{"tcp", call(syscall.ENETUNREACH), runner.NoRoute},
		{"tcp", call(syscall.ETIMEDOUT), runner.ConnectTimeout},
		{"tcp", call(syscall.ECONNRESET), runner.Closed},
		{"dns", &net.DNSError{Err: "no such host", IsNotFound: true}, runner.DNS},
	} {
		p := &progress{phase: tt.phase}
		err := p.failure(t.Context(), tt.err)
		var f *runner.Failure
		if !errors.As(err, &f) || f.Status != runner.Unreachable || f.Reason != tt.want || f.Reach.Phase != tt.phase {
			t.Errorf("%v: %+v, want %s in phase %s", tt.err, f, tt.want, tt.phase)
		}
	}
}

// TestOurOwnFault: an error on our side stays one even if the connect timeout has run out over it.
func TestOurOwnFault(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errConnect)
	err := (&progress{phase: "handshake"}).failure(ctx, &runner.Failure{Status: runner.Error, Err: errors.New("known_hosts is locked")})
	if status, _ := runner.StatusOf(err); status != runner.Error {
		t.Errorf("%s (%v), want the status error", status, err)
	}
}

// TestProxyWithoutDescriptors: a ProxyCommand is started as soon as there are descriptors again.
func TestProxyWithoutDescriptors(t *testing.T) {
	giveBack := connsuite.WithoutDescriptors(t)
	time.AfterFunc(50*time.Millisecond, giveBack)
	p := &progress{clock: startClock(time.Minute, func() {})}
	defer p.clock.stop()
	nc, err := p.open(t.Context(), settings{proxy: "cat", shell: "/bin/sh"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}
