package sshconn

import (
	"io"
	"sync"
	"time"

	"hail/runner"
)

// A server keeps what its command has not taken yet, up to the 2 MiB of a window, and OpenSSH's copies all of it again and again
// while it grows: for a megabyte that costs more than the login. So the input goes in stretches. Behind each comes a request that
// means nothing, and the next one waits for the answer: the server has come so far, and the command had its turn. The farther the
// server, the longer they are: a channel carries half a Gbit/s in any case. Where one is half a window, nothing is asked, and
// behind a ProxyCommand neither: nobody knows how far that leads. A server that does not answer while its command runs is not
// asked again.
const (
	stretchNear    = 128 << 10
	stretchFarther = 128 << 10 // for each millisecond of a round trip
	stretchMost    = 1 << 20
)

// input is the way to what the command reads.
type input struct {
	mu    sync.Mutex // held while the channel is written to, or its end is sent: the library allows one of them at a time
	ended bool
}

// feed sends the input. Its end is sent too, unless the input is held open.
func (e *execution) feed(s runner.Stdio) {
	to := &inputWriter{execution: e, stretch: stretchMost}
	if trip := e.conn.trip(); trip > 0 {
		to.stretch = stretchNear + int64(trip)*stretchFarther/int64(time.Millisecond)
	}
	io.Copy(to, struct{ io.Reader }{s.In}) // in small pieces, so that the end does not wait long
	if !s.Hold {
		e.endInput()
	}
	to.asked.Wait()
}

type inputWriter struct {
	*execution
	stretch int64
	sent    int64 // of the stretch
	asked   sync.WaitGroup
}

func (w *inputWriter) Write(p []byte) (int, error) {
	n, err := w.write(p)
	if w.sent += int64(n); w.sent >= w.stretch && w.stretch < stretchMost {
		if w.sent = 0; !w.answered() {
			w.stretch = stretchMost
		}
	}
	return n, err
}

// answered asks the server for an answer, and waits for it for as long as for others.
func (w *inputWriter) answered() bool {
	answer := make(chan struct{})
	w.asked.Go(func() {
		defer close(answer)
		w.ch.SendRequest("keepalive@openssh.com", true, nil) // the end of the channel is an answer, too
	})
	late := time.NewTimer(2 * w.conn.limit)
	defer late.Stop()
	select {
	case <-answer:
		return true
	case <-late.C:
		return false
	}
}

func (e *execution) write(p []byte) (int, error) {
	e.input.mu.Lock()
	defer e.input.mu.Unlock()
	if e.input.ended {
		return 0, io.ErrClosedPipe
	}
	return e.ch.Write(p)
}

func (e *execution) endInput() {
	e.input.mu.Lock()
	defer e.input.mu.Unlock()
	if !e.input.ended {
		e.input.ended = true
		e.ch.CloseWrite()
	}
}
