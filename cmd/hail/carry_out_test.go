package main

import (
	"errors"
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"hail/report"
	"hail/runner"
)

// TestTwoWithOneID: of two runs that have drawn the same id, the later one gets another, and those that it continues
// know it by that.
func TestTwoWithOneID(t *testing.T) {
	dir := t.TempDir()
	e := environment{now: time.Now, getenv: func(string) string { return dir }}
	c := cli.NewContext(cli.NewApp(), flag.NewFlagSet("run", flag.ContinueOnError), nil)
	id := report.NewRunID(e.now())
	var begun []string
	for range 2 {
		plan := &runner.Plan{Run: id}
		begun = nil
		record, err := createRecord(e, c, plan, job{begin: func() error { begun = append(begun, plan.Run); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(record.Close(), record.Finish(&report.Summary{})); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := report.List(e.runsDir(c))
	if err != nil || len(ids) != 2 || !slices.Contains(ids, id) {
		t.Errorf("the runs %v, %v; want two, one of them %s", ids, err, id)
	}
	if len(begun) != 2 || begun[0] != id || !slices.Contains(ids, begun[1]) {
		t.Errorf("the second began as %v", begun)
	}
}
