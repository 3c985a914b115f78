package sshconn

import (
	"context"
	"sync"
	"time"
)

// limits hold back handshakes: so many at once altogether, because they are work for us, and so many with one address, because
// a stock sshd refuses connections when more than about sixteen are not logged in.
type limits struct {
	all        *window
	perAddress int

	mu        sync.Mutex
	addresses map[string]*queue
}

// queue is the line in front of one address; it goes away with the last one in it, unless the address was found to take less
// than the others.
type queue struct {
	slots
	users    int
	size     int       // places that there are
	owed     int       // of those taken, how many are not given back
	narrowed time.Time // when their number was last halved
}

// Servers that hang up before the login do so to several at once: that counts as one time.
const narrowAtMost = 5 * time.Second

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

// window is places of which there are more while logins are quick: a far fleet needs more of them at once than a near one to keep us
// busy, and ten thousand at once would all come too late.
type window struct {
	slots
	mu          sync.Mutex
	least, most int
	open        int
	owed        int // of those taken, how many are not given back
}

func newWindow(least, most int) *window {
	if least < 1 {
		return &window{}
	}
	w := &window{slots: newSlots(max(least, most)), least: least, most: most, open: least}
	for range cap(w.slots) - least {
		w.slots <- struct{}{}
	}
	return w
}

// Signs of life alone widen a window to so many times its least: most of the work of a login comes after them, and how many of
// those can be done in time, only logins tell.
const onSigns = 16

// alive makes room for two more when a host has shown a sign of life (it has taken the connection, or said its first word), and
// quickly.
func (w *window) alive(after, limit time.Duration) {
	if after < limit/16 {
		w.widen(onSigns * w.least)
		w.widen(onSigns * w.least)
	}
}

// loggedIn makes room for one more after a login that took less than a quarter of its limit, and for one less after one that took
// more than half of it.
func (w *window) loggedIn(after, limit time.Duration) {
	switch {
	case after < limit/4:
		w.widen(w.most)
	case after > limit/2:
		w.narrow()
	}
}

// widen makes one more place, unless there are so many already, or the most of the window.
func (w *window) widen(until int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open < min(until, w.most) {
		w.open++
		w.giveLocked()
	}
}

// narrow makes one place less, down to the least of the window.
func (w *window) narrow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open > w.least {
		w.open--
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

// newLimits lets so many log in at once, up to most while that is quick; below 1, all has no limit, and neither has an address.
func newLimits(all, most, perAddress int) *limits {
	return &limits{all: newWindow(all, most), perAddress: perAddress, addresses: map[string]*queue{}}
}

// place is a place at an address and, until it was quiet, one of all.
type place struct {
	*limits
	address string
	queue   *queue
	counted sync.Once
}

// enter waits for a place at the address and then for one of all, so that a busy address holds up nobody else. The
// caller calls leave.
func (l *limits) enter(ctx context.Context, address string) (*place, error) {
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
	return &place{limits: l, address: address, queue: q}, nil
}

// quiet gives back the place among all, for good: who says nothing costs us nothing, and many of them would hold up the rest.
func (p *place) quiet() { p.counted.Do(p.all.give) }

func (p *place) leave() {
	p.quiet()
	if !p.pays(p.queue) {
		p.queue.give()
	}
	p.part(p.address, p.queue)
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
	for ; q.owed > 0; q.owed-- { // free ones at once, the rest when they are left
		select {
		case q.slots <- struct{}{}:
		default:
			return
		}
	}
}

// pays says whether a place is kept, because there are to be fewer of them.
func (l *limits) pays(q *queue) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.owed == 0 {
		return false
	}
	q.owed--
	return true
}

func (l *limits) join(address string) *queue {
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

func (l *limits) part(address string, q *queue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q.users--; q.users == 0 && q.narrowed.IsZero() {
		delete(l.addresses, address)
	}
}
