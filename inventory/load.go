package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MaxSource is how large a source may be, in bytes.
const MaxSource = 64 << 20

// Load reads the sources, in order, and merges them: what a later one says of a host wins. A source is a file in hail's
// YAML (.yaml, .yml), a list of hosts (any other text), a folder of such files, or "-", which reads a list from stdin.
// What is wrong with them comes back as Errors.
func Load(sources []string, stdin io.Reader) (*Inventory, error) {
	b := newBuilder()
	for _, s := range sources {
		switch {
		case s == "-":
			b.readStdin(stdin)
		default:
			b.readPath(s)
		}
	}
	return b.resolve()
}

func (b *builder) readStdin(stdin io.Reader) {
	text, err := io.ReadAll(io.LimitReader(stdin, MaxSource+1))
	if err == nil && len(text) > MaxSource {
		err = errTooLarge
	}
	if err != nil {
		b.fail(Place{File: "standard input"}, err.Error(), "")
		return
	}
	b.readList("standard input", text)
}

var errTooLarge = fmt.Errorf("larger than %d MiB: this is no inventory", MaxSource>>20)

// readPath reads a file, or the files of a folder in the order of their names.
func (b *builder) readPath(path string) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			b.failRead(path, err)
		}
		for _, e := range entries {
			if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasSuffix(e.Name(), "~") {
				b.readPath(filepath.Join(path, e.Name()))
			}
		}
		return
	}
	var text []byte
	switch {
	case err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0:
		err = errors.New("this is no file")
	case err == nil:
		text, err = readLimited(path)
	}
	if err != nil {
		b.failRead(path, err)
		return
	}
	b.readFile(path, text)
}

// readLimited reads a file without trusting its size.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxSource+1))
	if err == nil && len(text) > MaxSource {
		err = errTooLarge
	}
	return text, err
}

func (b *builder) failRead(path string, err error) {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = "name an inventory with -i FILE, or hosts alone with -w"
	}
	b.fail(Place{File: path}, err.Error(), hint)
}

// readFile says what kind of source the text is.
func (b *builder) readFile(path string, text []byte) {
	ext := strings.ToLower(filepath.Ext(path))
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")):
		b.fail(Place{File: path}, "this is a key, not an inventory", "did you mean --identity "+path+"?")
	case bytes.IndexByte(text, 0) >= 0:
		b.fail(Place{File: path}, "this is no text in UTF-8", "")
	case ext == ".yaml" || ext == ".yml":
		readNative(b, path, text)
	default:
		b.readList(path, text)
	}
}

func (b *builder) readList(file string, text []byte) {
	entries, errs := parseList(file, text)
	b.errs = append(b.errs, errs...)
	for _, e := range entries {
		for _, name := range e.names {
			b.host(name, hostDef{conn: e.conn}, nil, e.place)
		}
	}
}
