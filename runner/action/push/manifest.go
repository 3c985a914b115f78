package push

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// whole makes one manifest of parts. It is an error if two items have the same path on a host, unless both are folders
// that agree: then they become one. It is also an error if something is pushed into a folder that is deleted.
func whole(host string, parts []*rendering) (m Manifest, err error) {
	type place struct {
		index int // into m.Items
		from  *FileSpec
	}
	seen := map[runner.Text]place{}
	for _, part := range parts {
		m.Deletes = append(m.Deletes, part.Deletes...)
		for _, item := range part.Items {
			was, known := seen[item.Path]
			switch {
			case !known:
				seen[item.Path] = place{len(m.Items), part.file}
				m.Items = append(m.Items, item)
			case !m.Items[was.index].take(item):
				twice := &inventory.Error{Place: part.file.Place, Text: fmt.Sprintf("%s is pushed twice to %s", item.Path.Shown(), host)}
				if item.Kind == Folder && m.Items[was.index].Kind == Folder {
					twice.Text += ", with another mode or owner"
				}
				if first := was.from.Place.String(); first != "" {
					twice.Hint = "the other is at " + first
				}
				return m, twice
			}
		}
	}
	for _, part := range parts {
		f := part.file
		if !f.Absent {
			continue
		}
		for _, item := range m.Items {
			if item.Kind != Absent && strings.HasPrefix(string(item.Path), f.Dest+"/") {
				return m, &inventory.Error{Place: f.Place, Text: fmt.Sprintf("%s is pushed to %s, into a folder that is deleted", item.Path.Shown(), host)}
			}
		}
	}
	return m, nil
}

// take adds to a folder what another item says of it, and reports whether both are folders and agree.
func (i *Item) take(other Item) bool {
	if i.Kind != Folder || other.Kind != Folder || !agree(i.Mode, other.Mode) || !agree(i.Owner, other.Owner) || !agree(i.Group, other.Group) {
		return false
	}
	i.Mode, i.Owner, i.Group = cmp.Or(i.Mode, other.Mode), cmp.Or(i.Owner, other.Owner), cmp.Or(i.Group, other.Group)
	i.Symlink, i.Notify = cmp.Or(i.Symlink, other.Symlink), slices.Concat(i.Notify, other.Notify)
	return true
}

// agree reports whether two settings, either of which may not be given, are the same.
func agree[T comparable](a, b T) bool {
	var none T
	return a == none || b == none || a == b
}
