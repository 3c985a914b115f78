package sshconn

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestTheTurnEndsWithTheFirst: when a host has accepted the password, those who wait for their turn all get it at once.
func TestTheTurnEndsWithTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPassword("right", 3)
		begun := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				clock := startClock(time.Minute, func() { t.Error("the time ran out") })
				defer clock.stop()
				u := &passwordUse{Password: p, ctx: t.Context(), clock: clock, verified: true}
				if _, err := u.take(); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second) // the login
				u.done(true)
			})
		}
		wg.Wait()
		if took := time.Since(begun); took != 2*time.Second {
			t.Errorf("20 logins of a second took %v, want 2s: one second for the first, and one for the others", took)
		}
	})
}
