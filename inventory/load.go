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

// Surroundings is what sources may need of the machine. The zero value has none of it.
type Surroundings struct {
	Stdin     io.Reader       // what "-" reads
	SSHConfig []string        // the files that "ssh_config:" alone means, the first having precedence
	Local     sshconfig.Local // the side that ssh_config is read for
	Environ   []string        // of programs; nil: the environment of this process
	Origins   bool            // remember who said what, for Inventory.Origins
}

// format is one way to write an inventory: one file of this package, and one row in docs/inventory.md. Either text reads
// it, or path does where it is not one text.
type format struct {
	name string            // asks for it: csv:machines.txt
	fits func(f file) bool // recognises it; nil: it has to be asked for
	text func(b *builder, f file)
	path func(ctx context.Context, b *builder, path string)
}

// file is a text of a source, and the name of the source in errors.
type file struct {
	path string
	text []byte
}

func (f file) ext() string { return strings.ToLower(filepath.Ext(f.path)) }

func (f file) place(line, col int) Place { return Place{f.path, line, col} }

// formats are tried in this order; the last one takes everything.
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

// Load reads the sources, in order, and merges them: what a later one says of a host wins. A source is the path of a file,
// a program or a folder; "-", which is stdin; or either of them behind the name of a format and a colon, as in
// "csv:machines.txt". What is wrong with them comes back as Errors. Cancelling ctx ends programs that run.
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
	if source == "" {
		b.fail(Place{}, "the name of a source of hosts is empty", "-i FILE")
		return
	}
	b.readPath(ctx, source)
}

// readAs reads a source in a format that was asked for.
func (b *builder) readAs(ctx context.Context, as format, path string) {
	b.lastWins = false
	if as.path != nil {
		as.path(ctx, b, path)
	} else if f, ok := b.open(path); ok {
		as.text(b, f)
	}
}

// readPath reads a source in the format that it seems to be in.
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

// notSources end the names of files in a folder that are no sources: what editors, package managers and Ansible leave
// behind.
var notSources = []string{"~", ".bak", ".orig", ".swp", ".rpmnew", ".rpmsave", ".dpkg-dist", ".dpkg-old", ".retry", ".md", ".pyc"}

// readFolder reads the files of a folder in the order of their names, but for hidden ones and leftovers. Folders inside it
// are left out: links among them could lead in circles.
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

// stdin is the source that is read from Surroundings.Stdin, and stdinName what it is called.
const (
	stdin     = "-"
	stdinName = "standard input"
)

// open reads the text of a source, which has to be what it should be.
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

// ReadFile reads a file, or a pipe, of at most 64 MiB. Everything else is an error, so that a device without
// end can't fill the memory. It fits Lookups.File.
func ReadFile(path string) ([]byte, error) {
	text, err := readFile(path)
	return text, Plain(err)
}

// Plain is the error of a file without the name of the call that failed, which tells people nothing; any other as it is.
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
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("this is no file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, maxSource)
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
