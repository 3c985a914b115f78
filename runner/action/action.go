// Package action has the ready-made actions of a run.
package action

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"hail/runner"
)

// The kinds of action.
const (
	KindPing = "ping"
	KindExec = "exec"
)

// New builds the action that s describes. Arguments that it does not know are an error.
func New(s runner.Spec) (runner.Action, error) {
	switch s.Kind {
	case KindPing:
		return Ping{}, nil
	case KindExec:
		var e Exec
		strict := json.NewDecoder(bytes.NewReader(s.Args))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&e); err != nil {
			return nil, fmt.Errorf("arguments of exec: %w", err)
		}
		return e, nil
	}
	return nil, fmt.Errorf("%q is no kind of action", s.Kind)
}

// Ping is the action of reaching a host and doing nothing there.
type Ping struct{}

// Spec describes the action as data.
func (Ping) Spec() runner.Spec { return runner.Spec{Kind: KindPing} }

// Do implements runner.Action.
func (Ping) Do(context.Context, *runner.Target) error { return nil }

// Exec runs one command line.
type Exec struct {
	Line string `json:"line"` // for the host's shell, quoted already
}

// Spec describes the action as data.
func (e Exec) Spec() runner.Spec {
	args, _ := json.Marshal(e) // a string always encodes
	return runner.Spec{Kind: KindExec, Args: args}
}

// Do implements runner.Action.
func (e Exec) Do(ctx context.Context, t *runner.Target) error {
	return t.Exec(ctx, e.Line, runner.Stdio{Out: t.Out, Err: t.Err})
}
