package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"hail/runner"
)

// dialer makes the connections of a look from outside: from this machine, or from the host's end.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// connectsAtOnce is how many connections are made at once for one host.
const connectsAtOnce = 8

// observe makes the checks that look from outside, and returns what they see, in their order; nil for a look that ctx
// has ended.
func observe(ctx context.Context, t *runner.Target, checks []*Check) []*seen {
	all := make([]*seen, len(checks))
	turns := make(chan struct{}, connectsAtOnce)
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			all[i] = c.observe(ctx, t)
		})
	}
	wg.Wait()
	return all
}

func (c *Check) observe(ctx context.Context, t *runner.Target) (s *seen) {
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			s = cannot("panic: %v", p)
		} else if ctx.Err() != nil {
			s = nil
			return
		}
		s.took = runner.Duration(time.Since(began).Round(time.Millisecond))
	}()
	limited, cancel := context.WithTimeout(ctx, c.Timeout.Value())
	defer cancel()
	dial := dialer((&net.Dialer{}).DialContext)
	if c.From == "target" {
		tunneler, ok := runner.As[runner.Tunneler](t.Conn)
		if !ok {
			return cannot("the connection to the host can't carry tunnels")
		}
		dial = func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
			defer runner.Caught(&err) // an HTTP client dials in a goroutine of its own
			return tunneler.Tunnel(ctx, network, addr)
		}
	}
	return kinds[c.Type].outside(limited, dial, c)
}

// reach connects to addr. If it can't, the connection is nil and seen is the answer to the check.
func (dial dialer) reach(ctx context.Context, addr string) (net.Conn, *seen) {
	conn, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, unreached(err)
	}
	if d, ok := ctx.Deadline(); ok {
		conn.SetDeadline(d)
	}
	return conn, nil
}

// unreached returns what is seen of something that can't be connected to.
func unreached(err error) *seen {
	f, ok := errors.AsType[*runner.Failure](err)
	switch {
	case ok && f.Reason == runner.ChannelRefused:
		return cannot("the host refuses to forward connections: %v", f.Err)
	case ok && f.Status == runner.Error:
		return cannot("%v", f.Err)
	}
	return &seen{values: map[string]any{"reachable": false}, because: plainError(err)}
}

// plainError describes a network error without the addresses, which the check has.
func plainError(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if late, ok := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) || ok && late.Timeout() {
		return "no answer in time"
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok { // it names the server of resolv.conf, also where another one was asked
		return strings.TrimSpace(e.Err[strings.LastIndex(e.Err, ":")+1:])
	}
	return strings.TrimPrefix(fmt.Sprint(err), "connect: ")
}
