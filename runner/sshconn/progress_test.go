package sshconn

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/hosttest"
)

// TestNetReason: errors that cannot be provoked on loopback.
func TestNetReason(t *testing.T) {
	call := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	for _, tt := range []struct {
		phase runner.Phase
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
	giveBack := hosttest.LeaveDescriptors(t, 0)
	time.AfterFunc(50*time.Millisecond, giveBack)
	p := &progress{settings: settings{proxy: "cat", shell: "/bin/sh"}, clock: startClock(time.Minute, func() {})}
	defer p.clock.stop()
	nc, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

// TestProxiesWithFewDescriptors: many ProxyCommands that start at once wait for descriptors, whatever the one lacks that
// starts while others give theirs back.
func TestProxiesWithFewDescriptors(t *testing.T) {
	hosttest.LeaveDescriptors(t, 15)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			p := &progress{settings: settings{proxy: "cat", shell: "/bin/sh"}, clock: startClock(time.Minute, func() {})}
			defer p.clock.stop()
			for range 20 {
				nc, err := p.open(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				nc.Close()
			}
		})
	}
	all.Wait()
}

// TestLaterAttempt: of several attempts to connect, each looks up the name anew, and the last one says why it failed.
func TestLaterAttempt(t *testing.T) {
	lookups := 0
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		if lookups++; lookups > 1 {
			return nil, errors.New("no name server")
		}
		ours, theirs := net.Pipe()
		go answerLoopback(theirs)
		return ours, nil
	}}
	p := &progress{settings: settings{address: "host.test.", port: 1, network: "tcp4", attempts: 2}, clock: startClock(time.Minute, func() {})}
	defer p.clock.stop()
	_, err := p.open(t.Context())
	if _, reason := runner.StatusOf(p.failure(t.Context(), err)); reason != runner.DNS || p.phase != "dns" {
		t.Errorf("%s in phase %s (%v), want dns", reason, p.phase, err)
	}
}

// answerLoopback answers one question for the address of a name, by TCP, with 127.0.0.1 (RFC 1035, section 4).
func answerLoopback(c net.Conn) {
	defer c.Close()
	const header = 12
	query := make([]byte, 512)
	if _, err := io.ReadFull(c, query[:2]); err != nil {
		return
	}
	query = query[:binary.BigEndian.Uint16(query)]
	if _, err := io.ReadFull(c, query); err != nil {
		return
	}
	question := query[header : header+bytes.IndexByte(query[header:], 0)+5]
	answer := append(bytes.Clone(query[:2]), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0)
	answer = append(answer, question...)
	answer = append(answer, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
	c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}

// TestMasterWithoutDescriptors: a master is connected to as soon as there are descriptors again.
func TestMasterWithoutDescriptors(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	giveBack := hosttest.LeaveDescriptors(t, 0)
	time.AfterFunc(50*time.Millisecond, func() {
		giveBack()
		if c, err := l.Accept(); err == nil {
			c.Close()
		}
	})
	_, err = New(Config{}).dialMaster(t.Context(), &progress{settings: settings{control: socket, timeout: time.Minute}})
	if err == nil || errors.Is(err, syscall.EMFILE) {
		t.Errorf("error %v, want that the master hung up", err)
	}
}
