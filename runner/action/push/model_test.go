package push_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"hail/runner"
	"hail/runner/action/push"
)

// This is what a push should do, said once more and without a host: over a map of files in place of a shell, and the
// spec as its author sees it. TestTorturePushModel compares the two.

// node is a file, a folder or a link.
type node struct {
	kind  byte   // f, d or l; - in an item: nothing; 0: there is none
	text  string // content, or target
	mode  uint32 // 0 in an item: not given
	uid   uint32
	inode uint64 // 0 in the model: a new one
}

// files are the nodes at their paths.
type files map[string]node

// String implements fmt.Stringer.
func (f files) String() string {
	var b strings.Builder
	for _, at := range slices.Sorted(maps.Keys(f)) {
		n := f[at]
		fmt.Fprintf(&b, "  %c %-60q %q %04o %d %d\n", n.kind, at, n.text, n.mode, n.uid, n.inode)
	}
	return b.String()
}

// real returns where a path is once the links on the way are followed, and with last also a link that is there itself;
// empty if it can't be anywhere.
func (f files) real(at string, last bool) string {
	real, rest, links := "", strings.Split(at, "/"), 0
	for len(rest) > 0 {
		part := rest[0]
		if rest = rest[1:]; part == "" || part == "." {
			continue
		}
		if real != "" && f[real].kind != 'd' {
			return ""
		}
		if part == ".." {
			real = strings.TrimSuffix(path.Dir(real), "/")
			continue
		}
		real += "/" + part
		if n := f[real]; n.kind == 'l' && (last || len(rest) > 0) {
			if links++; links > 40 {
				return ""
			}
			if real = path.Dir(real); path.IsAbs(n.text) {
				real = ""
			}
			rest = append(strings.Split(n.text, "/"), rest...)
		}
	}
	return real
}

// place returns where a path is that need not be there: what is missing of its folders is taken as it is written.
func (f files) place(at string) string {
	if real := f.real(at, false); real != "" {
		return real
	}
	for up := path.Dir(at); ; up = path.Dir(up) {
		if real := f.real(up, true); f[real].kind == 'd' || up == "/" {
			return real + at[len(up):]
		}
	}
}

// isFolder reports whether there is a folder, or a link that leads to one.
func (f files) isFolder(at string) bool { return f[f.real(at, true)].kind == 'd' }

// item is what a spec says about one path.
type item struct {
	at string
	node
	own               bool // the owner is given
	notifies          bool
	symlink, validate string
}

// items returns what a spec means, or why it means nothing. It reads the folders that are pushed.
func items(s *push.Spec, source func(root string) files) (all map[string]item, refused string) {
	all = map[string]item{}
	add := func(i item) {
		was, twice := all[i.at]
		if twice && (i.kind != 'd' || was.kind != 'd' || i.mode != 0 && was.mode != 0 && i.mode != was.mode) {
			refused = "pushed twice"
		}
		if twice { // both are folders
			i.mode, i.own, i.uid, i.notifies = max(i.mode, was.mode), i.own || was.own, max(i.uid, was.uid), i.notifies || was.notifies
			if was.symlink != "" {
				i.symlink = was.symlink
			}
		}
		all[i.at] = i
	}
	for _, f := range s.Files {
		i := item{at: f.Dest, own: f.Owner != "", notifies: f.Notify != nil, symlink: f.Symlink, validate: f.Validate, node: node{mode: uint32(f.Mode)}}
		if i.own {
			i.uid = 1
		}
		switch {
		case f.Template:
			i.kind, i.text = 'f', "here"
		case f.Content != nil:
			i.kind, i.text = 'f', *f.Content
		case f.Target != "":
			i.kind, i.text, i.mode = 'l', f.Target, 0
		case f.Folder:
			i.kind = 'd'
		case f.Absent:
			i.kind, i.mode, i.own = '-', 0, false
		case !strings.HasSuffix(f.Src, "/"):
			i.kind, i.text = 'f', "from a file"
		default:
			root := path.Clean(f.Src)
			for at, n := range source(root) {
				i := i
				i.at, i.kind, i.text = f.Dest+at[len(root):], n.kind, n.text
				switch {
				case at == root || n.kind == 'l':
					i.mode = 0
				case n.kind == 'd' || i.mode == 0:
					i.mode = n.mode & 0o777
				}
				add(i)
			}
			continue
		}
		add(i)
	}
	for _, gone := range all {
		for _, i := range all {
			if gone.kind == '-' && i.kind != '-' && strings.HasPrefix(i.at, gone.at+"/") {
				refused = "pushed into a folder that is deleted"
			}
		}
	}
	return all, refused
}

