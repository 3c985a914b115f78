package fetch

import (
	"archive/tar"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// incoming takes in what one host sends.
type incoming struct {
	fetch   Fetch
	root    *os.Root // the host's folder
	flat    string   // the name of the host's one file; empty: the host has a folder
	sent    amount
	leftOut amount // of what hidden folders hold
	files   []receivedEntry
	at      map[string]int // index into files, by local name
	refused int
	why     []string // the first mostRefused of them, each with its reason
}

// amount is how much a host has sent.
type amount struct {
	entries   int
	content   int64
	nameBytes int // bytes of all names
}

// add adds an entry. It is an error if that is more than f allows.
func (a *amount) add(h *tar.Header, f Fetch) error {
	a.entries++
	a.nameBytes += len(h.Name) + len(h.Linkname)
	switch {
	case a.entries > f.Entries:
		return fmt.Errorf("the host sends more than %d entries (--max-entries)", f.Entries)
	case h.Size > f.Bytes-a.content:
		return fmt.Errorf("the host sends more than %d bytes (--max-bytes)", f.Bytes)
	case a.nameBytes > mostNames:
		return fmt.Errorf("the host sends more than %d bytes of names", mostNames)
	}
	a.content += h.Size
	return nil
}

// Limits on what is taken from one host, whatever it sends.
const (
	longestName = 4096
	mostNames   = 256 << 20 // bytes of all names together
	mostRefused = 100       // refused entries that are listed one by one
	mostAgain   = 100       // times that a link is tried again
	longestPad  = 1 << 20   // bytes that may follow the end of the archive
)

// receivedEntry is one entry that has arrived.
type receivedEntry struct {
	path   string // on the host
	here   string // in the host's folder
	digest string // of a file
	text   string // what it is, if it is no file
	link   string // the target of a symbolic link
	size   int64
	mode   os.FileMode
}

// open makes and opens the folder for a host.
func (f Fetch) open(h inventory.Host) (*incoming, error) {
	dir, flat := filepath.Join(f.Dir, inventory.FileName(h.Name)), ""
	if strings.Contains(f.Dir, hostMark) {
		dir, flat = filepath.Split(strings.ReplaceAll(f.Dir, hostMark, inventory.FileName(h.Name)))
		dir = filepath.Clean(dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	return &incoming{fetch: f, root: root, flat: flat, at: map[string]int{}}, err
}

// receive reads the tar stream to its end.
func (in *incoming) receive(r io.Reader) (err error) {
	defer runner.Caught(&err)
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			switch _, err := io.CopyN(io.Discard, r, longestPad); {
			case err == nil:
				return errors.New("the host sends data after the end of its archive")
			case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
				return nil
			default:
				return err
			}
		}
		if err != nil {
			return err
		}
		if inHidden.MatchString(path.Clean(inArchive(h.Name))) && !in.fetch.wantsHidden() { // the host's tar can't leave it out
			if err := in.leftOut.add(h, in.fetch); err != nil {
				return err
			}
			continue
		}
		if err := in.sent.add(h, in.fetch); err != nil {
			return err
		}
		if len(h.Name) > longestName || len(h.Linkname) > longestName {
			in.refuse(h.Name[:min(len(h.Name), 100)]+"…", fmt.Sprintf("has a name of more than %d bytes", longestName))
			continue
		}
		refused, err := in.entry(h, t)
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		if refused != "" {
			in.refuse(h.Name, refused)
		}
	}
}

func (in *incoming) refuse(name, why string) {
	if below, ok := strings.CutPrefix(name, "./"); ok {
		name = "/" + below
	}
	if in.refused++; in.refused <= mostRefused {
		in.why = append(in.why, runner.Text(name).Shown()+" "+why)
	}
}

// entry takes in one entry of the stream, or returns why it is refused.
func (in *incoming) entry(h *tar.Header, content io.Reader) (refused string, err error) {
	sent := inArchive(h.Name)
	switch {
	case sent == "" || sent == ".":
		return "", nil
	case slices.Contains(strings.Split(sent, "/"), ".."):
		return "leads out of its folder", nil
	case strings.Count(sent, "/") > in.fetch.Depth:
		return fmt.Sprintf("is deeper than %d folders (--max-depth)", in.fetch.Depth), nil
	}
	sent = path.Clean(sent)
	if i, known := in.at[path.Clean(inArchive(h.Linkname))]; known && h.Typeflag == tar.TypeLink && in.files[i].link != "" { // it has two names, or was named twice
		h.Typeflag, h.Linkname = tar.TypeSymlink, in.files[i].link
	}
	one := receivedEntry{path: "/" + sent, here: sent, size: h.Size, mode: os.FileMode(h.Mode) & 0o777}
	switch {
	case in.flat == "":
		if err := in.folder(path.Dir(sent)); err != nil {
			return "", err
		}
	case h.Typeflag == tar.TypeSymlink:
		return "is a link to " + runner.Text(h.Linkname).Shown() + ": fetch that file instead", nil
	case h.Typeflag != tar.TypeReg || len(in.files) > 0:
		return "does not fit: " + hostMark + " in the name is for a single file", nil
	default:
		one.here = in.flat
	}
	if info, err := in.root.Lstat(one.here); err == nil && info.IsDir() && h.Typeflag != tar.TypeDir {
		if in.flat != "" {
			return "goes to " + runner.Text(in.flat).Shown() + ", which is a folder here: remove that first", nil
		}
		return "is a folder here, from an earlier fetch: remove that first", nil
	}
	switch h.Typeflag {
	case tar.TypeDir:
		one.text = "directory"
		err = in.folder(one.here)
	case tar.TypeReg:
		one.digest, err = in.file(one.here, h, one.mode, content)
	case tar.TypeSymlink:
		target := linkHere(one.here, h.Linkname)
		if !in.staysInside(one.here, target) {
			return "is a link that leads out of its folder: " + runner.Text(h.Linkname).Shown(), nil
		}
		one.link = h.Linkname
		one.text = "link to " + runner.Text(h.Linkname).Shown()
		err = in.link(one.here, func(part string) error { return in.root.Symlink(target, part) })
	case tar.TypeLink:
		target := path.Clean(inArchive(h.Linkname))
		i, known := in.at[target]
		switch {
		case !known && inHidden.MatchString(target):
			return "is being replaced by a push: fetch it again when that is over", nil
		case !known:
			return "is a hard link to something that was not sent", nil
		case in.files[i].digest == "":
			return "is a hard link to something other than a file", nil
		case target == one.here: // a file with several names that is fetched twice under one
			return "", nil
		}
		one.digest, one.size = in.files[i].digest, in.files[i].size
		err = in.link(one.here, func(part string) error { return in.root.Link(target, part) })
	default:
		return "is not a file, directory or link", nil
	}
	if err == nil {
		in.add(one)
	}
	return "", err
}

// inArchive returns a name as it is below the root of the host.
func inArchive(name string) string { return strings.Trim(strings.TrimPrefix(name, "./"), "/") }

// add notes what has arrived. Something that is sent twice counts once.
func (in *incoming) add(one receivedEntry) {
	if i, again := in.at[one.here]; again {
		in.files[i] = one
		return
	}
	in.at[one.here] = len(in.files)
	in.files = append(in.files, one)
}

// folder makes a folder, in place of a file or link that an earlier fetch has left: a link would lead to the files of
// another folder.
func (in *incoming) folder(name string) error {
	if _, sent := in.at[name]; sent || name == "." {
		return nil
	}
	if err := in.folder(path.Dir(name)); err != nil {
		return err
	}
	if info, err := in.root.Lstat(name); err == nil && !info.IsDir() {
		in.root.Remove(name)
	}
	if err := in.root.Mkdir(name, 0o700); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// partOf returns a name next to name, of its own, as two fetches may write the same file.
func partOf(name string) string { return path.Join(path.Dir(name), ".hail-part-"+rand.Text()) }

// file writes a file next to its final place, and renames it once it is complete.
func (in *incoming) file(name string, h *tar.Header, mode os.FileMode, content io.Reader) (digest string, err error) {
	part := partOf(name)
	f, err := in.root.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	to := runner.DigestWriter{W: f}
	_, err = io.Copy(&to, content)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = in.root.Chtimes(part, h.ModTime, h.ModTime)
	}
	if err == nil {
		err = in.root.Rename(part, name)
	}
	if err != nil {
		in.root.Remove(part)
	}
	return to.Digest(), err
}

// tell prints what has arrived, sorted by path, so that two fetches can be compared.
func (in *incoming) tell(t *runner.Target) {
	slices.SortFunc(in.files, func(a, b receivedEntry) int { return strings.Compare(a.path, b.path) })
	for _, f := range in.files {
		if f.text == "directory" {
			continue
		}
		what := f.text
		if f.digest != "" {
			what = fmt.Sprintf("%.12s %04o %d", f.digest, f.mode, f.size)
		}
		fmt.Fprintf(t.Out, "%s %s\n", what, runner.Text(f.path).Shown())
	}
	for _, r := range in.why {
		fmt.Fprintf(t.Err, "%s\n", r)
	}
	if more := in.refused - len(in.why); more > 0 {
		fmt.Fprintf(t.Err, "and %d more\n", more)
	}
}
