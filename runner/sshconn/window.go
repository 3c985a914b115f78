package sshconn

import (
	"sync"
	"time"
)

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
