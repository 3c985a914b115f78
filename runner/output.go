package runner

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"
)

// A piece of output is told as soon as it holds whole lines. A tail without an end of line waits this long, or until it
// is this large.
const (
	tailWait = 200 * time.Millisecond
	tailSize = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// output passes the bytes of one attempt on to its two writers and tells of them in events. Telling never waits while
// the host runs: what the consumer has no room for is told later, in a larger piece.
type output struct {
	run     *run
	host    string
	attempt int

	mu      sync.Mutex
	streams [2]stream
	timer   *time.Timer // set while something waits to be told
	closed  bool
}

// stream counts the bytes of one output: told ≤ lines ≤ size.
type stream struct {
	name          Stream
	w             io.WriteCloser
	size, lines   int64  // written; up to the last end of line
	sum, linesSum uint32 // CRC32C of each
	told          int64
}

func newOutput(r *run, host string, attempt int, stdout, stderr io.WriteCloser) *output {
	return &output{run: r, host: host, attempt: attempt,
		streams: [2]stream{{name: Stdout, w: stdout}, {name: Stderr, w: stderr}}}
}

func (o *output) stdout() io.Writer { return streamWriter{o, &o.streams[0]} }
func (o *output) stderr() io.Writer { return streamWriter{o, &o.streams[1]} }

type streamWriter struct {
	o *output
	s *stream
}

func (w streamWriter) Write(p []byte) (int, error) {
	w.o.mu.Lock()
	defer w.o.mu.Unlock()
	if w.o.closed {
		return 0, io.ErrClosedPipe
	}
	n, err := w.s.w.Write(p)
	w.s.count(p[:n])
	w.o.tell(w.s, false)
	return n, err
}

func (s *stream) count(p []byte) {
	if end := bytes.LastIndexByte(p, '\n') + 1; end > 0 {
		s.sum = crc32.Update(s.sum, castagnoli, p[:end])
		s.size += int64(end)
		s.lines, s.linesSum = s.size, s.sum
		p = p[end:]
	}
	s.sum = crc32.Update(s.sum, castagnoli, p)
	s.size += int64(len(p))
}

// piece is the event for what is not told yet; ok is false when there is nothing to tell now.
func (o *output) piece(s *stream, tail bool) (e Event, ok bool) {
	e = Event{Kind: KindOutput, Host: o.host, Attempt: o.attempt, Stream: s.name, Offset: s.told}
	switch {
	case s.lines > s.told && !(tail && s.size > s.lines):
		e.Length, e.Checksum = s.lines-s.told, s.linesSum
	case s.size-s.told >= tailSize, tail && s.size > s.told:
		e.Length, e.Checksum, e.Partial = s.size-s.told, s.sum, true
	default:
		return e, false
	}
	return e, true
}

// tell emits what is due, if there is room for it now; otherwise, and for a tail, the timer comes back.
func (o *output) tell(s *stream, tail bool) {
	if e, ok := o.piece(s, tail); ok {
		e.Time = time.Now()
		select {
		case o.run.events <- message{Event: e}:
			s.told += e.Length
		default:
		}
	}
	if s.told < s.size && o.timer == nil {
		o.timer = time.AfterFunc(tailWait, o.tellTails)
	}
}

func (o *output) tellTails() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.timer = nil
	for i := range o.streams {
		o.tell(&o.streams[i], true)
	}
}

// close tells the rest and closes both writers. Writes that come later are refused.
func (o *output) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.timer != nil {
		o.timer.Stop()
	}
	for i := range o.streams {
		if e, ok := o.piece(&o.streams[i], true); ok {
			o.run.emit(e)
		}
	}
	err := errors.Join(o.streams[0].w.Close(), o.streams[1].w.Close())
	for i := range o.streams {
		if w, ok := o.streams[i].w.(interface{ LeftOut() int64 }); ok && w.LeftOut() > 0 {
			o.run.emit(Event{Kind: KindNote, Host: o.host, Attempt: o.attempt, Key: "left out of " + string(o.streams[i].name), Value: fmt.Sprint(w.LeftOut(), " bytes")})
		}
	}
	return err
}
