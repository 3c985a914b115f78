package sshconn

import (
	"context"
	"sync"
)

// limits hold back handshakes: so many at once altogether, and so many with one address, because a stock sshd refuses
// connections when more than about sixteen are not logged in.
type limits struct {
	all        slots
	perAddress int

	mu        *sync.Mutex
	addresses map[string]*queue
}

// queue is the line in front of one address; it goes away with the last one in it.
type queue struct {
	slots
	users int
}

// slots are places that are taken by sending and given back by receiving; nil has no end of them.
type slots chan struct{}

func newSlots(n int) slots {
	if n < 1 {
		return nil
	}
	return make(slots, n)
}

func (s slots) take(ctx context.Context) error {
	if s == nil || ctx.Err() != nil { // a select would pick at random
		return context.Cause(ctx)
	}
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s slots) give() {
	if s != nil {
		<-s
	}
}

func newLimits(all, perAddress int) limits {
	return limits{all: newSlots(all), perAddress: perAddress, mu: new(sync.Mutex), addresses: map[string]*queue{}}
}

// enter waits for a place at the address and then for one of all, so that a busy address holds up nobody else. The
// caller calls leave.
func (l limits) enter(ctx context.Context, address string) (leave func(), err error) {
	q := l.join(address)
	if err := q.take(ctx); err != nil {
		l.part(address, q)
		return nil, err
	}
	if err := l.all.take(ctx); err != nil {
		q.give()
		l.part(address, q)
		return nil, err
	}
	return func() {
		l.all.give()
		q.give()
		l.part(address, q)
	}, nil
}

func (l limits) join(address string) *queue {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.addresses[address]
	if q == nil {
		q = &queue{slots: newSlots(l.perAddress)}
		l.addresses[address] = q
	}
	q.users++
	return q
}

func (l limits) part(address string, q *queue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(l.addresses, address)
	}
}
