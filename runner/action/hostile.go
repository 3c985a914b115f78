package action

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"hail/runner"
)

var errTooMuch = errors.New("the host sent more than was asked for")

// bounded collects what a host answers, and fails when that is more than was asked for.
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

// marked passes on what follows the line that ends in the mark: a login may print something of its own before it.
type marked struct {
	w      io.Writer
	mark   string
	begun  bool   // the mark has arrived
	before []byte // what arrived before it
}

// mostBefore is how many bytes may come before the mark.
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

// newMark returns a mark that nothing else prints.
func newMark() string { return "hail:" + rand.Text() + ":" }

// caught turns a panic in a goroutine of this package into an error of its host, as the runner does for its own
// goroutines. It must be deferred.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = &runner.Failure{Status: runner.Error, Err: fmt.Errorf("panic: %v", p)}
	}
}
