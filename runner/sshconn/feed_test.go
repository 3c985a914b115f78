package sshconn_test

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// TestInputInStretches: while a server is slow to answer, only a part of the input is sent. In the end it has all of
// it.
func TestInputInStretches(t *testing.T) {
	const size = 1900 << 10 // less than a window, so that it could be sent at once
	var got, early atomic.Int64
	session := func(ch ssh.Channel, reqs <-chan *ssh.Request) {
		for r := range reqs {
			switch r.Type {
			case "exec":
				r.Reply(true, nil)
				go func() {
					n, _ := io.Copy(counting{&got}, ch)
					sendStatus(ch, map[bool]uint32{true: 0, false: 1}[n == size])
					ch.Close()
				}()
			default:
				if early.Load() == 0 {
					time.Sleep(100 * time.Millisecond) // enough for a client that does not wait to send everything
					early.Store(got.Load())
				}
				r.Reply(false, nil)
			}
		}
	}
	s := newSite(t, sshtest.Server{Name: "slow1", Faults: sshtest.Faults{Session: session}})
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c := dialled(t, ctx, s.dialer(sshconn.Config{}), s.hosts[0])
	if err := c.Exec(ctx, "true", runner.Stdio{In: bytes.NewReader(make([]byte, size)), Out: io.Discard, Err: io.Discard}); err != nil {
		t.Error(err)
	}
	reacher, _ := runner.As[runner.Reacher](c)
	stretch := 128<<10 + (reacher.Reach().TCP.Milliseconds()+1)*128<<10
	if n := early.Load(); n > stretch+32<<10 || n == 0 && stretch < 1<<20 {
		t.Errorf("%d bytes were sent before an answer, want about %d at most", n, stretch)
	}
}

type counting struct{ n *atomic.Int64 }

func (c counting) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// TestInputUnanswered: a server that answers no request while its command runs still gets the whole input, and the time
// that other answers have is not waited for.
func TestInputUnanswered(t *testing.T) {
	t.Parallel() // mostly waits
	const size = 5 << 20
	session := func(ch ssh.Channel, reqs <-chan *ssh.Request) {
		for r := range reqs {
			if r.Type == "exec" {
				r.Reply(true, nil)
				n, _ := io.Copy(io.Discard, ch)
				sendStatus(ch, map[bool]uint32{true: 0, false: 1}[n == size])
				ch.Close()
			}
		}
	}
	s := newSite(t, sshtest.Server{Name: "mute1", Faults: sshtest.Faults{Session: session}})
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	c := dialled(t, ctx, s.dialer(sshconn.Config{ConnectTimeout: time.Hour}), s.hosts[0])
	if err := c.Exec(ctx, "true", runner.Stdio{In: bytes.NewReader(make([]byte, size)), Out: io.Discard, Err: io.Discard}); err != nil {
		t.Error(err)
	}
}
