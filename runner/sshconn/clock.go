package sshconn

import (
	"sync"
	"time"
)

// clock is a time limit that can be paused.
type clock struct {
	mu    sync.Mutex
	timer *time.Timer
	left  time.Duration
	since time.Time // when it was last started
}

func startClock(limit time.Duration, over func()) *clock {
	return &clock{timer: time.AfterFunc(limit, over), left: limit, since: time.Now()}
}

func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer.Stop() {
		c.left -= time.Since(c.since)
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
	c.timer.Reset(max(c.left, 0))
}

func (c *clock) stop() { c.timer.Stop() }
