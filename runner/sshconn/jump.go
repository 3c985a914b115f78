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

// maxHops is how many jump hosts may stand between us and a host.
const maxHops = 8

// The hosts behind a jump host share a few connections to it. Another one is made when each of those that there are carries
// crowded tunnels: several go faster than one, whose other end is one process with so many descriptors.
const (
	crowded    = 24
	maxPerJump = 4
)

// jumps are the connections to jump hosts.
type jumps struct {
	mu    sync.Mutex
	byWay map[string]*jump
}

// jump is the way over some hops.
type jump struct {
	mu      sync.Mutex
	conns   []*jumpConn
	growing *growth // nil while nobody makes a connection
	enough  bool    // another connection was refused
}

// jumpConn is a connection to a jump host, and how many hosts use it.
type jumpConn struct {
	*conn
	users int
}

// growth is a connection that somebody makes.
type growth struct {
	done chan struct{}
	err  error // of all who wait for it, once done
}

func (j *jumps) get(key string) *jump {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.byWay == nil {
		j.byWay = map[string]*jump{}
	}
	if j.byWay[key] == nil {
		j.byWay[key] = &jump{}
	}
	return j.byWay[key]
}

// use returns the open connection with the fewest users, as one more of them. Where there is none, or all are crowded, it
// returns the growth that the caller has to wait for, or, with mine, to bring about.
func (j *jump) use() (c *jumpConn, wait *growth, mine bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	least := j.least()
	switch {
	case least != nil && (least.users < crowded || j.growing != nil || j.enough || len(j.conns) >= maxPerJump):
		least.users++
		return least, nil, false
	case j.growing != nil:
		return nil, j.growing, false
	}
	j.growing = &growth{done: make(chan struct{})}
	return nil, j.growing, true
}

// least forgets the connections that have ended, and returns the one with the fewest users; nil when there is none.
func (j *jump) least() (least *jumpConn) {
	j.conns = slices.DeleteFunc(j.conns, func(c *jumpConn) bool { return c.ended() })
	for _, c := range j.conns {
		if least == nil || c.users < least.users {
			least = c
		}
	}
	return least
}

// grown ends a growth: with a new connection, or with an error, for which another connection may stand in. It returns the
// connection that the caller uses.
func (j *jump) grown(made *conn, err error, stopped bool) (*jumpConn, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.growing
	j.growing = nil
	defer close(g.done)
	if err == nil {
		j.conns = append(j.conns, &jumpConn{made, 0})
	}
	c := j.least()
	if c == nil {
		if !stopped { // the others may have more time
			g.err = own(err)
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

// gateway returns an open connection to what stands before the host, a jump host or a master. It outlives the host that asked
// for it first. The caller calls leave when its host needs it no more.
func (d *Dialer) gateway(ctx context.Context, s settings) (via *conn, leave func(), err error) {
	if s.control != "" {
		return d.jumps.get("control "+s.control).share(ctx, func() (*conn, error) {
			w := &way{reach: runner.Reach{User: s.user}, limit: s.timeout}
			return d.dialMaster(ctx, s, w)
		})
	}
	return d.jumps.get(strings.Join(s.jump, ",")).share(ctx, func() (*conn, error) { return d.dialJump(ctx, s.jump) })
}

// share returns a connection that there is, or makes one. Hosts that wait for it share its failure.
func (j *jump) share(ctx context.Context, dial func() (*conn, error)) (via *conn, leave func(), err error) {
	for {
		c, wait, mine := j.use()
		if mine {
			made, err := dial()
			if c, err = j.grown(made, err, ctx.Err() != nil); err != nil {
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

// own returns a copy of a failure that several hosts share: each puts its own way into it.
func own(err error) error {
	if f := (*runner.Failure)(nil); errors.As(err, &f) {
		mine := *f
		return &mine
	}
	return err
}

// dialJump makes a connection to the last of the hops.
func (d *Dialer) dialJump(ctx context.Context, hops []string) (*conn, error) {
	hops, err := d.wholeWay(ctx, hops)
	if err != nil {
		return nil, unsettled(ctx, err)
	}
	last := hops[len(hops)-1]
	s, err := d.hopSettings(ctx, last)
	if err != nil {
		return nil, unsettled(ctx, err)
	}
	s.jump = hops[:len(hops)-1]
	c, err := d.connect(ctx, s)
	if f := (*runner.Failure)(nil); errors.As(err, &f) && f.Status == runner.Unreachable {
		return nil, &runner.Failure{Status: runner.Unreachable, Reason: runner.Jump, Err: fmt.Errorf("jump host %s: %w", last, err)}
	}
	return c, err
}

// wholeWay puts the jump hosts of the first hop before it, and theirs before them.
func (d *Dialer) wholeWay(ctx context.Context, hops []string) ([]string, error) {
	for range maxHops {
		s, err := d.hopSettings(ctx, hops[0])
		if err != nil || len(s.jump) == 0 {
			return hops, err
		}
		hops = slices.Concat(s.jump, hops)
	}
	return nil, fmt.Errorf("the way over the jump host %s has more than %d hops, or leads in a circle", hops[len(hops)-1], maxHops)
}

func (d *Dialer) hopSettings(ctx context.Context, spec string) (settings, error) {
	h, err := d.hop(spec)
	if err != nil {
		return settings{}, err
	}
	return d.settings(ctx, h)
}
