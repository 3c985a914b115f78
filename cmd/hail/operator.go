package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner"
)

// heed acts on signals until the returned function is called, which returns the first one: the first stops the run
// gently, the second at once, the third leaves.
func (e environment) heed(remark func(string), stop, cut func()) (done func() os.Signal) {
	signals, ignore := e.signals()
	end := make(chan struct{})
	var first os.Signal
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 1; ; n++ {
			select {
			case s := <-signals:
				switch n {
				case 1:
					first = s
					remark("stopping: nothing new starts, and what runs is ended (again: at once)")
					stop()
				case 2:
					remark("dropping every connection (again: leave)")
					cut()
				default:
					e.exit(exitInterrupt)
				}
			case <-end:
				return
			}
		}
	})
	return func() os.Signal {
		ignore()
		close(end)
		wg.Wait()
		return first
	}
}

// confirm asks before something is run on many hosts from a terminal, by a command that has options for that.
func (e environment) confirm(c *cli.Context, p *runner.Plan, what string) error {
	asks := slices.ContainsFunc(c.Command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "confirm-above") })
	if !asks || c.Bool("yes") || !e.stdinTerminal || !e.stderrTerminal || len(p.Hosts) <= c.Int("confirm-above") {
		return nil
	}
	return e.ask(fmt.Sprintf("run on %d hosts: %s\n  %s\nGo on? [y/N] ", len(p.Hosts), what, inventory.Fold(inventory.Names(p.Hosts))))
}

// ask asks on the terminal, and is an error unless the answer is yes.
func (e environment) ask(question string) error {
	io.WriteString(e.stderr, question)
	answer, err := bufio.NewReader(e.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return nil
	}
	return usage("--yes does not ask", "not confirmed: nothing was done")
}

// answer lists the hosts that run whenever the user asks how it goes, until the returned function is called.
func (d *display) answer(typed bool) (stop func()) {
	asked, ignore := d.env.enquiries(typed && d.live != nil)
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-asked:
				if d.live == nil {
					d.remark("how it goes is shown with --progress")
					continue
				}
				d.live.List()
			case <-end:
				return
			}
		}
	})
	return func() {
		ignore()
		close(end)
		wg.Wait()
	}
}
