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
	"syscall"
	"unicode"
	"unicode/utf8"
)

// file is the text of a source, and the name that errors give it.
type file struct {
	path string
	text []byte
}

func (f file) ext() string { return strings.ToLower(filepath.Ext(f.path)) }

func (f file) place(line, col int) Place { return Place{f.path, line, col} }

// maxSource is how large a source may be, in bytes.
const maxSource = 64 << 20

// stdin is the source that is read from Surroundings.Stdin, and stdinName its name in messages.
const (
	stdin     = "-"
	stdinName = "standard input"
)

// open reads the text of a source and makes sure that it is plain text; ok is false after an error.
func (b *builder) open(path string) (f file, ok bool) {
	var err error
	switch f.path = path; {
	case path != stdin:
		f.text, err = readFile(path)
	case b.around.Stdin == nil:
		f.path, err = stdinName, errors.New("there is none")
	default:
		f.path = stdinName
		f.text, err = readAll(b.around.Stdin, maxSource)
	}
	if err != nil {
		b.failRead(f.path, err)
		return f, false
	}
	var wrong *Error
	if f.text, wrong = plainText(f.path, f.text); wrong != nil {
		b.errs = append(b.errs, wrong)
	}
	return f, wrong == nil
}

// firstLine returns the first line of text that is neither blank nor a comment, without the blanks around it; nil
// when there is none.
func firstLine(text []byte) []byte {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && line[0] != ';' {
			return line
		}
	}
	return nil
}

// ReadFile reads a regular file or a named pipe of at most 64 MiB. Anything else is an error, so that an endless
// device cannot fill the memory. It fits Lookups.File.
func ReadFile(path string) ([]byte, error) {
	text, err := readFile(path)
	return text, Plain(err)
}

// Plain returns an *fs.PathError without the name of the call that failed, which tells users nothing, and any other
// error as it is. errors.Is and errors.As still see the original error.
func Plain(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return fileError{p}
	}
	return err
}

type fileError struct{ p *fs.PathError }

func (e fileError) Error() string { return e.p.Path + ": " + e.p.Err.Error() }
func (e fileError) Unwrap() error { return e.p }

var errNotRegular = errors.New("this is not a regular file")

// isPipe reports whether a file is a named pipe, which may never come to its end. One that is found in a folder is not
// read: nobody asked for it.
func isPipe(info fs.FileInfo) bool { return info.Mode()&fs.ModeNamedPipe != 0 }

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular() && !isPipe(info):
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, maxSource)
}

// readAll reads r to its end; more than most bytes are an error.
func readAll(r io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("larger than %d MiB, too large for an inventory", most>>20)
	}
	return text, err
}

// plainText returns text without its byte order mark. It refuses a key, before any of it can show up in an error, and
// text that is not UTF-8 or has control characters.
func plainText(name string, text []byte) ([]byte, *Error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")):
		return nil, &Error{Place{File: name}, "this is a key, not an inventory", "did you mean --identity?"}
	case bytes.HasPrefix(text, []byte("PK\x03\x04")): // as .xlsx and .ods are
		return nil, &Error{Place{File: name}, "this is a packed file, not text", "save a spreadsheet as CSV"}
	}
	line, start := 1, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, &Error{Place{name, line, i - start + 1}, "this is not UTF-8 text", ""}
		case r == '\n':
			line, start = line+1, i+1
		case unicode.IsControl(r) && r != '\t' && r != '\r':
			return nil, &Error{Place{name, line, i - start + 1}, fmt.Sprintf("the control character %q is not allowed here", r), ""}
		}
		i += size
	}
	return text, nil
}

func (b *builder) failRead(path string, err error) {
	if path == "" {
		b.fail(Place{}, "the name of a source of hosts is empty", "-i FILE")
		return
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	hint := ""
	if errors.Is(err, fs.ErrNotExist) {
		hint = "name an inventory with -i FILE, or only hosts with -w"
		if name, _, ok := strings.Cut(path, ":"); ok {
			var known []string
			for _, f := range formats() {
				known = append(known, f.name)
			}
			hint = "the formats before a colon are " + strings.Join(known, ", ")
			if near := Nearest(name, known); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near+":")
			}
		}
	}
	b.fail(Place{File: path}, err.Error(), hint)
}
