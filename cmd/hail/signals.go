package main

import (
	"bufio"
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Signals, and Enter, which asks how a run goes as SIGQUIT does.

// untilSignal runs do with a context that a signal cancels. After a signal it returns the exit code for it as an error, and
// leaves behind a do that does not heed its context, such as a read from a terminal or a pipe.
func (e environment) untilSignal(do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals, stop := e.signals()
	defer stop()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case err := <-done:
		return err
	case by := <-signals:
		cancel()
		select {
		case <-done:
		case <-signals:
		case <-time.After(time.Second):
		}
		return &exitError{codeOfSignal(by)}
	}
}

// handleSignals acts on signals until done is called: the first signal stops the run gently, the second cuts the connections,
// the third exits. One that follows at once is an echo: timeout(1) tells first hail and then its whole process group, and
// what hail runs under may pass on a Ctrl-C that the terminal has sent to both. done returns the first signal, or nil.
func (e environment) handleSignals(remark func(string), stop, cut func()) (done func() os.Signal) {
	signals, ignore := e.signals()
	const echo = 100 * time.Millisecond // less than a hand needs
	var first os.Signal
	var counted time.Time
	var cutting sync.WaitGroup // beside the handling: an echo must not wait for it, nor the signal that exits
	count := 0
	end := forEach(signals, func(s os.Signal) {
		if time.Since(counted) < echo {
			return
		}
		counted = time.Now()
		switch count++; count {
		case 1:
			first = s
			remark("stopping: nothing new starts, what runs is ended (Ctrl-C again: at once)")
			stop()
		case 2:
			remark("dropping every connection (again: exit)")
			cutting.Go(cut)
		default:
			e.exit(codeOfSignal(first))
		}
	})
	return func() os.Signal {
		ignore()
		end()
		cutting.Wait()
		return first
	}
}

// osEnquiries listens for SIGQUIT and, if typed is set and stdin is a terminal, for Enter. stop ends listening.
func (e environment) osEnquiries(typed bool) (asks <-chan struct{}, stop func()) {
	asked := make(chan struct{}, 1)
	tell := func() {
		select {
		case asked <- struct{}{}:
		default:
		}
	}
	quit := make(chan os.Signal, 1)
	signal.Notify(quit, syscall.SIGQUIT)
	end := forEach(quit, func(os.Signal) { tell() })
	if typed && e.stdinTerminal {
		signal.Ignore(syscall.SIGTTIN)    // so a read fails in the background instead of stopping the process
		keys := bufio.NewReader(os.Stdin) // a read that is pending at the end dies with the process
		go func() {
			for {
				if _, err := keys.ReadString('\n'); err != nil {
					return
				}
				tell()
			}
		}()
	}
	return asked, func() { signal.Stop(quit); end() }
}

// answerEnquiries lists the running hosts whenever the user asks how it goes, until stop is called.
func (d *display) answerEnquiries(typed bool) (stop func()) {
	asked, ignore := d.env.enquiries(typed && d.live != nil)
	end := forEach(asked, func(struct{}) {
		if d.live == nil {
			d.remark("--progress always shows how the run goes")
			return
		}
		d.live.List()
	})
	return func() {
		ignore()
		end()
	}
}

// forEach calls do with each value that comes, in a goroutine of its own, until end is called.
func forEach[T any](values <-chan T, do func(T)) (end func()) {
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case v := <-values:
				do(v)
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		wg.Wait()
	}
}
