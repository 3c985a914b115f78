package report

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

type attempts func(ctx context.Context, t *runner.Target) error

func (f attempts) Do(ctx context.Context, t *runner.Target) error { return f(ctx, t) }

// TestMemory: a run without a record can be shown like one with a record.
func TestMemory(t *testing.T) {
	p := runner.Plan{Run: NewRunID(start), Hosts: []inventory.Host{{Name: "web1"}, {Name: "web2"}}, Retry: runner.Retry{Failed: 1}}
	action := attempts(func(_ context.Context, t *runner.Target) error {
		fmt.Fprintf(t.Out, "attempt %d\n", t.Attempt)
		fmt.Fprintf(t.Err, "of %s\n", t.Host.Name)
		if t.Host.Name == "web1" && t.Attempt == 1 {
			return &runner.Failure{Status: runner.Failed}
		}
		return nil
	})
	var m Memory
	var live, shown bytes.Buffer
	s, err := Drain(runner.Run(t.Context(), p, action, &connsuite.Fake{}, &m), &Stream{W: &live, Files: &m})
	if err != nil {
		t.Fatal(err)
	}
	if err := EachHost(&shown, s, &m, Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "── web1\nattempt 2\nstderr: of web1\n── web2\nattempt 1\nstderr: of web2\n"; shown.String() != want {
		t.Errorf("%s\nwant\n%s", shown.String(), want)
	}
	if !strings.Contains(live.String(), "web1: attempt 1\n") || !strings.Contains(live.String(), "web1: attempt 2\n") {
		t.Errorf("shown live: %s", live.String())
	}
	for _, files := range []Files{&m, &Memory{}} { // one that kept nothing, too
		for name, write := range Formats {
			r := &Report{Summary: s, Files: files, Events: func(func([]runner.Event) bool) {}}
			if err := write(io.Discard, r); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
