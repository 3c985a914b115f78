package report

import (
	"encoding/json"
	"errors"
	"io"

	"hail/runner"
)

// Stream is the Sink that writes what hosts print as it comes, whole lines behind the host's name.
type Stream struct {
	W     io.Writer
	Files Files
	Style Style
	lines map[lineKey]*liner
	less  bool // than all output is kept
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
			s.less = e.Plan != nil && e.Plan.MaxOutput > 0
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
			s.lines = map[lineKey]*liner{}
		}
		l = &liner{w: s.W, prefix: prefix}
		s.lines[key] = l
	}
	f, err := s.Files.Output(e.Host, e.Stream)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(e.Offset, io.SeekStart); err != nil {
		return err
	}
	n, err := io.Copy(l, io.LimitReader(f, e.Length))
	if err == nil && n < e.Length && !s.less {
		err = errors.New("the record has less output than its journal says")
	}
	return err
}

func (s *Stream) finish(host string) error {
	for _, stream := range []runner.Stream{runner.Stdout, runner.Stderr} {
		key := lineKey{host, stream}
		if l := s.lines[key]; l != nil {
			delete(s.lines, key)
			if err := l.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close implements Sink.
func (s *Stream) Close() error { return nil }

// JSONL is the Sink that writes every event as a line of JSON.
type JSONL struct{ W io.Writer }

// Events implements Sink.
func (j JSONL) Events(batch []runner.Event) error {
	enc := json.NewEncoder(j.W)
	for i := range batch {
		if err := enc.Encode(&batch[i]); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Sink.
func (j JSONL) Close() error { return nil }
