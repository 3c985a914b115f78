package sshconn

import (
	"io"
	"sync"
	"time"

	"hail/runner"
)

// A server buffers what its command has not read yet, up to the 2 MiB of a window, and OpenSSH's server copies the
// whole buffer again and again while it grows: for a megabyte, that costs more than the login. So the input is sent in
// stretches. Each is followed by a request that means nothing, and the next stretch waits for the answer: by then the
// server has got that far, and the command has had its turn.
//
// The longer the round trip, the longer the stretches, so that a channel carries half a Gbit/s in any case. Where a
// stretch would be half a window, no requests are sent, nor behind a ProxyCommand, where the round trip is not known. So
// an answer takes milliseconds. Some servers, such as that of Node's ssh2, never answer: they are not asked again.
const (
	stretchNear    = 256 << 10
	stretchFarther = 128 << 10 // more for each millisecond of the round trip
	stretchMost    = 1 << 20
	unanswering    = time.Second
)

// input guards what is sent to the command's standard input.
type input struct {
	mu    sync.Mutex // held while writing to the channel or sending its end: the library allows only one at a time
	ended bool
}

// feed sends the input. Its end is sent too, unless the input is held open.
func (e *execution) feed(s runner.Stdio) {
	to := &inputWriter{execution: e, stretch: stretchMost}
	if trip := e.conn.trip(); trip > 0 {
		to.stretch = stretchNear + int64(trip)*stretchFarther/int64(time.Millisecond)
	}
	io.Copy(to, struct{ io.Reader }{s.In}) // hides WriterTo: in small pieces, the end does not wait long
	if !s.Hold {
		e.endInput()
	}
	to.asked.Wait()
}

type inputWriter struct {
	*execution
	stretch int64
	sent    int64 // bytes of the current stretch
	asked   sync.WaitGroup
}

func (w *inputWriter) Write(p []byte) (int, error) {
	n, err := w.write(p)
	w.sent += int64(n)
	if w.sent >= w.stretch && w.stretch < stretchMost {
		w.sent = 0
		if !w.answered() {
			w.stretch = stretchMost
		}
	}
	return n, err
}

// answered asks the server for an answer and reports whether it came in time.
func (w *inputWriter) answered() bool {
	answer := make(chan struct{})
	w.asked.Go(func() {
		defer close(answer)
		w.knock()
	})
	late := time.NewTimer(unanswering)
	defer late.Stop()
	select {
	case <-answer:
		return true
	case <-late.C:
		return false
	}
}

// knock sends a request that means nothing, and waits for its answer; the end of the channel is an answer, too.
func (e *execution) knock() { e.ch.SendRequest("keepalive@openssh.com", true, nil) }

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
