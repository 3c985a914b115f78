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
	"unicode"
	"unicode/utf8"
)

// MaxSource is how large a source may be, in bytes.
const MaxSource = 64 << 20

// Load reads the sources, in order, and merges them: what a later one says of a host wins. A source is a file in hail's
// YAML (.yaml, .yml), a list of hosts (any other text), a folder of such files, or "-", which reads a list from stdin.
// What is wrong with them comes back as Errors.
func Load(sources []string, stdin io.Reader) (*Inventory, error) {
	b := newBuilder()
	for _, s := range sources {
		if s == "-" {
			b.readStdin(stdin)
		} else {
			b.readPath(s)
		}
	}
	return b.resolve()
}

func (b *builder) readStdin(stdin io.Reader) {
	const name = "standard input"
	if stdin == nil {
		b.fail(Place{File: name}, "there is none", "")
		return
	}
	text, err := readAll(stdin, MaxSource)
	if err != nil {
		b.fail(Place{File: name}, err.Error(), "")
		return
	}
	b.readText(name, text, b.readList)
}

func (b *builder) readPath(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		b.failRead(path, err)
	case info.IsDir():
		b.readFolder(path)
	default:
		b.readFile(path)
	}
}

// readFolder reads the files of a folder in the order of their names, but for hidden ones and backups. Folders inside it
// are left out: links among them could lead in circles.
func (b *builder) readFolder(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		b.failRead(path, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), "~") {
			continue
		}
		file := filepath.Join(path, e.Name())
		info, err := os.Stat(file)
		switch {
		case err != nil:
			b.failRead(file, err)
		case !info.IsDir():
			b.readFile(file)
		}
	}
}

func (b *builder) readFile(path string) {
	text, err := ReadFile(path)
	if err != nil {
		b.failRead(path, err)
		return
	}
	read := b.readList
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".yaml", ".yml":
		read = b.readNative
	case ".ini", ".cfg", ".json", ".csv":
		b.fail(Place{File: path}, fmt.Sprintf("a source of the kind %s can't be read", ext), "bring the hosts as a list, one a line, or in hail's YAML")
		return
	}
	if bytes.HasPrefix(text, []byte("#!")) {
		b.fail(Place{File: path}, "this is a program, and programs are not run", "pass on what it prints: program | hail hosts -a -i -")
		return
	}
	b.readText(path, text, read)
}

// readText reads a text that is what it should be.
func (b *builder) readText(name string, text []byte, read func(name string, text []byte)) {
	text, wrong := plainText(name, text)
	if wrong != nil {
		b.errs = append(b.errs, wrong)
		return
	}
	read(name, text)
}

// ReadFile reads a file, or a pipe, of at most MaxSource bytes. Everything else is an error, so that a device without
// end can't fill the memory. It fits Lookups.File.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0:
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("this is no file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, MaxSource)
}

// readAll reads r to its end, or to an error when there is more of it.
func readAll(r io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("larger than %d MiB: this is no inventory", most>>20)
	}
	return text, err
}

// plainText returns text without a byte order mark. A key is refused before any of it could show up in an error, and so
// is what is not printable text in UTF-8.
func plainText(name string, text []byte) ([]byte, *Error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")) {
		return nil, &Error{Place{File: name}, "this is a key, not an inventory", "did you mean --identity?"}
	}
	line, start := 1, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, &Error{Place{name, line, i - start + 1}, "this is not text in UTF-8", ""}
		case r == '\n':
			line, start = line+1, i+1
		case unicode.IsControl(r) && r != '\t' && r != '\r':
			return nil, &Error{Place{name, line, i - start + 1}, fmt.Sprintf("the control character %q has no place here", r), ""}
		}
		i += size
	}
	return text, nil
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

func (b *builder) readList(file string, text []byte) {
	entries, errs := parseList(file, text)
	b.errs = append(b.errs, errs...)
	for _, e := range entries {
		b.add(e.names, settings{conn: e.conn}, nil, e.place)
	}
}
