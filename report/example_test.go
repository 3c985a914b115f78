package report_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/local"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// record runs a command on two hosts, with a record of the run in dir.
func record(ctx context.Context, dir string) (id string) {
	command := action.Exec{Line: `echo "this is $HAIL_HOST"; test "$HAIL_HOST" = web1`}
	plan := runner.Plan{Run: report.NewRunID(time.Now()), Action: command.Spec(), Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}}
	r, err := report.Create(dir, report.Head{What: "who am I", Plan: &plan}, nil, 64)
	check(err)
	s, err := report.Drain(runner.Run(ctx, plan, command, local.Dialer{}, r), r)
	check(errors.Join(err, r.Finish(s)))
	return plan.Run
}

// A run is recorded while it goes on. Afterwards, or in another program, it is read back and shown, in a format of this
// package or in one of your own.
func Example() {
	dir, err := os.MkdirTemp("", "hail-example-")
	check(err)
	defer os.RemoveAll(dir)
	record(context.Background(), dir)

	r, err := report.Find(dir, "last")
	check(err)
	s, err := r.Summary()
	check(err)
	fmt.Println(report.Counts(s, report.Style{}))
	check(report.EachHost(os.Stdout, s, r, report.Style{}))

	whole := &report.Report{Summary: s, What: r.What, Files: r, Events: r.Events()}
	check(report.Formats["tap"](os.Stdout, whole))
	check(mine(os.Stdout, whole))
	// Output:
	// 2 hosts: 1 ok, 1 failed
	// ── web1
	// this is web1
	// ── web2 failed(exit 1)
	// this is web2
	// TAP version 14
	// 1..2
	// ok 1 - web1
	// not ok 2 - web2
	//   ---
	//   message: "failed(exit 1)"
	//   ...
	// web1: ok, 13 bytes
	// web2: failed, 13 bytes
}

// mine is a report.Format.
func mine(w io.Writer, r *report.Report) error {
	for _, h := range r.Hosts {
		if _, err := fmt.Fprintf(w, "%s: %s, %d bytes\n", h.Host, h.Status, h.Stdout.Length); err != nil {
			return err
		}
	}
	return nil
}

// Without a record, what hosts print is kept in memory.
func ExampleMemory() {
	command := action.Exec{Line: "echo hello"}
	plan := runner.Plan{Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}}
	var printed report.Memory
	s, err := report.Drain(runner.Run(context.Background(), plan, command, local.Dialer{}, &printed))
	check(err)
	check(report.Gather(os.Stdout, s, &printed, report.Gathering{}, report.Style{}))
	// Output:
	// ── web[1-2] (2)
	// hello
}

// channel is a Sink of your own, which sends each event on.
type channel chan<- runner.Event

func (c channel) Events(batch []runner.Event) error {
	for _, e := range batch {
		c <- e
	}
	return nil
}

func (c channel) Close() error { close(c); return nil }

// Any number of Sinks see the events of a run, live.
func ExampleSink() {
	plan := runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}}
	events, done := make(chan runner.Event), make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			fmt.Printf("%d %s of %q\n", e.Seq, e.Kind, e.Host)
		}
	}()
	_, err := report.Drain(runner.Run(context.Background(), plan, action.Ping{}, local.Dialer{}, nil), channel(events))
	check(err)
	<-done
	// Output:
	// 1 plan of ""
	// 2 attempt of "web1"
	// 3 finish of "web1"
	// 4 end of ""
}
