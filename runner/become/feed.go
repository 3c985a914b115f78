package become

import (
	"errors"
	"io"
)

// feed is the input, first of the tool and then of the command: the readers that arrive on next, one after the other.
// It ends when next or end is closed.
type feed struct {
	next chan io.Reader
	now  io.Reader
	end  <-chan struct{}
}

func (f *feed) Read(p []byte) (int, error) {
	for {
		if f.now != nil {
			n, err := f.now.Read(p)
			if n > 0 || !errors.Is(err, io.EOF) {
				return n, err
			}
			f.now = nil
		}
		select {
		case r, more := <-f.next:
			if !more {
				return 0, io.EOF
			}
			f.now = r
		case <-f.end:
			return 0, io.EOF
		}
	}
}
