package report

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// capped is a file that keeps the first and the last part of what is written, if that is more than its limit. Until
// Close, which puts both together, the last part is in a file of its own, which is used as a ring.
type capped struct {
	file
	limit int64 // 0: none
	size  int64 // of everything that was written
}

// headSize returns how much of the beginning is kept under a limit; the end takes the rest.
func headSize(limit int64) int64 { return limit / 2 }

// leftOut returns how many bytes of what was written are not kept.
func (c *capped) leftOut() int64 {
	if c.limit == 0 {
		return 0
	}
	return max(0, c.size-c.limit)
}

// account says in words how much was written to the stream of this name.
func (c *capped) account(name string) string {
	if left := c.leftOut(); left > 0 {
		return fmt.Sprintf("%s %s (%d left out)", Plural(c.size, "byte"), name, left)
	}
	return Plural(c.size, "byte") + " " + name
}

func (c *capped) Write(p []byte) (int, error) {
	room := int64(len(p))
	if c.limit > 0 {
		room = min(room, max(0, headSize(c.limit)-c.size))
	}
	n := 0
	if room > 0 {
		var err error
		n, err = c.file.Write(p[:room])
		c.size += int64(n)
		if err != nil {
			return n, err
		}
	}
	if n == len(p) {
		return n, nil
	}
	m, err := c.writeRing(p[n:])
	c.size += int64(m)
	return n + m, err
}

// writeRing writes into the tail, each byte at its place modulo the length of the tail.
func (c *capped) writeRing(p []byte) (n int, err error) {
	f, err := openPatiently(c.path+tailSuffix, os.O_CREATE|os.O_WRONLY)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	length := c.limit - headSize(c.limit)
	at := c.size - headSize(c.limit)
	if skip := int64(len(p)) - length; skip > 0 { // it would be overwritten at once
		n, at = int(skip), at+skip
	}
	for n < len(p) {
		place := at % length
		m, err := f.WriteAt(p[n:min(int64(len(p)), int64(n)+length-place)], place)
		n, at = n+m, at+int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Close puts the two parts together.
func (c *capped) Close() (err error) {
	defer func() { err = errors.Join(err, c.file.Close()) }()
	if c.limit == 0 || c.size <= headSize(c.limit) {
		return nil
	}
	f, err := openPatiently(c.path+tailSuffix, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	length := c.limit - headSize(c.limit)
	written := c.size - headSize(c.limit)
	first := int64(0) // where the oldest byte is
	if written > length {
		first = written % length
	}
	for _, part := range []io.Reader{io.NewSectionReader(f, first, min(written, length)-first), io.NewSectionReader(f, 0, first)} {
		if _, err := io.Copy(&c.file, part); err != nil {
			return err
		}
	}
	return os.Remove(c.path + tailSuffix)
}
