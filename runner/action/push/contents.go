package push

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// Contents of up to keptContent bytes are kept in memory, keptContents bytes in total, because every host gets them.
const (
	keptContent  = 16 << 20
	keptContents = 64 << 20
)

// contents opens contents by digest, and keeps small ones in memory. It is safe for concurrent use. nil has none.
type contents struct {
	open func(digest string) (io.ReadCloser, int64, error)
	mu   sync.Mutex // also held while a content to be kept is read, so that it is read only once
	kept map[string][]byte
	size int64
}

func (c *contents) blob(digest string) (io.ReadCloser, int64, error) {
	if c == nil || c.open == nil {
		return nil, 0, errors.New("the push has no contents to send: push.New makes one that has")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text, ok := c.kept[digest]
	if !ok {
		in, size, err := c.open(digest)
		if err != nil || size > keptContent || c.size+size > keptContents {
			return in, size, err
		}
		defer in.Close()
		text = make([]byte, size)
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, 0, err
		}
		c.kept[digest] = text
		c.size += size
	}
	return keptReader{bytes.NewReader(text)}, int64(len(text)), nil
}

type keptReader struct{ *bytes.Reader }

func (keptReader) Close() error { return nil }
