package sshconn

import (
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
)

// TestSlowAgent: an agent that signs one request after the other, for 40 s in all, is waited for. One that has stopped
// answering is not.
func TestSlowAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		defer theirs.Close()
		a := &agentKeys{conn: &agentConn{Conn: ours}}
		turn := newSlots(1)
		sign := func(ssh.Signer) (*ssh.Signature, error) {
			turn.take(t.Context())
			defer turn.give()
			_, err := a.conn.Read(make([]byte, 1))
			return &ssh.Signature{}, err
		}
		var keys keyring
		ask := func() error {
			clock := startClock(time.Second, func() { t.Error("the login timed out while it waited for the agent") })
			defer clock.stop()
			_, err := (&patientSigner{keys: &keys, agent: a, ctx: t.Context(), clock: clock}).wait(nil, sign)
			return err
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := ask(); err != nil {
					t.Error(err)
				}
			})
		}
		for range 10 {
			time.Sleep(4 * time.Second)
			theirs.Write([]byte{0})
		}
		wg.Wait()
		if err := ask(); !errors.Is(err, errMute) {
			t.Errorf("a mute agent: error %v, want %v", err, errMute)
		}
		ours.Close()
		keys.wg.Wait()
	})
}

// TestAnAgentAfterTheOther: when a connection to the agent has ended, a new one is opened, and the old one is closed.
func TestAnAgentAfterTheOther(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 5))
			c.Write([]byte{0, 0, 0, 5, 12, 0, 0, 0, 0}) // an answer without keys
			c.Close()
		}
	}()
	var k keyring
	defer k.close()
	first := k.agent(t.Context(), l.Addr().String())
	if first.err != nil {
		t.Fatal(first.err)
	}
	first.conn.Read(make([]byte, 1)) // until the agent hangs up
	if second := k.agent(t.Context(), l.Addr().String()); second == first || second.err != nil {
		t.Fatalf("no new connection to the agent was opened: %v", second.err)
	}
	if err := first.conn.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection that the agent ended was not closed: %v", err)
	}
}
