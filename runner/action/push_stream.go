package action

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// stream is the input of a command, a text with the contents of files between, which are opened one after the other. A Read fills
// what it is given, so that small files share the packets on their way.
type stream struct {
	blob    func(digest string) (io.ReadCloser, int64, error)
	headers *headers
	text    *bytes.Buffer // from texts
	files   []insert
	size    int64 // of all of it

	mu    sync.Mutex // a Read may still be under way when the command has ended
	at    int        // in text
	open  io.ReadCloser
	left  int64 // of what is open
	ended bool
}

// insert is the content of a file, which comes before the text from at on.
type insert struct {
	at   int
	item *Item
}

// texts are for the next host when one is done: they may have a megabyte.
var texts = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// newStream returns an empty one, to whose text is written. The caller closes it.
func (p *Push) newStream() *stream {
	return &stream{blob: p.sources.Blob, headers: p.headers, text: texts.Get().(*bytes.Buffer)}
}

// tar adds what is sent, as a stream of tar; what goes over channels of its own is empty in it.
func (in *stream) tar(sent []staging, lanes int) error {
	b := in.text
	for _, s := range sent {
		h := header{typ: tar.TypeReg, name: strings.TrimPrefix(s.at, "/"), mode: s.mode, uid: s.uid, gid: s.gid}
		apart := s.apart(lanes)
		switch {
		case s.item.Kind == Folder:
			h.typ, h.name = tar.TypeDir, h.name+"/"
		case s.item.Kind == Link:
			h.typ, h.target = tar.TypeSymlink, string(s.item.Target)
		case !apart:
			h.size = s.item.Size
		}
		text, err := in.headers.of(h)
		if err != nil {
			return err
		}
		b.WriteString(text)
		if s.item.Kind == File && !apart {
			in.files = append(in.files, insert{b.Len(), s.item})
			in.size += s.item.Size
			fillUp(b, s.item.Size)
		}
	}
	if len(sent) > 0 {
		endTar(b)
	}
	in.size += int64(b.Len())
	return nil
}

// A stream of tar: headers and contents, each filled up to whole blocks, and two blocks of nothing at the end.
const block = 512

var zeros [2 * block]byte

func writeHeader(b *bytes.Buffer, h tar.Header) error {
	h.Format = tar.FormatGNU
	return tar.NewWriter(b).WriteHeader(&h)
}

// header is what a header says.
type header struct {
	typ            byte
	name, target   string
	mode, uid, gid int
	size           int64
}

// headers are the headers that were made, for the next host: most get the same. It is used by many goroutines at once.
type headers struct{ made sync.Map } // header to string

func (m *headers) of(h header) (string, error) {
	if text, ok := m.made.Load(h); ok {
		return text.(string), nil
	}
	var b bytes.Buffer
	err := writeHeader(&b, tar.Header{Typeflag: h.typ, Name: h.name, Linkname: h.target, Mode: int64(h.mode), Uid: h.uid, Gid: h.gid, Size: h.size})
	text := b.String()
	m.made.Store(h, text)
	return text, err
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
		return fmt.Errorf("%s: the content has %d bytes, and not %d", item.Path, size, item.Size)
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

// Close ends the stream.
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