// expected is what the model says of a push.
type expected struct {
	refused   string // why nothing is done
	before    files
	after     files
	place     map[string]item   // by where they are: one place may have two names
	way       map[string]bool   // links that lead to what is pushed
	changed   map[string]string // the paths that are told, by where they are
	staged    []item            // files that are sent
	notifies  bool              // the handler runs
	uid       uint32
	managed   map[string][]string // what is remembered of folders afterwards
	remembers bool                // that is something else than before
	due       []string            // what is owed, and due with this push
}

// expect says what a push does to files, if the user with this uid logs in, managed is what earlier ones have put below
// folders, and owed what was kept although a handler failed.
func expect(s *push.Spec, source func(root string) files, before files, uid int, managed map[string][]string, owed []string) *expected {
	all, refused := items(s, source)
	x := &expected{refused: refused, before: before, after: maps.Clone(before), uid: uint32(uid), place: map[string]item{}, way: map[string]bool{}, changed: map[string]string{}, managed: map[string][]string{}}
	if refused != "" {
		return x
	}
	for _, i := range all {
		x.locate(i)
	}
	for _, gone := range []bool{false, true} { // what goes takes along what is put into it
		for at, i := range x.place {
			if gone == (i.kind == '-') {
				x.put(at, i)
			}
		}
	}
	for _, f := range s.Files {
		if f.Delete == "managed" || f.Delete == "all" {
			x.prune(f, all, managed[f.Dest])
		}
	}
	for link := range x.way {
		if before[link] != x.after[link] {
			x.refuse("the link on the way changes", link)
		}
	}
	for at, i := range x.place {
		if i.kind != '-' && x.after[at].kind == 0 {
			x.refuse("pushed into what is deleted", at)
		}
	}
	for _, p := range owed {
		x.owe(p, s.Validate != nil)
	}
	return x
}

func (x *expected) refuse(why, at string) {
	if x.refused == "" {
		x.refused = why + " at " + at
	}
}

// locate finds where an item is, and which links lead there.
func (x *expected) locate(i item) {
	at := x.before.place(i.at)
	if x.before[at].kind == 'l' && i.kind != 'l' && i.symlink == "follow" {
		if to := x.before.real(i.at, true); x.before[to].kind != 0 {
			if i.kind != '-' {
				x.way[at] = true
			}
			i.at, at = to, to
		}
	}
	if _, twice := x.place[at]; twice {
		x.refuse("two names", i.at)
	}
	x.place[at] = i
	for up := path.Dir(i.at); len(up) > 1 && i.kind != '-'; up = path.Dir(up) {
		if real := x.before.real(up, false); x.before[real].kind == 'l' && x.before.isFolder(up) {
			x.way[real] = true
		}
	}
}

// put does what an item says.
func (x *expected) put(at string, i item) {
	n, old, parent := i.node, x.before[at], path.Dir(at)
	switch {
	case n.kind == '-' && (old.kind == 0 || old.kind == 'l' && i.symlink == "follow"): // a link to nothing
		return
	case n.kind != '-' && x.before[parent].kind != 'd' && x.place[parent].kind != 'd':
		x.refuse("no folder", at)
	case n.kind == 'd' && old.kind == 'l' && x.before.isFolder(at):
		return
	case n.kind == '-' || n.kind == 'd' && old.kind == 'd':
	case old.kind == 'd':
		x.refuse("a folder", at)
	case old.kind == 'l' && n.kind != 'l' && i.symlink != "replace":
		x.refuse("a link", at)
	case old.kind == 'f' && n.kind == 'd':
		x.refuse("a file", at)
	}
	if n.kind == '-' {
		x.remove(at, i.at)
		x.notifies = x.notifies || i.notifies
		return
	}
	switch {
	case i.own:
	case old.kind != 0 && n.kind != 'l':
		n.uid = old.uid
	default:
		n.uid = x.uid
	}
	switch {
	case n.mode != 0 || n.kind == 'l':
	case old.kind == 'f' || old.kind == 'd':
		n.mode = old.mode
	case n.kind == 'd':
		n.mode = 0o755
	default:
		n.mode = 0o644
	}
	if n.inode = old.inode; n == old || n.kind == 'l' && old.kind == 'l' && n.text == old.text {
		return
	}
	if n.kind != old.kind || n.text != old.text {
		n.inode = 0
		x.staged = append(x.staged, i)
	}
	x.after[at], x.changed[at] = n, i.at
	x.notifies = x.notifies || i.notifies
}

