package push

import (
	"fmt"
	"maps"
	"path"
	"slices"
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
	diff      strings.Builder     // what differs, for --diff
	notified  map[string]bool     // handlers
	managed   map[string][]string // what the host is to remember, by folder
	remembers bool                // managed differs from what the host remembers
	health    []check.Check       // what has to pass afterwards
	latest    string              // which push had changed something last when the probe looked
	owes      []string            // paths kept by earlier pushes whose handlers and health are due with this one
	handled   []string            // handlers that ran
}

// isEmpty reports whether there is nothing to do on the host.
func (c *comparison) isEmpty() bool { return len(c.steps) == 0 && !c.remembers && c.owes == nil }

// compare returns what has to be done so that the host has what the manifest says. It is an error if that can't be done
// or would do harm.
func (p Push) compare(m *Manifest, have *found) (*comparison, error) {
	all, err := stepsOf(m, have)
	if err != nil {
		return nil, err
	}
	c := &comparison{latest: have.latest, notified: map[string]bool{}, managed: map[string][]string{}}
	needs, err := c.decide(all, have)
	if err != nil {
		return nil, err
	}
	if err := have.fits(needs); err != nil {
		return nil, err
	}
	pushed := pushedOf(all, have)
	for _, d := range m.Deletes {
		if err := c.prune(d, all, pushed, have); err != nil {
			return nil, err
		}
	}
	c.deleteOnce()
	for _, s := range c.steps {
		if (s.what == remove || s.what == retype && s.have.toFolder) && pushed.below[s.place] {
			return nil, fmt.Errorf("%s: something is pushed below it, and it is a link that changes or something that is deleted", s.item.Path)
		}
	}
	if err := c.spareMounts(have); err != nil {
		return nil, err
	}
	if have.uid != 0 {
		if err := c.needNoRoot(); err != nil {
			return nil, err
		}
	}
	c.owe(all, m.Deletes, have.owed, len(p.Validate) > 0 || p.Health != nil)
	return c, nil
}

// need is how many bytes the new files take on a device, and a folder on it.
type need struct {
	bytes  int64
	folder string
}

// decide adds the steps that have something to do. It returns what their contents need, by device.
func (c *comparison) decide(all []*step, have *found) (map[string]need, error) {
	made := map[string]bool{} // folders that this push makes
	needs := map[string]need{}
	for _, s := range all {
		if err := s.decide(have, made); err != nil {
			return nil, fmt.Errorf("%s: %w", s.item.Path, err)
		}
		if s.what == "" {
			continue
		}
		if s.makesFolder() {
			made[s.place] = true
		}
		parent := path.Dir(string(s.item.Path))
		for made[have.place(parent)] {
			parent = path.Dir(parent)
		}
		at := have.at[parent]
		if at != nil && at.kind == 'd' && s.item.Kind == File && s.sent() {
			needs[at.device] = need{needs[at.device].bytes + s.item.Size, parent}
		}
		if at != nil && at.locked && s.asUser && s.what != meta { // for root, s.decide has failed already
			if w := fmt.Sprintf("the folder %s does not seem to be writable for user %d: use --sudo", parent, have.uid); !slices.Contains(c.warnings, w) {
				c.warnings = append(c.warnings, w)
			}
		}
		c.warnOfLoss(s, have.uid)
		c.add(s)
	}
	return needs, nil
}

// fits returns an error if a device has no room for what it needs.
func (f *found) fits(needs map[string]need) error {
	for _, device := range slices.Sorted(maps.Keys(needs)) {
		n := needs[device]
		if room, known := f.room[n.folder]; known && n.bytes > room<<10 {
			return fmt.Errorf("%s: there is room for %d KiB, but %d KiB are needed", n.folder, room, (n.bytes+1023)>>10)
		}
	}
	return nil
}

// warnOfLoss tells what a new content does not keep of the old file, and which mode can't be given.
func (c *comparison) warnOfLoss(s *step, user int) {
	warn := func(format string, args ...any) {
		c.warnings = append(c.warnings, fmt.Sprintf("%s "+format, append([]any{s.item.Path}, args...)...))
	}
	if s.strange {
		warn("can't be setgid: user %d is not in its group %d", user, s.gid)
	}
	if s.what != content {
		return
	}
	if s.have.links > 1 {
		warn("has %d hard links: the others keep the old content", s.have.links)
	}
	switch {
	case s.asUser && s.have.uid != s.uid:
		warn("belongs to user %d: what replaces it belongs to user %d", s.have.uid, s.uid)
	case s.item.Group == "" && s.have.gid != s.gid:
		warn("belongs to group %d: what replaces it belongs to group %d", s.have.gid, s.gid)
	}
}

// needNoRoot returns an error if there is a folder that others than root could not rename into place, or in which they
// could not take back what they have done; or a file that they could not read, now or in the next push.
func (c *comparison) needNoRoot() error {
	above := map[string]bool{} // folders in which something is done, at any depth
	for _, s := range c.steps {
		for at := path.Dir(s.place); !above[at]; at = path.Dir(at) {
			above[at] = true
		}
	}
	for _, s := range c.steps {
		if s.item.Kind == Folder && s.mode&0o700 != 0o700 && (s.what != meta || above[s.place]) {
			return fmt.Errorf("%s: only root can push a folder with mode %04o: use --sudo", s.item.Path, s.mode)
		}
		if s.item.Kind == File && s.mode&0o400 == 0 {
			return fmt.Errorf("%s: only root can push a file with mode %04o: use --sudo", s.item.Path, s.mode)
		}
	}
	return nil
}

// owe adds the paths kept by earlier pushes that are due now: those that this push manages, if it has a handler for the
// path, validates the whole or checks health. A push that only brings files leaves them owed.
func (c *comparison) owe(all []*step, deletes []Prune, owed []string, judged bool) {
	if len(owed) == 0 {
		return
	}
	items := map[string]*Item{}
	for _, s := range all {
		items[string(s.item.Path)] = s.item
	}
	for _, p := range owed {
		item, ours := items[p]
		due := judged && (ours || slices.ContainsFunc(deletes, func(d Prune) bool { return strings.HasPrefix(p, string(d.Path)+"/") }))
		if ours {
			for _, h := range item.Notify {
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

// stepsOf returns a step for each item, in the order of their places. It is an error if two items have one place.
func stepsOf(m *Manifest, have *found) (all []*step, err error) {
	for i := range m.Items {
		at := string(m.Items[i].Path)
		all = append(all, &step{item: &m.Items[i], place: have.place(at), have: have.at[at]})
	}
	slices.SortStableFunc(all, byPlace)
	for i := range all[:max(0, len(all)-1)] {
		if a, b := all[i], all[i+1]; a.place == b.place {
			return nil, fmt.Errorf("%s and %s lead to the same place", a.item.named(), b.item.named())
		}
	}
	return all, nil
}
