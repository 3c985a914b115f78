package action

import (
	"bytes"
	"io"
	"sync"
)

// Contents of up to smallContent bytes are kept in memory, keptContents of them together: every host gets them.
const (
	smallContent = 64 << 10
	keptContents = 64 << 20
)

// contents opens contents by their digests. It is used by many goroutines at once.
type contents struct {
	open func(digest string) (io.ReadCloser, int64, error)
	mu   sync.Mutex
	kept map[string][]byte
	size int
}

func (c *contents) blob(digest string) (io.ReadCloser, int64, error) {
	c.mu.Lock()
	text, ok := c.kept[digest]
	c.mu.Unlock()
	if ok {
		return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
	}
	in, size, err := c.open(digest)
	if err != nil || size > smallContent {
		return in, size, err
	}
	defer in.Close()
	if text, err = io.ReadAll(in); err != nil {
		return nil, 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.kept[digest]; !ok && c.size+len(text) <= keptContents {
		c.kept[digest] = text
		c.size += len(text)
	}
	return io.NopCloser(bytes.NewReader(text)), int64(len(text)), nil
}
