package report

import (
	"errors"
	"hash/crc32"
	"io"
	"slices"

	"hail/runner"
)

// Stream is the Sink that writes what hosts print as it arrives, in whole lines after the host's name. If not all of an
// output is kept, the first part is shown as it arrives, and the rest when the host has ended: only then is the rest at
// its final place in the file. W and Files must be set.
type Stream struct {
	W     io.Writer
	Files interface { // a Record or a Run
		Attempt(host string, attempt int, stream runner.Stream) (io.ReadSeekCloser, error)
	}
	Style Style
	lines map[lineKey]*streamed
	limit int64 // how many bytes of an output are kept; 0: all
}

// streamed is an output that is being shown.
type streamed struct {
	liner
	attempt int
	length  int64  // of the output so far
	shown   int64  // how much of it has been shown
	sum     uint32 // CRC32C of the output so far
}

func (l *streamed) Write(p []byte) (int, error) {
	l.sum = crc32.Update(l.sum, castagnoli, p)
	return l.liner.Write(p)
}

type lineKey struct {
	host   string
	stream runner.Stream
}

// Events implements Sink.
func (s *Stream) Events(batch []runner.Event) error {
	for i := range batch {
		e := &batch[i]
		switch e.Kind {
		case runner.KindPlan:
			if e.Plan != nil {
				s.limit = e.Plan.MaxOutput
			}
		case runner.KindOutput:
			if err := s.show(e); err != nil {
				return err
			}
		case runner.KindRetry, runner.KindFinish:
			if err := s.finish(e.Host); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Stream) show(e *runner.Event) error {
	key := lineKey{e.Host, e.Stream}
	l := s.lines[key]
	if l == nil {
		prefix := s.Style.host(e.Host) + ": "
		if e.Stream == runner.Stderr {
			prefix = s.Style.host(e.Host) + ": stderr: "
		}
		if s.lines == nil {
			s.lines = map[lineKey]*streamed{}
		}
		l = &streamed{liner: liner{w: s.W, prefix: prefix}, attempt: e.Attempt}
		s.lines[key] = l
	}
	l.length = e.Offset + e.Length
	now := e.Length // the part that can be shown now
	if s.limit > 0 {
		now = max(0, min(now, headSize(s.limit)-e.Offset))
	}
	f, err := s.Files.Attempt(e.Host, e.Attempt, e.Stream)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(e.Offset, io.SeekStart); err != nil {
		return err
	}
	n, err := io.Copy(l, io.LimitReader(f, now))
	l.shown += n
	if err == nil && l.shown == l.length && l.sum != e.Checksum {
		err = sayDamaged(&l.liner, errDamaged)
		l.sum = e.Checksum // what follows need not be damaged
	}
	return err
}

func (s *Stream) finish(host string) error {
	for _, stream := range streams {
		key := lineKey{host, stream}
		if l := s.lines[key]; l != nil {
			delete(s.lines, key)
			if err := errors.Join(s.rest(key, l), l.end()); err != nil {
				return err
			}
		}
	}
	return nil
}

// rest shows what there is after the first part of an output that has ended.
func (s *Stream) rest(key lineKey, l *streamed) error {
	if l.shown == l.length {
		return nil
	}
	f, err := s.Files.Attempt(key.host, l.attempt, key.stream)
	if err != nil {
		return err
	}
	defer f.Close()
	has, err := keptIn(f, l.length, s.limit)
	if err == nil && has.left > 0 {
		_, err = io.WriteString(l, gap(has.left))
	}
	if err == nil {
		_, err = f.Seek(l.shown, io.SeekStart)
	}
	if err == nil {
		_, err = io.Copy(l, f)
	}
	return err
}

// Close implements Sink. It shows what is still to be shown of hosts that have not ended.
func (s *Stream) Close() error {
	var hosts []string
	for key := range s.lines {
		hosts = append(hosts, key.host)
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		if err := s.finish(host); err != nil {
			return err
		}
	}
	return nil
}
