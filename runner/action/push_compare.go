package action

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"hail/inventory"
	"hail/runner/action/check"
)

// comparison is what a push has to do on a host.
type comparison struct {
	host      inventory.Host
	index     int
	steps     []*step
	warnings  []string
	notified  map[string]bool     // handlers
	managed   map[string][]string // what the host is to remember, by folder
	remembers bool                // managed differs from what the host remembers
	health    []check.Check       // what has to pass afterwards
	owes      []string            // paths kept by earlier pushes whose handlers and health are due with this one
	handled   []string            // handlers that ran
}

// isEmpty reports whether there is nothing to do on the host.
func (c *comparison) isEmpty() bool { return len(c.steps) == 0 && !c.remembers && c.owes == nil }

// compare returns what has to be done so that the host has what the manifest says. It is an error if that can't be done
// or would do harm.
func (p Push) compare(m *Manifest, have *found) (*comparison, error) {
	c := &comparison{notified: map[string]bool{}, managed: map[string][]string{}}
	made := map[string]bool{} // folders that this push makes
	items := make([]*Item, len(m.Items))
	for i := range m.Items {
		items[i] = &m.Items[i]
	}
	slices.SortStableFunc(items, func(a, b *Item) int { return strings.Compare(string(a.Path), string(b.Path)) })
	need := map[string]int64{} // bytes, by device
	where := map[string]string{}
	for _, item := range items {
		s, err := p.step(item, have, made)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", item.Path, err)
		}
		if s == nil {
			continue
		}
		if s.makesFolder() {
			made[string(item.Path)] = true
		}
		parent := path.Dir(string(item.Path))
		for made[parent] {
			parent = path.Dir(parent)
		}
		if at := have.at[parent]; at != nil && at.kind == 'd' && item.Kind == File && (s.what == create || s.what == content || s.what == retype) {
			need[at.device] += item.Size
			where[at.device] = parent
		}
		if at := have.at[parent]; at != nil && at.locked && have.uid != 0 && s.what != meta { // for root, step has failed already
			if w := fmt.Sprintf("the folder %s does not seem to be writable for user %d", parent, have.uid); !slices.Contains(c.warnings, w) {
				c.warnings = append(c.warnings, w)
			}
		}
		if s.what == content && s.have.links > 1 {
			c.warnings = append(c.warnings, fmt.Sprintf("%s has %d hard links: the others keep the old content", item.Path, s.have.links))
		}
		c.add(s)
	}
	for device, bytes := range need {
		if room, known := have.room[where[device]]; known && bytes > room<<10 {
			return nil, fmt.Errorf("%s: there is room for %d KiB, but %d are needed", where[device], room, (bytes+1023)>>10)
		}
	}
	for _, d := range m.Deletes {
		if err := c.prune(d, items, have); err != nil {
			return nil, err
		}
	}
	c.deleteOnce()
	if err := c.spareMounts(have); err != nil {
		return nil, err
	}
	c.owe(items, m.Deletes, have.owed, len(p.Validate) > 0 || p.Health != nil)
	return c, nil
}

// owe adds the paths kept by earlier pushes that are due now: those that this push manages, if it has a handler for the
// path, validates the whole or checks health. A push that only brings files leaves them owed.
func (c *comparison) owe(items []*Item, deletes []Prune, owed []string, judged bool) {
	for _, p := range owed {
		i, ours := slices.BinarySearchFunc(items, p, func(item *Item, p string) int { return strings.Compare(string(item.Path), p) })
		due := judged && (ours || slices.ContainsFunc(deletes, func(d Prune) bool { return strings.HasPrefix(p, string(d.Path)+"/") }))
		if ours {
			for _, h := range items[i].Notify {
				c.notified[h], due = true, true
			}
		}
		if due {
			c.owes = append(c.owes, p)
		}
	}
	if c.owes != nil {
		c.warnings = append(c.warnings, "a handler or health check of an earlier push failed, and its new files stayed: handlers and health checks are due again")
	}
}

