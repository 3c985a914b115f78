package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// handleSignals acts on signals until done is called: the first signal stops the run gently, the second cuts the connections,
// the third exits. done returns the first signal, or nil.
func (e environment) handleSignals(remark func(string), stop, cut func()) (done func() os.Signal) {
	signals, ignore := e.signals()
	var first os.Signal
	count := 0
	end := forEach(signals, func(s os.Signal) {
		switch count++; count {
		case 1:
			first = s
			remark("stopping: nothing new starts, and running commands are ended (Ctrl-C again: at once)")
			stop()
		case 2:
			remark("dropping every connection (again: exit)")
			cut()
		default:
			e.exit(exitInterrupt)
		}
	})
	return func() os.Signal {
		ignore()
		end()
		return first
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

// confirm asks before something is run on many hosts from a terminal, if the command has --confirm-above.
func (e environment) confirm(c *cli.Context, p *runner.Plan, what string) error {
	if !hasOption(c.Command, "confirm-above") || c.Bool("yes") || !e.stdinTerminal || !e.stderrTerminal || len(p.Hosts) <= c.Int("confirm-above") {
		return nil
	}
	return e.ask(fmt.Sprintf("run on %s: %s\n  %s\nContinue? [y/N] ", report.Plural(len(p.Hosts), "host"), what, inventory.Fold(inventory.Names(p.Hosts))))
}

// ask asks a question on the terminal, and returns an error unless the answer is yes.
func (e environment) ask(question string) error {
	io.WriteString(e.stderr, question)
	answer, err := bufio.NewReader(e.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return nil
	}
	return usage("--yes skips the question", "not confirmed: nothing was done")
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
