// Library shows how to use hail's engine in a program of your own: an inventory, an action, a dialer, and a fold over
// the events. The dialer here runs commands on this machine; hail/runner/sshconn has the one for SSH.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/local"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	hosts, err := inventory.Select(nil, inventory.Query{Targets: []string{"web[1-3]"}}, inventory.Lookups{})
	if err != nil {
		return err
	}
	command := action.Exec{Line: `echo "$HAIL_HOST is number $HAIL_INDEX"`}
	plan := runner.Plan{Run: report.NewRunID(time.Now()), Action: command.Spec(), Fanout: 2, Hosts: hosts}

	dir, err := os.MkdirTemp("", "hail-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	record, err := report.Create(dir, report.Head{What: string(command.Line), Plan: &plan}, nil, 64)
	if err != nil {
		return err
	}
	summary, err := report.Drain(runner.Run(ctx, plan, command, local.Dialer{}, record), record)
	if err := errors.Join(err, record.Finish(summary)); err != nil {
		return err
	}
	if err := report.EachHost(os.Stdout, summary, record, report.Style{}); err != nil {
		return err
	}
	fmt.Println(summary.Counts[runner.OK], "ok of", len(summary.Hosts))
	return nil
}