func (c *comparison) add(s *step) {
	c.steps = append(c.steps, s)
	for _, h := range s.item.Notify {
		c.notified[h] = true
	}
}

// step returns what has to be done about an item; nil if it is as it should be.
func (p Push) step(item *Item, have *found, made map[string]bool) (*step, error) {
	at := have.at[string(item.Path)]
	s := &step{item: item, have: at, mode: item.Mode, uid: at.uid, gid: at.gid}
	parent := path.Dir(string(item.Path))
	if at.kind == '-' {
		s.uid, s.gid = have.uid, have.gid
		if item.Kind == Absent {
			return nil, nil
		}
		switch above := have.at[parent]; {
		case made[parent], above.isFolder():
		case above.kind == '-', above.kind == 'l':
			return nil, fmt.Errorf("there is no folder %s (an entry {dest: %[1]s, state: directory} creates it)", parent)
		default:
			return nil, fmt.Errorf("%s is not a folder", parent)
		}
	} else if s.mode == 0 && at.kind != 'l' {
		s.mode = at.mode
	}
	if s.mode == 0 {
		if s.mode = 0o644; item.Kind == Folder {
			s.mode = 0o755
		}
	}
	var err error
	if item.Owner != "" {
		was := s.uid
		if s.uid, err = owner(item.Owner, have.users, "user"); err != nil {
			return nil, err
		}
		if s.uid != was && have.uid != 0 {
			return nil, fmt.Errorf("only root may give it to %s: use --sudo", item.Owner)
		}
	}
	if item.Group != "" {
		if s.gid, err = owner(item.Group, have.groups, "group"); err != nil {
			return nil, err
		}
		s.regroup = have.uid != 0 && item.Kind != Link
	}
	s.what, err = kindOfStep(item, at, have.mounts[string(item.Path)])
	if err == nil && s.what != "" && have.at[parent].locked && have.uid == 0 { // for others a warning: not every shell sees all rights
		err = fmt.Errorf("the folder %s is read-only", parent)
	}
	if err != nil || s.what != "" {
		return s, err
	}
	if item.Kind == File || item.Kind == Folder && at.kind == 'd' {
		if s.mode != at.mode || s.uid != at.uid || s.gid != at.gid {
			s.what = meta
			return s, nil
		}
	}
	return nil, nil
}

// owner returns the number of a user or group, given by name or number.
func owner(name string, known map[string]int, what string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, nil
	}
	n, ok := known[name]
	if !ok {
		return 0, fmt.Errorf("there is no %s %s on the host", what, name)
	}
	return n, nil
}

// kindOfStep compares only kind and content. It returns "" if both are as they should be.
func kindOfStep(item *Item, at *state, mounted bool) (stepKind, error) {
	switch {
	case at.kind == '-':
		return create, nil
	case item.Kind == Folder && at.isFolder():
		return "", nil
	case mounted:
		return "", errors.New("something is mounted there")
	case at.kind == 'o':
		return "", errors.New("it is a device, a pipe or a socket")
	case item.Kind == Absent:
		if at.kind == 'd' && protected(string(item.Path)) {
			return "", errors.New("hail does not delete this folder")
		}
		return remove, nil
	case at.kind == 'd':
		return "", errors.New("it is a directory")
	case at.kind == 'l' && item.Kind == Link && at.target == string(item.Target):
		return "", nil
	case at.kind == 'l' && item.Kind != Link && item.Symlink != "replace":
		return "", fmt.Errorf("it is a link to %s: set symlink to follow or replace", at.target)
	case at.kind == 'f' && item.Kind == File && at.sum == item.Digest:
		return "", nil
	case at.kind == 'f' && item.Kind == File:
		return content, nil
	case at.kind == 'f' && item.Kind == Folder:
		return "", errors.New("it is a file, not a directory")
	}
	return retype, nil
}
