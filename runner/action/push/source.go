package push

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"hail/runner"
)

// rendering is what a file means for a host.
type rendering struct {
	Manifest
	file  *FileSpec
	index int // of the host
	*renderer
}

// render fills the manifest.
func (r *rendering) render() error {
	f := r.file
	item := Item{Path: runner.Text(f.Dest), Mode: f.Mode, Owner: f.Owner, Group: f.Group, Validate: f.Validate, Notify: f.Notify, Symlink: f.Symlink, Secret: f.Secret}
	switch {
	case f.Absent:
		item.Kind, item.Mode, item.Owner, item.Group = Absent, 0, "", ""
	case f.Folder:
		item.Kind = Folder
	case f.Target != "":
		item.Kind, item.Target, item.Mode = Link, runner.Text(f.Target), 0
	case f.Content != nil:
		return r.content(item, "content", []byte(*f.Content))
	case strings.HasSuffix(f.Src, "/"):
		return r.tree(item)
	default:
		return r.source(item, f.Src)
	}
	r.Items = append(r.Items, item)
	return nil
}

// source adds a local file.
func (r *rendering) source(item Item, from string) error {
	if r.file.Template {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return r.content(item, from, text)
	}
	if r.sources[from] == "" {
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a directory: end it with a slash to push its content", from)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", from)
		}
		digest, size, err := digestOf(from)
		if err != nil {
			return err
		}
		r.sources[from] = digest
		r.keep(Content{Digest: digest, Size: size, Path: from, Secret: r.file.Secret})
	}
	c := r.contents[r.sources[from]]
	c.Secret = c.Secret || r.file.Secret
	item.Kind, item.Digest, item.Size = File, c.Digest, c.Size
	r.Items = append(r.Items, item)
	return nil
}

func digestOf(path string) (digest string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	d := runner.DigestWriter{W: io.Discard}
	if _, err := io.Copy(&d, f); err != nil {
		return "", 0, err
	}
	return d.Digest(), d.Size, nil
}

func (r *renderer) keep(c Content) {
	if was := r.contents[c.Digest]; was != nil {
		was.Secret = was.Secret || c.Secret
		return
	}
	r.contents[c.Digest] = &c
}

// folderMode returns the mode of a local folder.
func folderMode(info fs.FileInfo) int {
	mode := int(info.Mode().Perm())
	if info.Mode()&fs.ModeSetgid != 0 {
		mode |= setgid
	}
	if info.Mode()&fs.ModeSticky != 0 {
		mode |= sticky
	}
	return mode
}

// Modes above the permissions.
const (
	setgid = 0o2000
	sticky = 0o1000
)

// tree adds what is in a local folder. The mode of the spec is for files; without it they keep their own, as the
// folders below root always do.
func (r *rendering) tree(base Item) error {
	root := r.file.Src
	if r.file.Delete != "none" {
		r.Deletes = []Prune{{Path: base.Path, All: r.file.Delete == "all", Most: r.file.MaxDelete}}
	}
	return filepath.WalkDir(root, func(from string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, from)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		item := base
		item.Path = runner.Text(path.Join(string(base.Path), filepath.ToSlash(below)))
		if err := CheckDest(string(item.Path)); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		if info.Mode().Perm() == 0 && (item.Mode == 0 || d.IsDir()) { // a mode of 0 would be the default
			return fmt.Errorf("%s has the mode 0000, which can't be pushed", from)
		}
		switch {
		case d.IsDir():
			item.Kind, item.Validate, item.Mode = Folder, "", folderMode(info)
			if below == "." {
				item.Mode = 0 // this folder may be there already
			}
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(from)
			if err != nil {
				return err
			}
			item.Kind, item.Target, item.Mode, item.Validate = Link, runner.Text(target), 0, ""
		case d.Type().IsRegular():
			if item.Mode == 0 {
				if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 { // it would be so for whom it belongs to there
					return fmt.Errorf("%s is setuid or setgid, which is not pushed with a folder: say which mode its files get, or push it by itself", from)
				}
				item.Mode = int(info.Mode().Perm())
			}
			return r.source(item, from)
		default:
			return fmt.Errorf("%s is not a file, directory or link", from)
		}
		r.Items = append(r.Items, item)
		return nil
	})
}
