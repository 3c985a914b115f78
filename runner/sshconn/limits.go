package sshconn

import (
	"context"
	"sync"
	"time"
)

// limits holds back handshakes: only so many at once in total, because they are work for us, and only so many per
// address, because a stock sshd refuses connections when more than about sixteen have not logged in yet.
type limits struct {
	all        *window
	perAddress int

	mu        sync.Mutex
	addresses map[string]*queue
}

// queue is the line in front of one address. It is removed with the last host in it, unless the address was found to
// take fewer connections than the others.
type queue struct {
	places
	address  string
	users    int
	narrowed time.Time // when its size was last halved
}

// A server that hangs up before the login does so on several connections at once: within this time, that counts once.
const narrowAtMost = 5 * time.Second

// slots are places that are taken by sending and given back by receiving; nil is no limit.
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

// places are slots of which some can be taken away and brought back.
type places struct {
	slots
	mu   sync.Mutex
	size int // how many there are
	owed int // how many of the taken ones are not to be given back
}

func (p *places) give() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.giveLocked()
}

func (p *places) giveLocked() {
	if p.owed > 0 {
		p.owed--
		return
	}
	p.slots.give()
}

// widen adds one place, up to the given number.
func (p *places) widen(most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size < most {
		p.size++
		p.giveLocked()
	}
}

// narrow takes n places away, down to the given number: free ones at once, the rest when they are given back.
func (p *places) narrow(n, least int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for ; n > 0 && p.size > least; n-- {
		p.size--
		select {
		case p.slots <- struct{}{}:
		default:
			p.owed++
		}
	}
}

// window is a number of places that grows while logins are quick: keeping us busy takes more logins at once with a
// distant fleet than with a near one, but ten thousand at once would all be too late.
type window struct {
	places
	least, most int
}

func newWindow(least, most int) *window {
	if least < 1 {
		return &window{}
	}
	all := max(least, most)
	w := &window{places{slots: newSlots(all), size: all}, least, most}
	w.narrow(all, least)
	return w
}

// Signs of life alone widen a window to at most this many times its least: most of the work of a login comes after
// them, and only logins show how many can be completed in time.
const onSigns = 16

// noteAlive adds two places when a host has quickly shown a sign of life: it has accepted the connection, or sent its
// first bytes.
func (w *window) noteAlive(after, limit time.Duration) {
	if after < limit/16 {
		for range 2 {
			w.widen(min(onSigns*w.least, w.most))
		}
	}
}

// noteLogin adds one place after a login that took less than a quarter of its limit, and removes one after a login that
// took more than half of it.
func (w *window) noteLogin(after, limit time.Duration) {
	switch {
	case after < limit/4:
		w.widen(w.most)
	case after > limit/2:
		w.narrow(1, w.least)
	}
}

// newLimits allows this many logins at once in total, up to most while they are quick, and this many per address. Below
// 1, all and perAddress mean no limit.
func newLimits(all, most, perAddress int) *limits {
	return &limits{all: newWindow(all, most), perAddress: perAddress, addresses: map[string]*queue{}}
}

// place is a place at an address and, until stopCounting is called, a place among all.
type place struct {
	*limits
	queue   *queue
	counted sync.Once
}

// enter waits for a place at the address and then for one among all, so that a busy address holds up no other. The
// caller calls leave.
func (l *limits) enter(ctx context.Context, address string) (*place, error) {
	q := l.joinQueue(address)
	if err := q.take(ctx); err != nil {
		l.leaveQueue(q)
		return nil, err
	}
	if err := l.all.take(ctx); err != nil {
		q.give()
		l.leaveQueue(q)
		return nil, err
	}
	return &place{limits: l, queue: q}, nil
}

// stopCounting gives back the place among all, for good: a host that says nothing costs us nothing, and many such hosts
// would hold up the rest.
func (p *place) stopCounting() { p.counted.Do(p.all.give) }

func (p *place) leave() {
	p.stopCounting()
	p.queue.give()
	p.leaveQueue(p.queue)
}

// narrow halves the places at an address whose server has hung up before the login. One is always left.
func (l *limits) narrow(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.addresses[address]
	if q == nil || q.size < 2 || time.Since(q.narrowed) < narrowAtMost {
		return
	}
	q.narrowed = time.Now()
	q.places.narrow(q.size-q.size/2, 1)
}

func (l *limits) joinQueue(address string) *queue {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.addresses[address]
	if q == nil {
		q = &queue{places: places{slots: newSlots(l.perAddress), size: l.perAddress}, address: address}
		l.addresses[address] = q
	}
	q.users++
	return q
}

func (l *limits) leaveQueue(q *queue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q.users--
	if q.users == 0 && q.narrowed.IsZero() {
		delete(l.addresses, q.address)
	}
}
