package wrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hail/runner"
)

// input returns what goes over the channel: the secret variables, one per line, and then the command's own input.
// Unless it flows, all but its beginning waits until taken has ended. Input that is shorter than s.Size ends the
// command. The result is nil when there is nothing to send.
func input(taken context.Context, s runner.Stdio, cancel context.CancelCauseFunc) io.Reader {
	var lines strings.Builder
	for _, v := range s.Secrets {
		name, value, _ := strings.Cut(v, "=")
		lines.WriteString(name + "=" + encode(value) + "\n")
	}
	var parts []io.Reader
	if lines.Len() > 0 {
		parts = append(parts, strings.NewReader(lines.String()))
	}
	if s.In != nil {
		in := io.Reader(&exactly{s.In, s.Size, cancel})
		if !s.Flow {
			in = io.MultiReader(io.LimitReader(in, beforeTaken), &later{r: in, taken: taken})
		}
		parts = append(parts, in)
	}
	if parts == nil {
		return nil
	}
	return io.MultiReader(parts...)
}

// What is sent before the wrapper takes the input is kept by the server, which may be slow at it: OpenSSH's server
// copies all of it whenever more arrives. So no more than beforeTaken is sent ahead. A wrapper that is not heard takes
// the input in the end, so the rest is sent after the time unheard.
const (
	beforeTaken = 128 << 10
	unheard     = 10 * time.Second
)

var errTaken = errors.New("the input is taken")

// later reads from r once taken has ended with errTaken, or after the time unheard; when taken has ended otherwise, it
// reads nothing.
type later struct {
	r      io.Reader
	taken  context.Context
	waited bool
}

func (l *later) Read(p []byte) (int, error) {
	if !l.waited {
		l.waited = true
		late := time.NewTimer(unheard)
		defer late.Stop()
		select {
		case <-l.taken.Done():
		case <-late.C:
		}
	}
	if cause := context.Cause(l.taken); cause != nil && cause != errTaken {
		return 0, io.ErrClosedPipe
	}
	return l.r.Read(p)
}

// exactly reads the given number of bytes. It calls fail when r ends or fails before.
type exactly struct {
	r    io.Reader
	left int64
	fail context.CancelCauseFunc
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); err != nil && e.left > 0 {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		e.fail(&runner.Failure{Status: runner.Error, Err: fmt.Errorf("the input of the command: %w", err)})
	}
	return n, err
}
