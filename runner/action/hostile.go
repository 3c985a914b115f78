package action

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

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

// marked passes on what comes behind a line that has the mark: a login may print something of its own before it.
type marked struct {
	w      io.Writer
	mark   string
	begun  bool   // it has come,
	before []byte // and this before it
}

// mostBefore is how much that may be.
const mostBefore = 64 << 10

// Write implements io.Writer.
func (m *marked) Write(p []byte) (int, error) {
	if m.begun {
		return m.w.Write(p)
	}
	m.before = append(m.before, p...)
	before, rest, begun := bytes.Cut(m.before, []byte(m.mark+"\n"))
	switch {
	case len(before) > mostBefore:
		return 0, errTooMuch
	case begun:
		m.begun, m.before = true, before
		if len(rest) > 0 {
			if _, err := m.w.Write(rest); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

// newMark is a mark that nobody else says.
func newMark() string { return "hail:" + rand.Text() + ":" }

// caught makes the panic of a goroutine of ours an error of its host, as the runner does with those of its own. It is to be deferred.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = &runner.Failure{Status: runner.Error, Err: fmt.Errorf("panic: %v", p)}
	}
}
