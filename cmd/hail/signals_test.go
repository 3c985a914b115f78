package main

import (
	"os"
	"syscall"
	"testing"
)

// TestThirdSignal: the third signal ends the program at once, with the exit code of the first.
func TestThirdSignal(t *testing.T) {
	for first, want := range map[os.Signal]int{os.Interrupt: exitInterrupt, syscall.SIGTERM: exitTerminate, syscall.SIGHUP: exitTerminate} {
		signals, codes := make(chan os.Signal), make(chan int, 1)
		e := environment{signals: func() (<-chan os.Signal, func()) { return signals, func() {} }, exit: func(code int) { codes <- code }}
		done := e.handleSignals(func(string) {}, func() {}, func() {})
		for range 3 {
			signals <- first
		}
		if got := <-codes; got != want {
			t.Errorf("after %v: exit code %d, want %d", first, got, want)
		}
		if got := done(); got != first {
			t.Errorf("the first signal is %v, want %v", got, first)
		}
	}
}
