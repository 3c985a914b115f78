// Package action provides the built-in actions of a run: Ping, Exec and Script, and, from its subpackages, those that push,
// fetch and check.
//
// An action is data, which its Spec holds for the plan of a run. What the data only names, secrets and contents, comes from
// Sources, which New gives to an action:
//
//	NewScript, or push.Render ─► Spec, contents ─► New(spec, sources) ─► Action
//
// An action that names none can be run as it is. An action of your own needs only a method Do: see runner.Action.
package action

import (
	"context"
	"errors"
	"fmt"
	"io"

	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/action/fetch"
	"hail/runner/action/push"
)

// Sources holds what an action needs but a plan must not or cannot hold: secrets and contents. It is used by many
// goroutines at once.
type Sources struct {
	Secrets map[string]string                                 // values of secret variables, by name
	Blob    func(digest string) (io.ReadCloser, int64, error) // opens a content that the plan names, with its size; the caller closes it
}

// input returns a content as the input of a command. The caller closes In.
func (from Sources) input(digest string) (runner.Stdio, error) {
	if from.Blob == nil {
		return runner.Stdio{}, errors.New("the action has no contents to send: action.New makes one that has")
	}
	in, size, err := from.Blob(digest)
	switch {
	case err != nil:
		return runner.Stdio{}, err
	case size == 0:
		return runner.Stdio{}, in.Close()
	}
	return runner.Stdio{In: in, Size: size}, nil
}

// New builds the action that s describes. from.Blob may be nil if s names no content. Unknown arguments in s are an
// error, and an action returned with an error must not be used.
func New(s runner.Spec, from Sources) (runner.Action, error) {
	switch s.Kind {
	case runner.ActionPing:
		return Ping{}, nil
	case runner.ActionExec:
		e := Exec{sources: from}
		err := s.Decode(&e)
		return e, err
	case runner.ActionScript:
		e := Script{sources: from}
		err := s.Decode(&e)
		return e, err
	case runner.ActionPush:
		return push.New(s, from.Blob)
	case runner.ActionFetch:
		return fetch.New(s)
	case runner.ActionCheck:
		return check.New(s)
	case runner.ActionBaseline:
		return check.Baseline{}, nil
	}
	return nil, fmt.Errorf("%q is not a kind of action", s.Kind)
}

// Ping is an action that connects to a host and does nothing there.
type Ping struct{}

// Spec describes the action as data.
func (Ping) Spec() runner.Spec { return runner.Spec{Kind: runner.ActionPing} }

// Do implements runner.Action.
func (Ping) Do(context.Context, *runner.Target) error { return nil }
