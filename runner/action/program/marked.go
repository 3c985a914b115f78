package program

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
)

// ErrTooMuch is that a host sent more than it was asked for.
var ErrTooMuch = errors.New("the host sent more than was asked for")

// Bounded collects what a host answers, and fails with ErrTooMuch when that is more than Most bytes.
type Bounded struct {
	Most int64
	Text bytes.Buffer
}

// Write implements io.Writer.
func (b *Bounded) Write(p []byte) (int, error) {
	if int64(b.Text.Len()+len(p)) > b.Most {
		return 0, ErrTooMuch
	}
	return b.Text.Write(p)
}

// Marked passes on to W what follows the line that ends in Mark: a login may print something of its own before it. More
// than 64 KiB before it are ErrTooMuch.
type Marked struct {
	W    io.Writer
	Mark string

	Begun  bool   // set once the mark has arrived
	Before []byte // what arrived before it
}

// mostBeforeMark is how many bytes may come before the mark.
const mostBeforeMark = 64 << 10

// Write implements io.Writer.
func (m *Marked) Write(p []byte) (int, error) {
	if m.Begun {
		return m.W.Write(p)
	}
	m.Before = append(m.Before, p...)
	before, rest, begun := bytes.Cut(m.Before, []byte(m.Mark+"\n"))
	switch {
	case len(before) > mostBeforeMark:
		return 0, ErrTooMuch
	case begun:
		m.Begun, m.Before = true, before
		if len(rest) > 0 {
			if _, err := m.W.Write(rest); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

// NewMark returns a mark that nothing else prints.
func NewMark() string { return "hail:" + rand.Text() + ":" }
