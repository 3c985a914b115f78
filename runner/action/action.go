// Package action has the ready-made actions of a run; its sub-package check has one more.
package action

import (
	"context"
	"fmt"
	"io"

	"hail/runner"
)

// The kinds of action that New builds. check.Kind is that of the one that check.New builds.
const (
	KindPing   = "ping"
	KindExec   = "exec"
	KindScript = "script"
	KindPush   = "push"
	KindFetch  = "fetch"
)

// Sources is what an action needs and a plan must not hold, or can't: secrets, and contents. It is used by many goroutines at once.
type Sources struct {
	Secrets map[string]string                                 // values of secret variables, by name
	Blob    func(digest string) (io.ReadCloser, int64, error) // opens a content that the plan names, and says its size; who calls it closes it
}

// New builds the action that s describes, with what it needs from outside: from.Blob may be nil where s names no content. Arguments
// that it does not know are an error, and what is returned beside an error is not to be used.
func New(s runner.Spec, from Sources) (runner.Action, error) {
	switch s.Kind {
	case KindPing:
		return Ping{}, nil
	case KindExec:
		e := Exec{sources: from}
		err := s.Decode(&e)
		return e, err
	case KindScript:
		e := Script{sources: from}
		err := s.Decode(&e)
		return e, err
	case KindPush:
		if from.Blob != nil {
			from.Blob = (&contents{open: from.Blob, kept: map[string][]byte{}}).blob
		}
		p := Push{sources: from}
		err := s.Decode(&p)
		p.pace = pace(p.Limit)
		if err == nil && p.Health != nil {
			err = p.Health.Compile()
		}
		return p, err
	case KindFetch:
		var f Fetch
		err := s.Decode(&f)
		return f, err
	}
	return nil, fmt.Errorf("%q is no kind of action", s.Kind)
}

// Ping is the action of reaching a host and doing nothing there.
type Ping struct{}

// Spec describes the action as data.
func (Ping) Spec() runner.Spec { return runner.Spec{Kind: KindPing} }

// Do implements runner.Action.
func (Ping) Do(context.Context, *runner.Target) error { return nil }
