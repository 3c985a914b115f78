package sshconn

import (
	"bytes"
	"io"
	"math"
	"os"
	"slices"
)

// growingFile is a file that others append to, as far as it has been read.
type growingFile struct {
	path  string
	info  os.FileInfo // of the file that was read; nil: it did not exist
	read  int64       // how many bytes
	lines int         // how many lines, of those that have their end
	end   []byte      // the last bytes that were read
}

// unread returns what was appended to the file, which is open as f, since it was last read. Another file in its place, or
// one in which something else stands where the reading had ended, is read from its beginning.
func (g *growingFile) unread(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text, err := readFrom(f, g.read-int64(len(g.end)))
	text, appended := bytes.CutPrefix(text, g.end)
	if err == nil && !(appended && os.SameFile(info, g.info)) {
		*g = growingFile{path: g.path, info: info}
		text, err = readFrom(f, 0)
	}
	return text, err
}

func readFrom(f *os.File, offset int64) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(f, offset, math.MaxInt64-offset))
}

// advance notes that text, which follows what had been read, has been read.
func (g *growingFile) advance(text []byte) {
	g.read += int64(len(text))
	g.lines += bytes.Count(text, []byte("\n"))
	end := slices.Concat(g.end, text[max(len(text)-longestEnd, 0):])
	g.end = end[max(len(end)-longestEnd, 0):]
}

// longestEnd is how much is compared: some twenty lines.
const longestEnd = 4 << 10
