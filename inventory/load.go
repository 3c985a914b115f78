package inventory

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hail/inventory/sshconfig"
)

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
	all := formats()
	fits := func(as format) bool { return as.fits != nil && as.fits(f) }
	if as := all[slices.IndexFunc(all, fits)]; as.path != nil {
		as.path(ctx, b, path)
	} else {
		as.text(b, f)
	}
}

// notSources are the endings of file names in a folder that are no sources: what editors, package managers and
// Ansible leave behind, and settings and texts beside the hosts. Ansible leaves out .txt and .ini, too, which lists of
// hosts often have.
var notSources = []string{"~", ".bak", ".orig", ".swp", ".rpmnew", ".rpmsave", ".dpkg-dist", ".dpkg-old", ".retry", ".cfg", ".md", ".rst", ".pyc", ".pyo"}

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
		case isPipe(info):
			b.failRead(file, errNotRegular)
		case !info.IsDir():
			b.readPath(ctx, file)
		}
	}
}
