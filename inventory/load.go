package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hail/inventory/sshconfig"
)

// maxSource is how large a source may be, in bytes.
const maxSource = 64 << 20

// Surroundings is what sources may need from the machine. The zero value provides neither a standard input nor an
// ssh_config.
type Surroundings struct {
	Stdin     io.Reader       // what "-" reads
	SSHConfig []string        // the files that "ssh_config:" without a path reads; the first has precedence
	Local     sshconfig.Local // the local side, for ssh_config
	Environ   []string        // for programs; nil: the environment of this process
	Origins   bool            // keep what Inventory.Origins returns
}

// format is one way to write an inventory: one file of this package, and one row in docs/inventory.md. One of text
// and path is set: path reads a source that is not a single text.
type format struct {
	name string            // asks for it, as in csv:machines.txt
	fits func(f file) bool // recognises it; nil: it has to be asked for
	text func(b *builder, f file)
	path func(ctx context.Context, b *builder, path string)
}

// file is the text of a source, and the name that errors give it.
type file struct {
	path string
	text []byte
}

func (f file) ext() string { return strings.ToLower(filepath.Ext(f.path)) }

func (f file) place(line, col int) Place { return Place{f.path, line, col} }

// formats returns all formats, in the order in which they are tried; the last one takes everything.
func formats() []format {
	return []format{
		{name: "ssh_config", path: readSSHConfig},
		{name: "clustershell", path: readClusterShell},
		{name: "program", fits: isScript, path: readProgram},
		{name: "json", fits: isJSON, text: readJSON},
		{name: "yaml", fits: isYAML, text: readYAML},
		{name: "csv", fits: isCSV, text: readCSV},
		{name: "ini", fits: isINI, text: readINI},
		{name: "list", fits: func(file) bool { return true }, text: readList},
	}
}

// Load reads the sources in order and merges them: what a later source says about a host wins. A source is the path
// of a file, a program or a folder, or "-" for standard input; the name of a format and a colon may precede either,
// as in "csv:machines.txt". The error has the type Errors, with everything that is wrong. Cancelling ctx kills the
// programs that are running.
func Load(ctx context.Context, sources []string, around Surroundings) (*Inventory, error) {
	b := newBuilder(around)
	for _, s := range sources {
		b.readSource(ctx, s)
	}
	b.readVarsFiles()
	return b.resolve()
}

func (b *builder) readSource(ctx context.Context, source string) {
	if name, path, ok := strings.Cut(source, ":"); ok {
		all := formats()
		if i := slices.IndexFunc(all, func(f format) bool { return f.name == name }); i >= 0 {
			b.readAs(ctx, all[i], path)
			return
		}
	}
	b.readPath(ctx, source)
}

// readAs reads a source in the format that was asked for.
func (b *builder) readAs(ctx context.Context, as format, path string) {
	b.lastWins = false
	if as.path != nil {
		as.path(ctx, b, path)
	} else if f, ok := b.open(path); ok {
		as.text(b, f)
	}
}

// readPath reads a folder, a program, or a file in the first format that recognises it.
func (b *builder) readPath(ctx context.Context, path string) {
	b.lastWins = false
	if path != stdin {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			b.failRead(path, err)
			return
		case info.IsDir():
			b.readFolder(ctx, path)
			return
		case isProgram(path, info):
			readProgram(ctx, b, path)
			return
		}
	}
	f, ok := b.open(path)
	if !ok {
		return
	}
	for _, as := range formats() {
		switch {
		case as.fits == nil || !as.fits(f):
			continue
		case as.path != nil:
			as.path(ctx, b, path)
		default:
			as.text(b, f)
		}
		return
	}
}

// notSources are the endings of file names in a folder that are no sources: what editors, package managers and
// Ansible leave behind.
var notSources = []string{"~", ".bak", ".orig", ".swp", ".rpmnew", ".rpmsave", ".dpkg-dist", ".dpkg-old", ".retry", ".md", ".pyc"}

// readFolder reads the files of a folder in the order of their names, except hidden ones and leftovers. It leaves out
// the folders inside it, because links among them could form a circle.
func (b *builder) readFolder(ctx context.Context, path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		b.failRead(path, err)
	}
	for _, e := range entries {
		leftover := func(end string) bool { return strings.HasSuffix(e.Name(), end) }
		if strings.HasPrefix(e.Name(), ".") || slices.ContainsFunc(notSources, leftover) {
			continue
		}
		file := filepath.Join(path, e.Name())
		info, err := os.Stat(file)
		switch {
		case err != nil:
			b.failRead(file, err)
		case !info.IsDir():
			b.readPath(ctx, file)
		}
	}
}

// stdin is the source that is read from Surroundings.Stdin, and stdinName its name in messages.
const (
	stdin     = "-"
	stdinName = "standard input"
)

// open reads the text of a source and makes sure that it is plain text; ok is false after an error.
func (b *builder) open(path string) (f file, ok bool) {
	var err error
	if f.path = path; path == stdin {
		f.path = stdinName
		if b.around.Stdin == nil {
			err = errors.New("there is none")
		} else {
			f.text, err = readAll(b.around.Stdin, maxSource)
		}
	} else {
		f.text, err = ReadFile(path)
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

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0:
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("this is not a regular file")}
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
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")) {
		return nil, &Error{Place{File: name}, "this is a key, not an inventory", "did you mean --identity?"}
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
