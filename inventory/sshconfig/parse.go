package sshconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/kevinburke/ssh_config"
)

// directive is one line: a keyword and its arguments.
type directive struct {
	keyword string // lower case
	rest    string // of the line, as it stands
	args    []string
	file    string
	line    int
}

func (d directive) fail(text string) error { return &Error{d.file, d.line, text, ""} }

// condition is a Host or a Match line. A Host line has patterns, a Match line criteria.
type condition struct {
	patterns []pattern
	criteria []criterion
	file     string
	line     int
}

// block is a run of lines that apply under the same conditions: that of the line that begins the block, and those of
// the blocks that include its file.
type block struct {
	conditions []condition
	directives []directive
}

// loader reads files and the files that they include.
type loader struct {
	c             *Config
	files         int             // read so far
	named         map[string]bool // the names of the aliases
	ignoreUnknown []pattern
}

// Limits on the files and their number. ssh stops at the same depth.
const (
	maxFile  = 4 << 20
	maxDepth = 16
	maxFiles = 10_000
)

// file reads one file; above are the conditions under which it was included. A file that does not exist is passed
// over.
func (l *loader) file(path, dir string, above []condition, depth int) error {
	text, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if errors.Is(err, errNoFile) {
		return &Error{path, 0, err.Error(), "a repeated run reads it again: write it to a file"}
	}
	if err != nil {
		return &Error{path, 0, reason(err), ""}
	}
	if l.files++; l.files > maxFiles {
		return &Error{path, 0, "too many files are included", ""}
	}
	directives, err := parseLines(path, text)
	if err != nil {
		return err
	}
	here := above // of the current block
	l.begin(here)
	for _, d := range directives {
		switch d.keyword {
		case "host":
			if len(d.args) == 0 {
				return d.fail("host: a pattern is missing")
			}
			here = append(slices.Clip(above), l.host(d))
			l.begin(here)
		case "match":
			criteria, err := parseMatch(d.args)
			if err != nil {
				return d.fail(err.Error())
			}
			here = append(slices.Clip(above), condition{criteria: criteria, file: d.file, line: d.line})
			l.begin(here)
		case "include":
			if err := l.include(d, dir, here, depth); err != nil {
				return err
			}
			l.begin(here)
		default:
			if err := l.check(d); err != nil {
				return err
			}
			last := &l.c.blocks[len(l.c.blocks)-1]
			last.directives = append(last.directives, d)
		}
	}
	return nil
}

func (l *loader) begin(conditions []condition) {
	l.c.blocks = append(l.c.blocks, block{conditions: conditions})
}

// host reads the patterns of a Host line, and records the plain names among them as aliases.
func (l *loader) host(d directive) condition {
	c := condition{file: d.file, line: d.line, patterns: make([]pattern, len(d.args))}
	for i, a := range d.args {
		p := newPattern(a)
		c.patterns[i] = p
		if p.plain && !p.negated && !l.named[p.text] {
			l.named[p.text] = true
			l.c.aliases = append(l.c.aliases, Alias{p.text, d.file, d.line})
		}
	}
	return c
}

// include reads the files that an Include names. Relative names start at dir, and the matches of a wildcard are read
// in the order of their names.
func (l *loader) include(d directive, dir string, here []condition, depth int) error {
	if len(d.args) == 0 {
		return d.fail("include: a file is missing")
	}
	if depth >= maxDepth {
		return d.fail(fmt.Sprintf("files include each other more than %d deep", maxDepth))
	}
	for _, arg := range d.args {
		path, err := l.c.local.InHome(arg)
		if err != nil { // no such user: nothing matches, as for ssh
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		found, err := filepath.Glob(path)
		if err != nil {
			return d.fail(fmt.Sprintf("include: %q is not a file pattern", arg))
		}
		for _, f := range found {
			if err := l.file(f, dir, here, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// check refuses keywords that ssh does not know, and values that it does not take.
func (l *loader) check(d directive) error {
	if d.keyword == "ignoreunknown" && len(d.args) > 0 {
		for p := range strings.SplitSeq(d.args[0], ",") {
			l.ignoreUnknown = append(l.ignoreUnknown, newPattern(strings.ToLower(p)))
		}
		return nil
	}
	k, known := keywords[d.keyword]
	switch {
	case ignored[d.keyword], !known && matchAny(l.ignoreUnknown, d.keyword):
		return nil
	case !known:
		return d.fail(fmt.Sprintf("unknown keyword %q", d.keyword))
	case len(d.args) == 0 && !(k.raw && d.rest != ""):
		return d.fail(d.keyword + ": a value is missing")
	case len(d.args) > 1 && !k.list && !k.raw:
		return d.fail(fmt.Sprintf("%s takes one value, but %q follows it", d.keyword, d.args[1]))
	}
	return k.set(&evaluation{c: l.c, decided: map[string]bool{}}, d)
}

// parseLines reads the lines of a file. The library splits the plain ones. Lines that it would read differently from
// ssh are split here, among them Host, Match and Include.
func parseLines(path string, text []byte) (directives []directive, err error) {
	var plain bytes.Buffer
	aside := map[int]directive{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		keyword, rest := cutKeyword(strings.TrimPrefix(line, "\ufeff"))
		d := directive{keyword: newName(keyword), rest: strings.TrimRight(rest, blanks+"\f"), file: path, line: number}
		switch {
		case keyword == "":
			plain.WriteString("\n")
		case isPlain(d.keyword, d.rest):
			fmt.Fprintf(&plain, "%s %s\n", d.keyword, d.rest)
		default:
			if d.args, err = splitArgs(d.rest); err != nil {
				return nil, d.fail(err.Error())
			}
			aside[number] = d
			plain.WriteString("\n")
		}
	}
	parsed, err := ssh_config.DecodeBytes(plain.Bytes())
	if err != nil {
		return nil, &Error{path, 0, err.Error(), ""}
	}
	for _, h := range parsed.Hosts {
		for _, n := range h.Nodes {
			if kv, ok := n.(*ssh_config.KV); ok {
				value := strings.TrimSpace(kv.Value)
				directives = append(directives, directive{strings.ToLower(kv.Key), value, strings.Fields(value), path, kv.Pos().Line})
			}
		}
	}
	for _, d := range aside {
		directives = append(directives, d)
	}
	slices.SortFunc(directives, func(a, b directive) int { return a.line - b.line })
	return directives, nil
}

// isPlain says whether the library reads a line as ssh does.
func isPlain(keyword, rest string) bool {
	if keyword == "host" || keyword == "match" || keyword == "include" || rest == "" || strings.ContainsAny(rest, "\"'\\#\t=") {
		return false
	}
	for _, c := range []byte(keyword + rest) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return !strings.ContainsFunc(keyword, func(c rune) bool { return c < 'a' || c > 'z' })
}

var errNoFile = errors.New("this is not a regular file")

// readFile reads a regular file of at most maxFile bytes that belongs to the user or root and that nobody else may
// write to.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for a writer
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	st, isUnix := info.Sys().(*syscall.Stat_t)
	switch {
	case info.IsDir():
		return nil, syscall.EISDIR
	case !info.Mode().IsRegular():
		return nil, errNoFile
	case info.Mode().Perm()&0o022 != 0:
		return nil, errors.New("it is not taken: others may write to it (chmod go-w)")
	case isUnix && st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return nil, errors.New("it is not taken: it belongs to somebody else")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("larger than %d MiB, too large for an ssh_config", maxFile>>20)
	}
	return text, err
}

func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
