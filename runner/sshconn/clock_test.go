package sshconn

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var over atomic.Bool
		c := startClock(10*time.Second, func() { over.Store(true) })
		defer c.stop()
		step := func(d time.Duration, want bool) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if over.Load() != want {
				t.Errorf("after %v more, over is %v", d, !want)
			}
		}
		step(6*time.Second, false)
		c.pause()
		step(time.Hour, false)
		c.resume()
		step(3*time.Second, false)
		c.pause()
		c.resume()
		step(2*time.Second, true)
		c.pause() // on a clock that has run out
	})
}
