package fetch

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// linkHere returns the target of the link at name in the host's folder, which is the host's root for an absolute one.
func linkHere(name, target string) string {
	below, absolute := strings.CutPrefix(target, "/")
	if !absolute {
		return target
	}
	up := strings.Repeat("../", strings.Count(name, "/"))
	return cmp.Or(up+strings.TrimLeft(below, "/"), ".")
}

// staysInside reports whether a symbolic link at name leads to something within the host's folder, whatever other links
// are on the way: no parent of name may be a link, and the target may go up only at its beginning.
func (in *incoming) staysInside(name, target string) bool {
	rest := target
	for strings.HasPrefix(rest, "../") {
		rest = strings.TrimLeft(rest[2:], "/")
	}
	if path.IsAbs(target) || !filepath.IsLocal(path.Join(path.Dir(name), target)) || rest != ".." && slices.Contains(strings.Split(rest, "/"), "..") {
		return false
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := in.root.Lstat(dir); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// link makes a link next to its final place, and renames it.
func (in *incoming) link(name string, link func(part string) error) error {
	part := partOf(name)
	defer in.root.Remove(part) // two names of the same file are not renamed
	err := link(part)
	for again := 0; errors.Is(err, fs.ErrNotExist) && again < mostAgain; again++ { // another fetch has just replaced what it leads to
		err = link(part)
	}
	if err != nil {
		return err
	}
	return in.root.Rename(part, name)
}
