package action

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"hail/runner"
)

// protected reports whether folder is one that nobody can mean to delete as a whole.
func protected(folder string) bool {
	folder = path.Clean(folder)
	up := path.Dir(folder)
	return folder == "/" || up == "/" || up == "/home" || up == "/usr" || folder == "/var/lib" || folder == "/var/log"
}

// prune adds the deletion of what the manifest does not have.
func (c *comparison) prune(d Prune, items []*Item, have *found) error {
	folder := string(d.Path)
	if real := have.real(folder); d.All && real != folder && protected(real) {
		return fmt.Errorf("%s leads to %s, where hail does not delete everything that is not pushed", folder, real)
	}
	wanted := map[string]bool{"": true}
	c.managed[folder] = []string{}
	for _, item := range items {
		if strings.HasPrefix(string(item.Path), folder+"/") && item.Kind != Absent {
			for at := string(item.Path); at != folder; at = path.Dir(at) {
				wanted[at] = true
			}
			if item.Kind != Folder {
				c.managed[folder] = append(c.managed[folder], string(item.Path))
			}
		}
	}
	there := have.trees[folder]
	if !d.All {
		there = have.managed[folder]
		c.remembers = c.remembers || !slices.Equal(slices.Sorted(slices.Values(there)), slices.Sorted(slices.Values(c.managed[folder])))
	}
	slices.Sort(there)
	gone := 0
	var first []string
	for _, p := range there {
		if wanted[p] || strings.Contains(p, "/.hail-") {
			continue
		}
		if gone++; gone <= 3 {
			first = append(first, shownPath(runner.Text(p)))
		}
		c.add(&step{item: &Item{Path: runner.Text(p), Kind: Absent}, have: &state{}, what: remove})
	}
	most := d.Most
	if most == 0 {
		most = max(1, min(50, len(there)/5))
	}
	if gone > most {
		if gone > len(first) {
			first = append(first, "…")
		}
		return fmt.Errorf("%s: %d of %d would be deleted, but max_delete is %d: %s", folder, gone, len(there), most, strings.Join(first, ", "))
	}
	return nil
}

// deleteOnce leaves out what is deleted twice, or together with a folder that it is in.
func (c *comparison) deleteOnce() {
	gone := map[string]*step{}
	for _, s := range c.steps {
		if at := string(s.item.Path); s.what == remove && gone[at] == nil {
			gone[at] = s
		}
	}
	c.steps = slices.DeleteFunc(c.steps, func(s *step) bool {
		if s.what != remove {
			return false
		}
		at := string(s.item.Path)
		if gone[at] != s {
			return true
		}
		for len(at) > 1 {
			at = path.Dir(at)
			if above := gone[at]; above != nil {
				above.have.kind = 'd'
				return true
			}
		}
		return false
	})
}

// spareMounts returns an error if something is mounted in what is deleted.
func (c *comparison) spareMounts(have *found) error {
	for _, s := range c.steps {
		if s.what != remove {
			continue
		}
		below := have.real(string(s.item.Path)) + "/"
		for at := range have.mounts {
			if strings.HasPrefix(at+"/", below) {
				return fmt.Errorf("%s: something is mounted there, at %s", s.item.Path, at)
			}
		}
	}
	return nil
}
