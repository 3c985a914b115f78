package sshconn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hail/runner"
)

// The hosts behind a jump host share a few connections to it. Another one is made when every connection carries crowded
// tunnels: several are faster than one, at whose other end a single process serves that many descriptors.
const (
	crowded    = 24
	maxPerJump = 4
)

// keptJumps is how many connections to jump hosts may be open before those that no host uses any more are closed. Where
// every site has a jump host of its own, keeping them all would take all descriptors.
const keptJumps = 64

// jump holds the connections to the last of some hops.
type jump struct {
	mu      sync.Mutex
	conns   []*jumpConn
	pending *pendingConn // the connection that is being made; nil: none
	enough  bool         // making another connection has failed
}

func newJump(string) *jump { return &jump{} }

// jumpConn is a connection to a jump host, and how many hosts use it.
type jumpConn struct {
	*conn
	users int
}

// pendingConn is a connection that is being made.
type pendingConn struct {
	done chan struct{}
	err  error // valid once done is closed: the error for all who wait
}

// use returns the open connection with the fewest users, with the caller counted as one more. When there is none, or
// when all are crowded and another one may be made, it returns a pendingConn instead: if mine, the caller makes the
// connection and calls finishPending, otherwise it waits.
func (j *jump) use() (c *jumpConn, wait *pendingConn, mine bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	least := j.least()
	switch {
	case least != nil && (least.users < crowded || j.pending != nil || j.enough || len(j.conns) >= maxPerJump):
		least.users++
		return least, nil, false
	case j.pending != nil:
		return nil, j.pending, false
	}
	j.pending = &pendingConn{done: make(chan struct{})}
	return nil, j.pending, true
}

// least closes the connections that have ended, and returns the one with the fewest users; nil when there is none.
func (j *jump) least() (least *jumpConn) {
	j.conns = slices.DeleteFunc(j.conns, func(c *jumpConn) bool {
		if !c.ended() {
			return false
		}
		c.Close() // gives back its place on the connection to the jump host before it
		return true
	})
	for _, c := range j.conns {
		if least == nil || c.users < least.users {
			least = c
		}
	}
	return least
}

// finishPending ends a pendingConn, with a new connection or with an error. It returns the connection for the caller to
// use: after an error, another open one if there is one.
func (j *jump) finishPending(made *conn, err error, stopped bool) (*jumpConn, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.pending
	j.pending = nil
	defer close(p.done)
	if err == nil {
		j.conns = append(j.conns, &jumpConn{made, 0})
	}
	c := j.least()
	if c == nil {
		if err == nil {
			err = unreachable(runner.Jump, errors.New("the jump host ended the connection right after the login"))
		}
		if !stopped { // the others may have more time
			p.err = own(err)
		}
		return nil, err
	}
	j.enough = j.enough || err != nil
	c.users++
	return c, nil
}

func (j *jump) leave(c *jumpConn) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c.users--
}

// closeUnused closes the connections that no host uses.
func (j *jump) closeUnused() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.conns = slices.DeleteFunc(j.conns, func(c *jumpConn) bool {
		if c.users == 0 {
			c.Close()
		}
		return c.users == 0
	})
}

// connectBehindJump reaches the host through its jump hosts. When the connection to the last of them turns out to have been
// lost, it is made again, once.
func (d *Dialer) connectBehindJump(ctx context.Context, p *progress) (*conn, error) {
	for last := false; ; last = true {
		via, leave, err := d.gateway(ctx, p.settings.jump)
		if err != nil {
			return nil, p.failure(ctx, err)
		}
		p.via = via
		c, err := d.connectInTurn(ctx, p, leave)
		if err == nil {
			return c, nil
		}
		again := !last && p.phase == runner.PhaseTCP && via.endsSoon() // asked before leave, which may end it
		leave()
		if !again {
			return nil, err
		}
	}
}

// gateway returns an open connection to the last of the hops. The connection outlives the host that first asked for it.
// The caller calls leave when its host no longer needs it.
func (d *Dialer) gateway(ctx context.Context, hops []string) (via *conn, leave func(), err error) {
	j := d.jumps.get(strings.Join(hops, ","), newJump)
	via, left, err := j.share(ctx, func() (*conn, error) { return d.dialJump(ctx, hops) })
	if err != nil {
		return nil, nil, err
	}
	return via, func() {
		left()
		if d.hopsOpen() > keptJumps {
			j.closeUnused()
		}
	}, nil
}

// share returns an existing connection, or makes one with dial. Hosts that wait for the same connection share its
// failure.
func (j *jump) share(ctx context.Context, dial func() (*conn, error)) (via *conn, leave func(), err error) {
	for {
		c, wait, mine := j.use()
		if mine {
			made, err := dial()
			if c, err = j.finishPending(made, err, ctx.Err() != nil); err != nil {
				return nil, nil, err
			}
		}
		if c != nil {
			return c.conn, sync.OnceFunc(func() { j.leave(c) }), nil
		}
		select {
		case <-wait.done:
			if wait.err != nil {
				return nil, nil, own(wait.err)
			}
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// own returns a copy of a failure that several hosts share, since each adds its own Reach to it.
func own(err error) error {
	if f, ok := errors.AsType[*runner.Failure](err); ok {
		mine := *f
		return &mine
	}
	return err
}

// dialJump makes a connection to the last of the hops, through the others.
func (d *Dialer) dialJump(ctx context.Context, hops []string) (*conn, error) {
	hops, err := d.expandHops(ctx, hops)
	if err != nil {
		return nil, unsettled(ctx, err)
	}
	last := hops[len(hops)-1]
	s, err := d.hopSettings(ctx, last)
	if err != nil {
		return nil, unsettled(ctx, err)
	}
	s.jump, s.hop = hops[:len(hops)-1], true
	c, err := d.connect(ctx, d.newProgress(s))
	if f, ok := errors.AsType[*runner.Failure](err); ok && f.Status == runner.Unreachable {
		return nil, unreachable(runner.Jump, fmt.Errorf("jump host %s: %w", last, err))
	}
	return c, err
}
