package report

import (
	"bytes"
	"io"
)

// liner writes whole lines, cleaned, each after the prefix. A last line without an end gets one.
type liner struct {
	w      io.Writer
	prefix string
	whole  bool // show overwritten lines whole, not just their last state
	tail   []byte
	buf    []byte
}

func (l *liner) Write(p []byte) (int, error) {
	l.buf = l.buf[:0]
	rest := p
	for {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			break
		}
		l.buf = append(l.buf, l.prefix...)
		line := rest[:end]
		if len(l.tail) > 0 {
			l.tail = append(l.tail, line...)
			line = l.tail
		}
		if !l.whole {
			line = lastState(line)
		}
		l.buf = Clean(l.buf, line)
		l.tail = l.tail[:0]
		rest = rest[end:]
	}
	if l.tail = append(l.tail, rest...); len(l.tail) > longestTail {
		l.buf = append(Clean(append(l.buf, l.prefix...), l.tail), '\n')
		l.tail = l.tail[:0]
	}
	if len(l.buf) == 0 {
		return len(p), nil
	}
	_, err := l.w.Write(l.buf)
	return len(p), err
}

func (l *liner) end() error {
	if len(l.tail) == 0 {
		return nil
	}
	_, err := l.Write([]byte{'\n'})
	return err
}

// CleanCopy copies text to w, harmless for a terminal, and leaves nothing out.
func CleanCopy(w io.Writer, text io.Reader) error {
	l := liner{w: w, whole: true}
	if _, err := io.Copy(&l, text); err != nil {
		return err
	}
	return l.end()
}
