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
	slots
	users    int
	size     int       // places at the address
	owed     int       // how many of the taken places are not to be given back
	narrowed time.Time // when size was last halved
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

// window is a number of places that grows while logins are quick: keeping us busy takes more logins at once with a
// distant fleet than with a near one, but ten thousand at once would all be too late.
type window struct {
	slots
	mu          sync.Mutex
	least, most int
	size        int
	owed        int // how many of the taken places are not to be given back
}

func newWindow(least, most int) *window {
	if least < 1 {
		return &window{}
	}
	w := &window{slots: newSlots(max(least, most)), least: least, most: most, size: least}
	for range cap(w.slots) - least {
		w.slots <- struct{}{}
	}
	return w
}

// Signs of life alone widen a window to at most this many times its least: most of the work of a login comes after
// them, and only logins show how many can be completed in time.
const onSigns = 16

// noteAlive adds two places when a host has quickly shown a sign of life: it has accepted the connection, or sent its
// first bytes.
func (w *window) noteAlive(after, limit time.Duration) {
	if after < limit/16 {
		w.widen(onSigns * w.least)
		w.widen(onSigns * w.least)
	}
}

// noteLogin adds one place after a login that took less than a quarter of its limit, and removes one after a login that
// took more than half of it.
func (w *window) noteLogin(after, limit time.Duration) {
	switch {
	case after < limit/4:
		w.widen(w.most)
	case after > limit/2:
		w.narrow()
	}
}

// widen adds one place, up to the given number and to the window's most.
func (w *window) widen(until int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.size < min(until, w.most) {
		w.size++
		w.giveLocked()
	}
}

// narrow removes one place, down to the window's least.
func (w *window) narrow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.size > w.least {
		w.size--
		w.owed++
	}
}

func (w *window) give() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.giveLocked()
}

func (w *window) giveLocked() {
	if w.owed > 0 {
		w.owed--
		return
	}
	w.slots.give()
}

// newLimits allows this many logins at once in total, up to most while they are quick, and this many per address. Below
// 1, all and perAddress mean no limit.
func newLimits(all, most, perAddress int) *limits {
	return &limits{all: newWindow(all, most), perAddress: perAddress, addresses: map[string]*queue{}}
}

// place is a place at an address and, until stopCounting is called, a place among all.
type place struct {
	*limits
	address string
	queue   *queue
	counted sync.Once
}

// enter waits for a place at the address and then for one among all, so that a busy address holds up no other. The
// caller calls leave.
func (l *limits) enter(ctx context.Context, address string) (*place, error) {
	q := l.joinQueue(address)
	if err := q.take(ctx); err != nil {
		l.leaveQueue(address, q)
		return nil, err
	}
	if err := l.all.take(ctx); err != nil {
		q.give()
		l.leaveQueue(address, q)
		return nil, err
	}
	return &place{limits: l, address: address, queue: q}, nil
}

// stopCounting gives back the place among all, for good: a host that says nothing costs us nothing, and many such hosts
// would hold up the rest.
func (p *place) stopCounting() { p.counted.Do(p.all.give) }

func (p *place) leave() {
	p.stopCounting()
	if !p.pays(p.queue) {
		p.queue.give()
	}
	p.leaveQueue(p.address, p.queue)
}

// narrow halves the places at an address whose server has hung up before the login. One is always left.
func (l *limits) narrow(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.addresses[address]
	if q == nil || q.size < 2 || time.Since(q.narrowed) < narrowAtMost {
		return
	}
	q.owed += q.size - q.size/2
	q.size, q.narrowed = q.size/2, time.Now()
	for ; q.owed > 0; q.owed-- { // free ones at once, the rest when they are given back
		select {
		case q.slots <- struct{}{}:
		default:
			return
		}
	}
}

// pays reports whether a place is not to be given back, because there are to be fewer.
func (l *limits) pays(q *queue) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.owed == 0 {
		return false
	}
	q.owed--
	return true
}

func (l *limits) joinQueue(address string) *queue {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.addresses[address]
	if q == nil {
		q = &queue{slots: newSlots(l.perAddress), size: l.perAddress}
		l.addresses[address] = q
	}
	q.users++
	return q
}

func (l *limits) leaveQueue(address string, q *queue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.users--; q.users == 0 && q.narrowed.IsZero() {
		delete(l.addresses, address)
	}
}
