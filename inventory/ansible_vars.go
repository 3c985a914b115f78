package inventory

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"hail/inventory/strictyaml"
)

// readVarsFiles reads the folders group_vars and host_vars beside the sources in Ansible's formats. A file there wins
// over what the sources say about the group or the host, as in Ansible.
func (b *builder) readVarsFiles() {
	for _, dir := range b.varsDirs {
		for _, path := range b.list(filepath.Join(dir, "group_vars")) {
			if g := b.groups[entityOf(path)]; g != nil {
				g.filed = g.filed.overlay(b.varsOf(path, "group "+g.name))
			}
		}
		for _, path := range b.list(filepath.Join(dir, "host_vars")) {
			if h := b.byName[entityOf(path)]; h != nil {
				h.said, h.earlier = h.settings().overlay(b.varsOf(path, "host")), nil
			}
		}
	}
}

// varsExts are the extensions of files with vars; the first one that exists counts, as in Ansible.
var varsExts = []string{"", ".yml", ".yaml", ".json"}

// entityOf returns the group or host that a file or folder of vars belongs to. IPv6 addresses get brackets, as hail
// names them.
func entityOf(path string) string {
	name := filepath.Base(path)
	if ext := filepath.Ext(name); ext != "" && slices.Contains(varsExts, ext) {
		name = strings.TrimSuffix(name, ext)
	}
	return bracketed(name)
}

// list returns the paths in a folder of vars, one for each group or host; none if there is no such folder.
func (b *builder) list(dir string) (paths []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			b.failRead(dir, err)
		}
		return nil
	}
	seen := map[string]bool{}
	for _, ext := range varsExts {
		for _, e := range entries {
			entity := entityOf(e.Name())
			if !seen[entity] && e.Name() == strings.Trim(entity, "[]")+ext {
				seen[entity] = true
				paths = append(paths, filepath.Join(dir, e.Name()))
			}
		}
	}
	return paths
}

// varsOf reads the vars in a file, or in all files of a folder.
func (b *builder) varsOf(path, by string) (said settings) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		b.failRead(path, err)
		return said
	case !info.IsDir():
		return b.varsFile(path, by)
	}
	path += "/" // follow a link to a folder
	err = filepath.WalkDir(path, func(file string, e fs.DirEntry, err error) error {
		name, ext := filepath.Base(file), filepath.Ext(file)
		leftover := strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~")
		switch {
		case err != nil:
			return err
		case file == path:
		case e.IsDir() && (leftover || ext != ""): // as in Ansible
			return filepath.SkipDir
		case !e.IsDir() && !leftover && slices.Contains(varsExts, ext):
			said = said.overlay(b.varsFile(file, by))
		}
		return nil
	})
	if err != nil {
		b.failRead(path, err)
	}
	return said
}

func (b *builder) varsFile(path, by string) (said settings) {
	if info, err := os.Stat(path); err == nil && isPipe(info) {
		b.failRead(path, errNotRegular)
		return said
	}
	f, ok := b.open(path)
	if !ok {
		return said
	}
	if bytes.HasPrefix(f.text, []byte("$ANSIBLE_VAULT;")) {
		said.remark(path, Remark{Error: Error{Place: f.place(1, 1), Text: "this file is encrypted by ansible-vault: its vars are left out"}})
		return said
	}
	a := ansibleSource{nodeReader{b, f.path}}
	switch root := b.parseYAML11(f); {
	case root == nil:
	case root.Kind != strictyaml.Map && root.Kind != strictyaml.Null:
		a.fail(root, "vars have to be a mapping", "role: web")
	default:
		a.setAll(&said, root, by)
	}
	return said
}
