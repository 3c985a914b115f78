package action

import (
	"bytes"
	"io"
	"sync"
)

// Contents of up to keptContent bytes are kept in memory, keptContents of them together: every host gets them.
const (
	keptContent  = 16 << 20
	keptContents = 64 << 20
)

// contents opens contents by their digests. It is used by many goroutines at once.
type contents struct {
	open func(digest string) (io.ReadCloser, int64, error)
	mu   sync.Mutex // held while a content is read that is kept, so that only one of all that want it does
	kept map[string][]byte
	size int64
}

func (c *contents) blob(digest string) (io.ReadCloser, int64, error) {
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
