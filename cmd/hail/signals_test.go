package main

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestSignals: the first signal stops the run, the second cuts the connections, and the third ends the program at once, with
// the exit code of the first, also while cutting hangs. One that follows another at once does not count.
func TestSignals(t *testing.T) {
	for first, want := range map[os.Signal]int{os.Interrupt: exitInterrupt, syscall.SIGTERM: exitTerminate, syscall.SIGHUP: exitTerminate} {
		synctest.Test(t, func(t *testing.T) {
			signals, did, hang := make(chan os.Signal), []int{}, make(chan struct{})
			note := func(code int) func() { return func() { did = append(did, code) } }
			e := environment{signals: func() (<-chan os.Signal, func()) { return signals, func() {} }, exit: func(code int) { note(code)() }}
			done := e.handleSignals(func(string) {}, note(-1), func() { note(-2)(); <-hang })
			for _, wants := range [][]int{{-1}, {-1, -2}, {-1, -2, want}} {
				signals <- first
				signals <- first
				synctest.Wait()
				if !slices.Equal(did, wants) {
					t.Errorf("after %v twice at once: did %d, want %d", first, did, wants)
				}
				time.Sleep(time.Second)
			}
			close(hang)
			if got := done(); got != first {
				t.Errorf("the first signal is %v, want %v", got, first)
			}
		})
	}
}
