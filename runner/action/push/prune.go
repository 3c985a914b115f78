package push

import (
	"fmt"
	"maps"
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

// pushed says where a push puts something, and which folders and links lead there.
type pushed struct{ at, below map[string]bool }

func pushedOf(all []*step, have *found) pushed {
	p := pushed{map[string]bool{}, map[string]bool{}}
	seen := map[string]bool{}
	lead := func(at string) {
		for ; len(at) > 1 && !p.below[at]; at = path.Dir(at) {
			p.below[at] = true
		}
	}
	for _, s := range all {
		if s.item.Kind == Absent {
			continue
		}
		p.at[s.place] = true
		lead(path.Dir(s.place))
		for _, named := range []string{string(s.item.Path), s.item.followed} {
			for at := path.Dir(named); len(at) > 1 && !seen[at]; at = path.Dir(at) {
				seen[at] = true
				lead(have.place(at))
			}
		}
		if s.item.followed != "" {
			lead(have.place(s.item.followed))
		}
	}
	return p
}

// prune adds the deletion of what the manifest does not have.
func (c *comparison) prune(d Prune, all []*step, pushed pushed, have *found) error {
	folder := string(d.Path)
	real := have.real(folder)
	switch {
	case d.All && real != folder && protected(real):
		return fmt.Errorf("%s leads to %s, where hail does not delete everything that is not pushed", folder, real)
	case d.All && strings.HasPrefix(have.home+"/", real+"/"):
		return fmt.Errorf("the home folder %s is there: hail does not delete everything in %s that is not pushed", have.home, folder)
	}
	c.managed[folder] = []string{}
	for _, s := range all {
		if kind := s.item.Kind; kind != Absent && kind != Folder && strings.HasPrefix(string(s.item.Path), folder+"/") {
			c.managed[folder] = append(c.managed[folder], string(s.item.Path))
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
		place := have.place(p)
		if p == "" || pushed.at[place] || pushed.below[place] || strings.Contains(p, "/.hail-") {
			continue
		}
		if gone++; gone <= 3 {
			first = append(first, runner.Text(p).Shown())
		}
		c.add(&step{item: &Item{Path: runner.Text(p), Kind: Absent}, place: place, have: &state{}, what: remove})
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
		if s.what == remove && gone[s.place] == nil {
			gone[s.place] = s
		}
	}
	c.steps = slices.DeleteFunc(c.steps, func(s *step) bool {
		if s.what != remove {
			return false
		}
		at := s.place
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
	mounts := slices.Sorted(maps.Keys(have.mounts))
	for _, s := range c.steps {
		if s.what != remove {
			continue
		}
		below := s.place + "/"
		for _, at := range mounts {
			if strings.HasPrefix(at+"/", below) {
				return fmt.Errorf("%s: something is mounted there, at %s", s.item.Path, at)
			}
		}
	}
	return nil
}
