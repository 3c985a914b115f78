package push

import (
	"fmt"

	"hail/runner"
)

// step is what is to be done about one path.
type step struct {
	item     *Item
	place    string // where it is: its path, with no link on the way
	have     *state
	what     stepKind
	mode     int // as it should be
	uid, gid int
	asUser   bool // not as root
	strange  bool // it can't be setgid, because the user is not in its group
}

type stepKind string

// The kinds of step.
const (
	create  stepKind = "create"  // nothing is there
	content stepKind = "content" // a file has another content, and perhaps another mode or owner
	meta    stepKind = "meta"    // only mode or owner differs
	retype  stepKind = "type"    // something of another kind, or another link, is there
	remove  stepKind = "delete"
)

func (s *step) makesFolder() bool {
	return s.item.Kind == Folder && (s.what == create || s.what == retype)
}

// sent reports whether the step sends something to the host.
func (s *step) sent() bool { return s.what != meta && s.what != remove }

func (s *step) verb() string {
	if s.what == create && s.item.Kind == Folder {
		return "mkdir"
	}
	if s.what != remove && s.item.Kind == Link {
		return "link"
	}
	return string(s.what)
}

// told describes the step for people.
func (s *step) told() string {
	text := s.verb() + " " + s.item.Path.Shown() + s.rights()
	if s.what == remove && s.have.kind == 'd' {
		text += " and everything in it"
	}
	return text
}

// rights describes mode and owner before and after if they change; of something new, only what is not the default.
func (s *step) rights() (text string) {
	switch {
	case s.what == remove || s.item.Kind == Link:
		return ""
	case s.have.kind == '-' || s.what == retype:
		if s.mode != 0o644 && s.mode != 0o755 {
			text = fmt.Sprintf(" %04o", s.mode)
		}
		if s.item.Owner != "" || s.item.Group != "" {
			text += fmt.Sprintf(" %d:%d", s.uid, s.gid)
		}
		return text
	}
	after := fmt.Sprintf("%04o %d:%d", s.mode, s.uid, s.gid)
	if before := fmt.Sprintf("%04o %d:%d", s.have.mode, s.have.uid, s.have.gid); before != after {
		return " " + before + " → " + after
	}
	return ""
}

// newRights returns the step for what tar does only for root: the group of something new and, with busybox, a special
// mode, or that a folder in a setgid folder is not setgid. A file may have got the mode of the old one meanwhile. It is
// empty if there is no need for it.
func (s *step) newRights() string {
	switch {
	case !s.asUser || !s.sent() || s.item.Kind == Link:
		return ""
	case s.item.Group != "", s.what == content:
		return fmt.Sprintf("rights %05o %d:%d", s.mode, s.uid, s.gid)
	case s.mode > 0o777, s.item.Kind == Folder:
		return fmt.Sprintf("rights %05o -", s.mode)
	}
	return ""
}

// noted describes the step for the record: what was done, and the digests before and after.
func (s *step) noted() string {
	text := s.verb()
	short := func(sum string) string { return sum[:min(12, len(sum))] }
	if s.item.Kind == File && s.what != meta && !s.item.Secret {
		if s.have.sum != "" {
			text += " " + short(s.have.sum) + " →"
		}
		text += " " + short(s.item.Digest)
	}
	return text + s.rights()
}

// named returns the path as the spec has it, and where it leads if it is a link that is followed.
func (i *Item) named() string {
	if i.followed != "" {
		return runner.Text(i.followed).Shown()
	}
	return i.Path.Shown()
}
