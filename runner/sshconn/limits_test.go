package sshconn

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all, perAddress = 10, 3
		l := newLimits(all, 0, perAddress)
		var inside, most atomic.Int64
		var at [20]atomic.Int64
		var wg sync.WaitGroup
		for i := range 400 {
			wg.Go(func() {
				address := i % 20
				place, err := l.enter(t.Context(), fmt.Sprint(address))
				if err != nil {
					t.Error(err)
					return
				}
				defer place.leave()
				if n := at[address].Add(1); n > perAddress {
					t.Errorf("%d at once at one address, more than %d", n, perAddress)
				}
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Second)
				inside.Add(-1)
				at[address].Add(-1)
			})
		}
		wg.Wait()
		if most.Load() != all {
			t.Errorf("%d at once, want %d", most.Load(), all)
		}
		if len(l.addresses) != 0 {
			t.Errorf("%d addresses are remembered, want none", len(l.addresses))
		}
	})
}

func TestLimitsGiveUpWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(1, 0, 1)
		place, err := l.enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		cause := errors.New("the cause")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(cause) })
		for _, address := range []string{"a", "b"} { // a waits for its address, b for a place at all
			if _, err := l.enter(ctx, address); !errors.Is(err, cause) {
				t.Errorf("%s: %v", address, err)
			}
		}
		place.leave()
		if place, err := l.enter(t.Context(), "b"); err != nil {
			t.Error(err)
		} else {
			place.leave()
		}
	})
}

// TestLimitsNarrow: an address that hung up gets half as many places, once for several hang-ups at the same time, and
// never none.
func TestLimitsNarrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(0, 0, 8)
		most := func() int {
			var inside, top atomic.Int64
			var wg sync.WaitGroup
			for range 40 {
				wg.Go(func() {
					place, err := l.enter(t.Context(), "a")
					if err != nil {
						t.Error(err)
						return
					}
					if n := inside.Add(1); n > top.Load() {
						top.Store(n)
					}
					time.Sleep(time.Second)
					inside.Add(-1)
					place.leave()
				})
			}
			wg.Wait()
			return int(top.Load())
		}
		for _, want := range []int{4, 2, 1, 1} {
			place, _ := l.enter(t.Context(), "a")
			place.narrow()
			place.narrow()
			place.leave()
			if got := most(); got != want {
				t.Errorf("%d at once, want %d", got, want)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestSilentHostsHoldUpNobody: the place of a host that says nothing goes to another host, once.
func TestSilentHostsHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(2, 0, 1)
		for i := range 10 {
			place, err := l.enter(t.Context(), fmt.Sprint("mute", i))
			if err != nil {
				t.Fatal(err)
			}
			place.stopCounting()
			defer place.leave()
		}
		for _, address := range []string{"a", "b"} {
			place, err := l.enter(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer place.leave()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.enter(ctx, "c"); err == nil {
			t.Error("a third host got one of two places")
		}
	})
}

// TestLimitsWiden: quick logins add places up to the maximum, and slow ones remove places down to the minimum.
func TestLimitsWiden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits(2, 4, 0)
		free := func() int {
			var places []*place
			defer func() {
				for _, p := range places {
					p.leave()
				}
			}()
			for {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				p, err := l.enter(ctx, "a")
				cancel()
				if err != nil {
					return len(places)
				}
				places = append(places, p)
			}
		}
		for _, step := range []struct {
			took time.Duration
			want int
		}{{3 * time.Second, 2}, {6 * time.Second, 2}, {2 * time.Second, 3}, {time.Second, 4}, {time.Second, 4}, {3 * time.Second, 4}, {6 * time.Second, 3}, {9 * time.Second, 2}, {9 * time.Second, 2}, {time.Second, 3}} {
			l.all.noteLogin(step.took, 10*time.Second)
			free() // a place that was removed while it was taken is not given back
			if got := free(); got != step.want {
				t.Errorf("%d places after %v, want %d", got, step.took, step.want)
			}
		}
		l.all.noteAlive(time.Second, 10*time.Second)
		if got := free(); got != 3 {
			t.Errorf("%d places after a late sign of life, want 3", got)
		}
		l.all.noteLogin(9*time.Second, 10*time.Second)
		free()
		l.all.noteAlive(time.Second/2, 10*time.Second)
		if got := free(); got != 4 {
			t.Errorf("%d places after a quick sign of life, want 4", got)
		}
		l = newLimits(1, 100, 0)
		for range 100 {
			l.all.noteAlive(0, 10*time.Second)
		}
		if got := free(); got != 16 {
			t.Errorf("%d places after many signs of life, want 16", got)
		}
		l.all.noteLogin(time.Second, 10*time.Second)
		if got := free(); got != 17 {
			t.Errorf("%d places after one more login, want 17", got)
		}
		l = newLimits(-1, 5, 0)
		l.all.noteLogin(time.Second, 10*time.Second)
		for range 10 {
			if _, err := l.enter(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
	})
}
