package runner

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"
)

// Output is reported as soon as it holds whole lines. A tail without an end of line is reported after this time, or
// when it has reached this size.
const (
	tailWait = 200 * time.Millisecond
	tailSize = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// output passes the bytes of one attempt on to its two writers and reports them in events. Reporting never blocks while
// the host runs: what the consumer has no room for is reported later, in a larger piece.
type output struct {
	run     *run
	host    string
	attempt int

	mu      sync.Mutex
	streams [2]stream
	timer   *time.Timer // set while something is still to be reported
	broken  error       // the first error of a writer
	closed  bool
}

// stream counts the bytes of one output: lines ≤ size and told ≤ size.
type stream struct {
	name          Stream
	w             io.WriteCloser
	size, lines   int64  // bytes written; of these, up to the last end of line
	sum, linesSum uint32 // CRC32C of size and of lines bytes
	told          int64
}

func newOutput(r *run, host string, attempt int, stdout, stderr io.WriteCloser) *output {
	if stdout == nil {
		stdout = discarded{io.Discard}
	}
	if stderr == nil {
		stderr = discarded{io.Discard}
	}
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
	if w.o.broken == nil {
		w.o.broken = err
	}
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

// piece returns the event for what has not been reported yet; ok is false when nothing is to be reported now. With
// tail, bytes without an end of line are reported too.
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

// tell emits what is due if the consumer has room for it now. Whatever is left waits for the timer.
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

// close reports the rest and closes both writers. Later writes are refused. Its error may be that of an earlier write,
// which the action need not have noticed.
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
	err := cmp.Or(o.broken, errors.Join(o.streams[0].w.Close(), o.streams[1].w.Close()))
	for i := range o.streams {
		if w, ok := o.streams[i].w.(interface{ LeftOut() int64 }); ok && w.LeftOut() > 0 {
			o.run.emit(Event{Kind: KindNote, Host: o.host, Attempt: o.attempt, Key: NoteLeftOut(o.streams[i].name), Value: fmt.Sprint(w.LeftOut(), " bytes")})
		}
	}
	return err
}

type discarded struct{ io.Writer }

func (discarded) Close() error { return nil }
