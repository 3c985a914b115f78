package push

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
)

// decide finds out what has to be done about an item: nothing if it is as it should be. made has the folders that this
// push makes.
func (s *step) decide(have *found, made map[string]bool) (err error) {
	item, at, parent := s.item, s.have, path.Dir(string(s.item.Path))
	if at.kind == '-' {
		if item.Kind == Absent {
			return nil
		}
		switch above := have.at[parent]; {
		case made[path.Dir(s.place)], above.isFolder():
		case above.kind == '-', above.kind == 'l':
			return fmt.Errorf("there is no folder %s (an entry {dest: %[1]s, state: directory} creates it)", parent)
		default:
			return fmt.Errorf("%s is not a folder", parent)
		}
	}
	if s.what, err = kindOfStep(item, s.place, at, have.mounts[s.place]); err != nil {
		return err
	}
	if err := s.decideRights(have); err != nil {
		return err
	}
	hasRights := item.Kind == File || item.Kind == Folder && at.kind == 'd'
	switch {
	case s.what != "" && have.at[parent].locked && have.uid == 0: // for others a warning: not every shell sees all rights
		return fmt.Errorf("the folder %s is read-only", parent)
	case s.what == "" && hasRights && (s.mode != at.mode || s.uid != at.uid || s.gid != at.gid):
		s.what = meta
	}
	return nil
}

// decideRights finds out which mode and owner it should have, after what is done.
func (s *step) decideRights(have *found) (err error) {
	item, at := s.item, s.have
	s.mode, s.uid, s.gid, s.asUser = item.Mode, at.uid, at.gid, have.uid != 0
	switch {
	case s.mode != 0:
	case at.kind != '-' && at.kind != 'l':
		s.mode = at.mode // which may be 0000, too
	case item.Kind == Folder:
		s.mode = 0o755
	default:
		s.mode = 0o644
	}
	switch {
	case at.kind == '-':
		s.uid, s.gid = have.uid, have.gid
	case s.asUser && (s.what == content || s.what == retype): // it belongs to who puts it there
		if s.uid = have.uid; !slices.Contains(have.gids, s.gid) {
			s.gid = have.gid
		}
	}
	if item.Owner != "" {
		was := s.uid
		if s.uid, err = owner(item.Owner, have.users, "user"); err != nil {
			return err
		}
		if s.uid != was && s.asUser {
			return fmt.Errorf("only root may give it to %s: use --sudo", item.Owner)
		}
	}
	if item.Group != "" {
		s.gid, err = owner(item.Group, have.groups, "group")
	}
	if s.asUser && s.mode&setgid != 0 && s.mode != at.mode && s.gid != have.gid && !slices.Contains(have.gids, s.gid) {
		s.mode, s.strange = s.mode&^setgid, true // as the kernel does
	}
	return err
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
func kindOfStep(item *Item, place string, at *state, mounted bool) (stepKind, error) {
	switch {
	case at.kind == '-':
		return create, nil
	case item.Kind == Folder && at.isFolder():
		return "", nil
	case mounted:
		return "", errors.New("something is mounted there")
	case at.kind == 'o':
		return "", errors.New("it is a device, a pipe or a socket")
	case at.kind == 'l' && item.Kind == Absent && item.Symlink == "follow":
		return "", nil // it leads to nothing: otherwise the item would be what it leads to
	case item.Kind == Absent:
		if at.kind == 'd' && protected(place) {
			return "", errors.New("hail does not delete this folder")
		}
		return remove, nil
	case at.kind == 'd':
		return "", errors.New("it is a directory")
	case at.kind == 'l' && item.Kind == Link && at.target == string(item.Target):
		return "", nil
	case at.kind == 'l' && item.Kind != Link && item.Symlink == "follow":
		return "", fmt.Errorf("it is a link to %s, which leads to nothing", at.target)
	case at.kind == 'l' && item.Kind != Link && item.Symlink != "replace":
		return "", fmt.Errorf("it is a link to %s: in a spec, set symlink to follow or replace", at.target)
	case at.kind == 'f' && item.Kind == File && at.sum == item.Digest:
		return "", nil
	case at.kind == 'f' && item.Kind == File:
		return content, nil
	case at.kind == 'f' && item.Kind == Folder:
		return "", errors.New("it is a file, not a directory")
	}
	return retype, nil
}
