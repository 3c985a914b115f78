package sshconn

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
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
	socket := answered(t, func(c net.Conn) {
		c.Read(make([]byte, 5))
		c.Write([]byte{0, 0, 0, 5, 12, 0, 0, 0, 0}) // an answer without keys
	})
	var k keyring
	defer k.close()
	first := k.agent(t.Context(), socket)
	if first.err != nil {
		t.Fatal(first.err)
	}
	first.conn.Read(make([]byte, 1)) // until the agent hangs up
	if second := k.agent(t.Context(), socket); second == first || second.err != nil {
		t.Fatalf("no new connection to the agent was opened: %v", second.err)
	}
	if err := first.conn.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection that the agent ended was not closed: %v", err)
	}
}

// TestClosedKeyring: a keyring that is closed while signatures are made leaves none under way, and no connection to the
// agent open.
func TestClosedKeyring(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	var open atomic.Int32
	socket := answered(t, func(c net.Conn) {
		open.Add(1)
		agent.ServeAgent(ring, c)
		open.Add(-1)
	})
	for range 20 {
		var k keyring
		a := k.agent(t.Context(), socket)
		signers, err := a.usable()
		if err != nil {
			t.Fatal(err)
		}
		clock := startClock(time.Minute, func() {})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s := &patientSigner{Signer: signers[0], keys: &k, agent: a, ctx: t.Context(), clock: clock, failed: func(error) {}}
				for err := error(nil); err == nil; {
					_, err = s.Sign(rand.Reader, nil)
				}
			})
		}
		k.close()
		wg.Wait()
		clock.stop()
	}
	for tries := 0; open.Load() > 0; tries++ {
		if tries == 100 {
			t.Fatalf("%d connections to the agent are still open", open.Load())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// answered calls answer with every connection to a socket, and then closes it.
func answered(t *testing.T, answer func(net.Conn)) (socket string) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "agent"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				answer(c)
			}()
		}
	}()
	return l.Addr().String()
}
