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
	KindPing   = "ping"
	KindExec   = "exec"
	KindScript = "script"
)

// New builds the action that s describes, with what it needs from outside. Arguments that it does not know are an error.
func New(s runner.Spec, from Sources) (runner.Action, error) {
	switch s.Kind {
	case KindPing:
		return Ping{}, nil
	case KindExec:
		e := Exec{sources: from}
		err := decode(s, &e)
		return e, err
	case KindPush:
		if from.Blob != nil {
			from.Blob = (&contents{open: from.Blob, kept: map[string][]byte{}}).blob
		}
		p := Push{sources: from}
		err := decode(s, &p)
		p.pace = pace(p.Limit)
		if err == nil && p.Health != nil {
			err = p.Health.Compile()
		}
		return p, err
	case KindFetch:
		var f Fetch
		err := decode(s, &f)
		return f, err
	case KindScript:
		e := Script{sources: from}
		err := decode(s, &e)
		return e, err
	}
	return nil, fmt.Errorf("%q is no kind of action", s.Kind)
}

func decode(s runner.Spec, into any) error {
	strict := json.NewDecoder(bytes.NewReader(s.Args))
	strict.DisallowUnknownFields()
	if err := strict.Decode(into); err != nil {
		return fmt.Errorf("arguments of %s: %w", s.Kind, err)
	}
	return nil
}

// Ping is the action of reaching a host and doing nothing there.
type Ping struct{}

// Spec describes the action as data.
func (Ping) Spec() runner.Spec { return runner.Spec{Kind: KindPing} }

// Do implements runner.Action.
func (Ping) Do(context.Context, *runner.Target) error { return nil }
