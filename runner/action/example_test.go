package action_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/local"
	"hail/runner/wrap"
)

// show runs an action on this machine, as web1, and shows how it went.
func show(a runner.Action) {
	plan := runner.Plan{Hosts: []inventory.Host{{Name: "web1"}}}
	var printed report.Memory
	s, err := report.Drain(runner.Run(context.Background(), plan, a, wrap.Dialer{Inner: local.Dialer{}}, &printed))
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Hosts[0].Said())
	if err := report.EachHost(os.Stdout, s, &printed, report.Style{}); err != nil {
		panic(err)
	}
}

// A command without secrets and input is an Action as it is.
func ExampleExec() {
	show(action.Exec{Line: "echo {{.host}}; exit 3", Template: true, Surroundings: action.Surroundings{OKExit: []int{0, 3}}})
	// Output:
	// ok
	// ── web1
	// web1
}

// A script, a push, and a command with an input name their contents by digest. New makes an action that can open them.
func ExampleNew() {
	script, text, err := action.NewScript("greet", []byte("#!/bin/sh\necho \"hello, $1\"\n"), "", []string{"world"})
	if err != nil {
		panic(err)
	}
	a, err := action.New(script.Spec(), action.Sources{Blob: func(string) (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
	}})
	if err != nil {
		panic(err)
	}
	show(a)
	// Output:
	// ok
	// ── web1
	// hello, world
}
