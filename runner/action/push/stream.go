package push

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// stream is the input of a command: a text with the contents of files in between, which are opened one after another. A
// Read fills its buffer, so that small files share packets.
type stream struct {
	blob  func(digest string) (io.ReadCloser, int64, error)
	text  *bytes.Buffer // from the pool texts
	files []insert
	size  int64 // of the whole stream

	mu    sync.Mutex // a Read may still be under way when the command has ended
	at    int        // position in text
	open  io.ReadCloser
	left  int64 // bytes left of open
	ended bool
}

// insert is the content of a file, which comes before the text from position at on.
type insert struct {
	at   int
	item *Item
}

// texts passes the buffers of hosts that are done to the next: each may have a megabyte.
var texts = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// newStream returns an empty stream. The caller writes to its text, and closes it.
func (p *Push) newStream() *stream {
	return &stream{blob: p.contents.blob, text: texts.Get().(*bytes.Buffer)}
}

// tar adds what is sent, as a tar stream; files that go over channels of their own are empty in it.
func (s *stream) tar(sent []staging, lanes int) error {
	b := s.text
	for _, one := range sent {
		h := tar.Header{Name: strings.TrimPrefix(one.at, "/"), Mode: int64(one.mode), Uid: one.uid, Gid: one.gid, Typeflag: tar.TypeReg, Size: one.item.Size}
		switch one.item.Kind {
		case Folder:
			h.Typeflag, h.Name, h.Size = tar.TypeDir, h.Name+"/", 0
		case Link:
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, string(one.item.Target), 0
		}
		apart := one.apart(lanes)
		if apart {
			h.Size = 0
		}
		if err := writeHeader(b, h); err != nil {
			return err
		}
		if one.item.Kind == File && !apart {
			s.files = append(s.files, insert{b.Len(), one.item})
			s.size += one.item.Size
			fillUp(b, one.item.Size)
		}
	}
	if len(sent) > 0 {
		endTar(b)
	}
	s.size += int64(b.Len())
	return nil
}

// A tar stream has headers and contents, each padded to whole blocks, and two blocks of zeros at its end.
const block = 512

var zeros [2 * block]byte

func writeHeader(b *bytes.Buffer, h tar.Header) error {
	if len(h.Name) <= 100 && len(h.Linkname) <= 100 && uint64(h.Uid|h.Gid) < 1<<21 && h.Size < 1<<33 {
		writePlainHeader(b, h)
		return nil
	}
	h.Format = tar.FormatGNU
	return tar.NewWriter(b).WriteHeader(&h)
}

// writePlainHeader writes what archive/tar would for values that fit into their fields, but ten times as fast: a
// thousand files for a thousand hosts have a million headers. The fields are those of GNU tar.
func writePlainHeader(b *bytes.Buffer, h tar.Header) {
	b.Grow(block)
	to := b.AvailableBuffer()[:block]
	clear(to)
	octal := func(from, end int, n int64) {
		for i := end - 2; i >= from; i-- { // a NUL ends it
			to[i] = '0' + byte(n&7)
			n >>= 3
		}
	}
	copy(to, h.Name)
	octal(100, 108, h.Mode)
	octal(108, 116, int64(h.Uid))
	octal(116, 124, int64(h.Gid))
	octal(124, 136, h.Size)
	octal(136, 148, 0) // the time
	to[156] = h.Typeflag
	copy(to[157:], h.Linkname)
	copy(to[257:], "ustar  \x00")
	octal(329, 337, 0) // of a device
	octal(337, 345, 0)
	copy(to[148:], "        ")
	sum := int64(0)
	for _, c := range to {
		sum += int64(c)
	}
	octal(148, 155, sum)
	to[154] = 0
	b.Write(to)
}

func fillUp(b *bytes.Buffer, size int64) { b.Write(zeros[:-size&(block-1)]) }

func endTar(b *bytes.Buffer) { b.Write(zeros[:]) }

// Read implements io.Reader.
func (s *stream) Read(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(b) && err == nil {
		if s.ended {
			return n, io.EOF
		}
		until := s.text.Len()
		if len(s.files) > 0 {
			until = s.files[0].at
		}
		switch {
		case s.open != nil:
			var more int
			more, err = s.open.Read(b[n:][:min(int64(len(b)-n), s.left)])
			n += more
			if s.left -= int64(more); s.left == 0 {
				err = s.next()
			} else if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
		case s.at < until:
			more := copy(b[n:], s.text.Bytes()[s.at:until])
			n, s.at = n+more, s.at+more
		case len(s.files) > 0:
			err = s.start(s.files[0].item)
		default:
			err = io.EOF
		}
	}
	return n, err
}

func (s *stream) start(item *Item) error {
	content, size, err := s.blob(item.Digest)
	if err != nil {
		return err
	}
	s.open, s.left = content, size
	if size != item.Size {
		return fmt.Errorf("%s: the content has %d bytes, not %d", item.Path, size, item.Size)
	}
	if size == 0 {
		return s.next()
	}
	return nil
}

func (s *stream) next() error {
	content := s.open
	s.open, s.files = nil, s.files[1:]
	return content.Close()
}

// Close ends the stream: a Read after it returns io.EOF.
func (s *stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil
	}
	s.ended = true
	s.text.Reset()
	texts.Put(s.text)
	s.text = nil
	if s.open == nil {
		return nil
	}
	return s.open.Close()
}
