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

// jumps are the connections to jump hosts, each shared by every host behind it.
type jumps struct {
	mu     sync.Mutex
	byHops map[string]*jump
}

// jump is the way over some hops. Whoever holds its place may dial; the others wait for the outcome.
type jump struct {
	place slots
	conn  *conn
}

func (j *jumps) get(hops []string) *jump {
	key := strings.Join(hops, ",")
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.byHops == nil {
		j.byHops = map[string]*jump{}
	}
	if j.byHops[key] == nil {
		j.byHops[key] = &jump{place: newSlots(1)}
	}
	return j.byHops[key]
}

// jump returns the open connection to the last of the hops, reached over the ones before it. A connection that has
// ended is made anew. It outlives the host that asked for it first.
func (d *Dialer) jump(ctx context.Context, hops []string) (*conn, error) {
	j := d.jumps.get(hops)
	if err := j.place.take(ctx); err != nil {
		return nil, err
	}
	defer j.place.give()
	if j.conn != nil && !j.conn.ended() {
		return j.conn, nil
	}
	hops, err := d.wholeWay(hops)
	if err != nil {
		return nil, &runner.Failure{Status: runner.Error, Err: err}
	}
	last := hops[len(hops)-1]
	s, err := d.hopSettings(last)
	if err != nil {
		return nil, &runner.Failure{Status: runner.Error, Err: err}
	}
	s.jump = hops[:len(hops)-1]
	c, err := d.connect(ctx, s)
	if f := (*runner.Failure)(nil); errors.As(err, &f) && f.Status == runner.Unreachable {
		return nil, &runner.Failure{Status: runner.Unreachable, Reason: runner.Jump, Err: fmt.Errorf("jump host %s: %w", last, err)}
	}
	if err != nil {
		return nil, err
	}
	if j.conn != nil {
		j.conn.Close()
	}
	j.conn = c
	return c, nil
}

// wholeWay puts the jump hosts of the first hop before it, and theirs before them.
func (d *Dialer) wholeWay(hops []string) ([]string, error) {
	for range maxHops {
		s, err := d.hopSettings(hops[0])
		if err != nil || len(s.jump) == 0 {
			return hops, err
		}
		hops = slices.Concat(s.jump, hops)
	}
	return nil, fmt.Errorf("the way over the jump host %s has more than %d hops, or leads in a circle", hops[len(hops)-1], maxHops)
}

func (d *Dialer) hopSettings(spec string) (settings, error) {
	h, err := d.hop(spec)
	if err != nil {
		return settings{}, err
	}
	return d.settings(h)
}
