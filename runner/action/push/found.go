package push

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// found is what the host has of the things in a manifest.
type found struct {
	uid, gid      int
	gids          []int    // all groups of the user
	home          string   // the home folder of who writes there, without links
	latest        string   // which push has changed something last
	killed        bool     // another push is at work, or was killed and has left something
	owed          []string // paths that pushes have kept here although their handlers or health failed
	at            map[string]*state
	trees         map[string][]string // what is below the folders of which All may be deleted
	managed       map[string][]string // what earlier pushes have put below; "" for a file that is no longer there
	users, groups map[string]int
	room          map[string]int64 // KiB, by folder
	mounts        map[string]bool
	missing       []string // tools that the host lacks
}

// state is one path on the host.
type state struct {
	kind     byte // f, d, l, o for anything else, - for nothing
	locked   bool // a folder that can't be written to
	toFolder bool // a link to a folder
	mode     int
	uid, gid int
	size     int64
	links    int
	stat     string // the line as the host said it
	device   string
	sum      string // of a file
	target   string // of a link
	resolved string // where a link leads in the end
}

// isFolder reports whether it is a folder, or leads to one.
func (s *state) isFolder() bool { return s.kind == 'd' || s.toFolder }

// real returns where a path is, if a link that was looked at leads to it.
func (f *found) real(p string) string {
	for at := p; len(at) > 1; at = path.Dir(at) { // what a host says need not begin with a slash
		if link := f.at[at]; link != nil && link.toFolder {
			return link.resolved + p[len(at):]
		}
	}
	return p
}

// place returns where what is named by a path is, if one of the folders that it is in is a link.
func (f *found) place(p string) string {
	dir := path.Dir(p)
	if real := f.real(dir); real != dir {
		return path.Join(real, path.Base(p))
	}
	return p
}

// readStat reads mode, user, group, size, links, times, inode and device.
func (s *state) readStat(line string) error {
	w := strings.Split(line, ":")
	if len(w) != 8 {
		return fmt.Errorf("stat said %q", line)
	}
	mode, e1 := strconv.ParseInt(w[0], 8, 32)
	uid, e2 := strconv.Atoi(w[1])
	gid, e3 := strconv.Atoi(w[2])
	size, e4 := strconv.ParseInt(w[3], 10, 64)
	links, e5 := strconv.Atoi(w[4])
	s.mode, s.uid, s.gid, s.size, s.links, s.device, s.stat = int(mode), uid, gid, size, links, w[7], line
	return errors.Join(e1, e2, e3, e4, e5)
}