// prune does what delete: managed and all say.
func (x *expected) prune(f push.FileSpec, all map[string]item, managed []string) {
	wanted := map[string]bool{}
	want := func(at string) {
		for ; len(at) > 1; at = path.Dir(at) {
			wanted[at] = true
		}
	}
	for link := range x.way {
		want(link)
	}
	for at, i := range x.place {
		if i.kind != '-' {
			want(at)
		}
	}
	list := []string{}
	for _, i := range all {
		if strings.HasPrefix(i.at, f.Dest+"/") && i.kind != 'd' && i.kind != '-' {
			list = append(list, i.at)
		}
	}
	slices.Sort(list)
	x.managed[f.Dest] = list
	var there []string
	if real := x.before.real(f.Dest, true); f.Delete == "all" {
		for p := range x.before {
			if strings.HasPrefix(p, real+"/") && real != "" {
				there = append(there, f.Dest+p[len(real):])
			}
		}
	} else {
		for _, p := range managed {
			if kind := x.before[x.before.real(p, false)].kind; kind == 'f' || kind == 'l' {
				there = append(there, p)
			}
		}
		x.remembers = x.remembers || !slices.Equal(there, list)
	}
	gone := 0
	for _, p := range there {
		if at := x.before.real(p, false); !wanted[at] {
			gone++
			x.remove(at, p)
		}
	}
	most := f.MaxDelete
	if most == 0 {
		most = max(1, min(50, len(there)/5))
	}
	if gone > most {
		x.refuse("too many to delete", f.Dest)
	}
}

func (x *expected) remove(at, told string) {
	for p := range x.after {
		if p == at || strings.HasPrefix(p, at+"/") {
			delete(x.after, p)
		}
	}
	if x.changed[at] == "" {
		x.changed[at] = told
	}
}

// owe says whether a path that is owed is due: if this push has a handler for it, or judges what it manages.
func (x *expected) owe(p string, judges bool) {
	pushed, notifies := false, false
	for _, i := range x.place {
		if i.at == p {
			pushed, notifies = true, i.notifies
		}
	}
	for folder := range x.managed {
		pushed = pushed || strings.HasPrefix(p, folder+"/")
	}
	x.notifies = x.notifies || notifies
	if notifies || judges && pushed {
		x.due = append(x.due, p)
	}
}

// told returns the paths of the steps; what is in a folder that goes is not told.
func (x *expected) told() (all []string) {
	for at, told := range x.changed {
		up := path.Dir(at)
		for x.changed[up] == "" && len(up) > 1 {
			up = path.Dir(up)
		}
		if x.after[at].kind != 0 || x.changed[up] == "" || x.after[up].kind != 0 {
			all = append(all, told)
		}
	}
	return all
}

// known returns the files afterwards, with what the model can't know of those that are new.
func (x *expected) known(after files) files {
	for at, n := range x.after {
		if n.inode == 0 {
			n.inode = after[at].inode
			if n.kind == 'l' {
				n.uid = after[at].uid // tar of busybox gives no link away
			}
			x.after[at] = n
		}
	}
	return x.after
}

// ending is how a push ends that is not refused.
type ending struct {
	status  runner.Status
	reason  runner.Reason
	dry     runner.Status // of a dry run
	active  bool          // something was to be done
	undone  bool
	handled int // how often the handler has run
}

func (x *expected) ending(s *push.Spec) (e ending) {
	e = ending{status: runner.OK, active: len(x.changed) > 0 || x.due != nil || x.remembers}
	if len(x.changed) > 0 {
		e.status = runner.Changed
	}
	e.dry = e.status
	if x.notifies {
		e.handled = 1
	}
	fail := func(reason runner.Reason) {
		e.status, e.reason = runner.Failed, reason
		e.undone = !s.Keep && (len(x.changed) > 0 || x.due == nil)
		if reason == runner.HandlerFailed && e.undone {
			e.handled++
		}
	}
	switch {
	case slices.ContainsFunc(x.staged, func(i item) bool { return i.kind == 'f' && strings.Contains(i.validate, "-d") }):
		fail(runner.Validation)
		e.undone, e.handled = true, 0
	case e.active && s.Validate != nil:
		fail(runner.Validation)
		if !e.undone {
			e.handled = 0
		}
	case x.notifies && strings.HasSuffix(s.Handlers[0].Run, "3"):
		fail(runner.HandlerFailed)
	}
	return e
}
