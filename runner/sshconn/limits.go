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

// isShared reports whether others wait at the address, or have a place there.
func (p *place) isShared() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.users > 1
}

func (p *place) leave() {
	p.stopCounting()
	p.queue.give()
	p.leaveQueue(p.queue)
}

// A server that hangs up before the login does so on several connections at once: within this time, that counts once.
const narrowAtMost = 5 * time.Second

// narrow halves the places at an address whose server has hung up before the login. One is always left.
func (p *place) narrow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queue
	if q.size < 2 || time.Since(q.narrowed) < narrowAtMost {
		return
	}
	q.narrowed = time.Now()
	q.places.narrow(q.size-q.size/2, 1)
}

// queue is the line in front of one address. It is removed with the last host in it, unless the address was found to
// take fewer connections than the others.
type queue struct {
	places
	address  string
	users    int
	narrowed time.Time // when its size was last halved
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
