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

// input returns what goes over the channel: the secret variables, one per line, and then the command's own input. All
// but the beginning of that is held back until taken is closed, and kept when ctx ends. It is nil when there is nothing to
// send.
func input(ctx context.Context, taken <-chan struct{}, s runner.Stdio) io.Reader {
	var parts []io.Reader
	if len(s.Secrets) > 0 {
		var lines strings.Builder
		for _, v := range s.Secrets {
			name, value, _ := strings.Cut(v, "=")
			lines.WriteString(name + "=" + encode(value) + "\n")
		}
		parts = append(parts, strings.NewReader(lines.String()))
	}
	if s.In != nil {
		parts = append(parts, io.LimitReader(s.In, beforeTaken), &later{s.In, taken, ctx.Done()})
	}
	if parts == nil {
		return nil
	}
	return io.MultiReader(parts...)
}

// What is sent before the wrapper takes the input is kept by the server, which may be slow at it: OpenSSH's server
// copies all of it whenever more arrives. So no more than beforeTaken is sent ahead. The word that the wrapper takes the
// input may never get through, so after the time unheard the rest is sent without it.
const (
	beforeTaken = 128 << 10
	unheard     = 10 * time.Second
)

// later reads from r once taken is closed, or after the time unheard, and nothing more once over is closed.
type later struct {
	r           io.Reader
	taken, over <-chan struct{}
}

func (l *later) Read(p []byte) (int, error) {
	if l.taken != nil {
		late := time.NewTimer(unheard)
		defer late.Stop()
		select {
		case <-l.taken:
		case <-late.C:
		case <-l.over:
		}
		l.taken = nil
	}
	select {
	case <-l.over:
		return 0, io.ErrClosedPipe
	default:
		return l.r.Read(p)
	}
}

// exactly reads the given number of bytes. When r ends or fails before, it calls fail, which ends the command.
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
	e.left -= int64(n)
	if err != nil && e.left > 0 {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		e.fail(&runner.Failure{Status: runner.Error, Err: fmt.Errorf("the input of the command: %w", err)})
	}
	return n, err
}
