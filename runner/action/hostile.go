package action

import (
	"bytes"
	"errors"
	"fmt"

	"hail/runner"
)

var errTooMuch = errors.New("the host has answered more than was asked")

// bounded keeps what a host answers, up to the most that was asked for.
type bounded struct {
	most int64
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if int64(b.text.Len()+len(p)) > b.most {
		return 0, errTooMuch
	}
	return b.text.Write(p)
}

// caught makes the panic of a goroutine of ours an error of its host, as the runner does with those of its own. It is to be deferred.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = &runner.Failure{Status: runner.Error, Err: fmt.Errorf("panic: %v", p)}
	}
}
