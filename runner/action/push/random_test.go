package push_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
)

// TestTorturePushModel pushes random specs, one after another, onto a random folder that somebody else changes, too, and
// compares what each push says and does with the model.
func TestTorturePushModel(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	defer checks.Value.Set(checks.Value.String())
	checks.Value.Set(strconv.Itoa(rounds(1, 200)))
	for _, userland := range []string{"gnu", "busybox", "bsd"} {
		for _, who := range []string{"root", "user"} {
			t.Run(userland+"/"+who, func(t *testing.T) {
				m := newMachine(t, userland)
				if who == "user" {
					m.asUser(t)
				} else if m.uid != 0 {
					t.Skip("the tests do not run as root")
				}
				base, n := m.dir, 0
				rapid.Check(t, func(r *rapid.T) {
					n++
					w := &world{m: m, t: t, r: r, base: fmt.Sprintf("%s/%d", base, n), managed: map[string][]string{}}
					w.begin()
					defer os.RemoveAll(w.base)
					for range rapid.IntRange(1, 4).Draw(r, "pushes") {
						for range rapid.IntRange(0, 5).Draw(r, "changes of others") {
							w.meddle()
						}
						w.push(w.spec())
					}
				})
			})
		}
	}
}

// world is a host, and what the model knows of it besides its files.
type world struct {
	m       *machine
	t       *testing.T
	r       *rapid.T
	base    string // the folder that has everything that a test makes
	sources int
	made    []string            // folders of the spec that is being drawn
	managed map[string][]string // what pushes have put below folders
	owed    []string            // what was kept although a handler failed
}

// begin makes the folder h, to push to, and some things beside it.
func (w *world) begin() {
	w.m.dir = w.base + "/at/some/depth" // so that .. leads to nobody else
	if err := errors.Join(os.MkdirAll(w.m.dir+"/out/dir", 0o755), os.Mkdir(w.m.dir+"/h", 0o755), os.RemoveAll(w.m.home+"/.local"),
		os.WriteFile(w.m.dir+"/out/file", []byte("out"), 0o644), os.WriteFile(w.m.dir+"/out/dir/x", []byte("out"), 0o600)); err != nil {
		w.r.Fatal(err)
	}
	w.give(w.base)
}

// give gives what is there to the user who logs in.
func (w *world) give(root string) {
	if err := filepath.WalkDir(root, func(at string, _ fs.DirEntry, err error) error { return errors.Join(err, os.Lchown(at, w.m.uid, -1)) }); err != nil {
		w.r.Fatal(err)
	}
}

// look returns what there is in a folder, and the folders that it is in.
func (w *world) look(root string) files {
	all := files{}
	err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		var s syscall.Stat_t
		if err == nil {
			err = syscall.Lstat(at, &s)
		}
		if err != nil {
			return err
		}
		n := node{kind: 'd', mode: uint32(s.Mode) & 0o7777, uid: s.Uid, inode: s.Ino}
		switch s.Mode & syscall.S_IFMT {
		case syscall.S_IFREG:
			text, e := os.ReadFile(at)
			n.kind, n.text, err = 'f', string(text), e
		case syscall.S_IFLNK:
			n.kind, n.mode = 'l', 0
			n.text, err = os.Readlink(at)
		}
		all[at] = n
		return err
	})
	if err != nil {
		w.r.Fatal(err)
	}
	for up := path.Dir(root); len(up) > 1; up = path.Dir(up) {
		all[up] = node{kind: 'd'}
	}
	return all
}

// source returns what there is in a folder that is pushed.
func (w *world) source(root string) files {
	all := w.look(root)
	maps.DeleteFunc(all, func(at string, _ node) bool { return !strings.HasPrefix(at+"/", root+"/") })
	return all
}

var (
	names   = []string{"conf", "conf.d", "x", "a b", "it's", "new\nline", "-n", "*", `\`}
	targets = []string{"conf", "x", "conf/x", "nowhere", "../out/dir", "../out/file", "DIR/out/dir", "DIR/h/conf", "DIR/h/x", "."}
)

func (w *world) one(label string, of ...string) string { return rapid.SampledFrom(of).Draw(w.r, label) }

// path draws a path below the folder h: mostly one that can be made, as others or the spec have made its folder.
func (w *world) path() string {
	all, folders := w.look(w.base), append(slices.Clone(w.made), w.m.dir+"/h")
	for at := range all {
		if strings.HasPrefix(at, w.m.dir+"/h/") && all.isFolder(at) {
			folders = append(folders, at)
		}
	}
	slices.Sort(folders)
	return w.one("folder", folders...) + w.below()
}

// below draws what follows the path of a folder.
func (w *world) below() (at string) {
	for range rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(w.r, "depth") {
		at += "/" + w.one("name", names[:rapid.SampledFrom([]int{3, 3, len(names)}).Draw(w.r, "odd")]...)
	}
	return at
}

func (w *world) target() string {
	return strings.Replace(w.one("target", targets...), "DIR", w.m.dir, 1)
}

// meddle makes a file, folder or link somewhere, changes a mode, or removes something.
func (w *world) meddle() {
	w.plant(w.path(), w.m.dir+"/h")
	if w.m.uid != os.Getuid() {
		w.give(w.m.dir)
	}
}

// plant does that at a path below root.
func (w *world) plant(at, root string) {
	what := w.one("what", "file", "file", "folder", "link", "mode", "nothing")
	at = w.look(w.base).real(root, true) + at[len(root):]
	for up := path.Dir(at); len(up) > len(root); up = path.Dir(up) { // through no links
		if info, err := os.Lstat(up); err == nil && !info.IsDir() {
			os.Remove(up)
		}
	}
	if what == "mode" {
		if info, err := os.Lstat(at); err == nil && info.Mode()&fs.ModeSymlink == 0 {
			os.Chmod(at, 0o700)
		}
		return
	}
	os.RemoveAll(at)
	if what == "nothing" {
		return
	}
	err := os.MkdirAll(path.Dir(at), 0o755)
	switch {
	case err != nil:
	case what == "file":
		err = os.WriteFile(at, []byte(w.one("content", "old", "new", "")), 0o640)
	case what == "folder":
		err = os.Mkdir(at, 0o750)
	case what == "link":
		err = os.Symlink(w.target(), at)
	}
	if err != nil {
		w.r.Fatal(err)
	}
}

// spec draws a spec, and makes the files that it pushes.
func (w *world) spec() *push.Spec {
	s := &push.Spec{Keep: rapid.Bool().Draw(w.r, "keep")}
	if w.one("the whole", "good", "good", "good", "bad") == "bad" {
		s.Validate = []string{"false"}
	}
	s.Handlers = []push.Handler{{Name: "h", Run: `printf '%s\n' "$FILES" >>` + w.base + "/handler; exit " + w.one("handler", "0", "0", "0", "3")}}
	w.made = nil
	taken := map[string]bool{}
	for range rapid.IntRange(1, 4).Draw(w.r, "entries") {
		at := w.path()
		if taken[at] && w.one("twice", "no", "no", "no", "yes") == "no" {
			continue
		}
		taken[at] = true
		s.Files = append(s.Files, w.entry(at))
	}
	return s
}

func (w *world) entry(at string) push.FileSpec {
	f := push.FileSpec{Dest: at, Delete: "none", Symlink: w.one("symlink", "", "", "follow", "replace"), Mode: rapid.SampledFrom([]int{0, 0, 0o700, 0o4755}).Draw(w.r, "mode")}
	if w.m.uid == 0 {
		f.Owner = w.one("owner", "", "", "", "1")
	}
	if w.one("notify", "no", "yes") == "yes" {
		f.Notify = []string{"h"}
	}
	kinds := []string{"tree", "tree", "folder", "absent"}
	if info, err := os.Lstat(at); err != nil || !info.IsDir() || w.one("onto a folder", "no", "no", "no", "yes") == "yes" {
		kinds = append(kinds, "content", "template", "src", "link")
	}
	switch w.one("entry", kinds...) {
	case "content":
		text := w.one("content", "new", "old", "")
		f.Content = &text
	case "template":
		text := "{{.host}}"
		f.Content, f.Template = &text, true
	case "src":
		f.Src = w.newSource() + "/file"
		if err := os.WriteFile(f.Src, []byte("from a file"), 0o600); err != nil {
			w.r.Fatal(err)
		}
	case "tree":
		src := w.newSource()
		for range rapid.IntRange(0, 4).Draw(w.r, "in the tree") {
			w.plant(src+w.below(), src)
		}
		w.made = append(w.made, at)
		f.Src, f.Delete = src+"/", w.one("delete", "none", "managed", "all")
		if f.Delete != "none" {
			f.MaxDelete = rapid.SampledFrom([]int{0, 1, 50, 50}).Draw(w.r, "max_delete")
		}
	case "link":
		f.Target = w.target()
	case "folder":
		f.Folder = true
		w.made = append(w.made, at)
	case "absent":
		f.Absent = true
	}
	if (f.Content != nil || f.Src != "" && f.Delete == "none") && w.one("validate", "", "", "some") == "some" {
		f.Validate = w.one("command", "test -f {{staged}}", "test -f {{staged}}", "test -d {{staged}}")
	}
	return f
}

func (w *world) newSource() string {
	w.sources++
	dir := fmt.Sprintf("%s/src%d", w.base, w.sources)
	if err := os.Mkdir(dir, 0o755); err != nil {
		w.r.Fatal(err)
	}
	return dir
}

// push pushes a spec, and compares that with the model.
func (w *world) push(s *push.Spec) {
	text, err := json.Marshal(s)
	if err != nil {
		w.r.Fatal(err)
	}
	before := w.look(w.base)
	w.r.Logf("%s\n%v", text, before)
	x := expect(s, w.source, before, w.m.uid, w.managed, w.owed)
	if _, _, err := push.Render([]*push.Spec{s}, []inventory.Host{w.m.host}, nobody, nil); err != nil {
		if x.refused == "" {
			w.r.Fatalf("render: %v", err)
		}
		return
	}
	dry := w.m.pushSpec(w.t, w.t.Context(), s, nil, dry)
	w.compare("the dry run", before, w.look(w.base))
	p := w.m.pushSpec(w.t, w.t.Context(), s, nil)
	execs := w.m.execs.Load()
	ran, _ := os.ReadFile(w.base + "/handler")
	os.Remove(w.base + "/handler")
	after := w.look(w.base)
	w.r.Logf("%s(%s) %s\n%s%s%q\nthe model: %q %q", p.status, p.reason, p.err, p.out, p.log, p.notes, x.refused, x.changed)
	w.tidy(after)
	if x.refused != "" || p.status == runner.Error {
		if p.status != runner.Error || x.refused == "" {
			w.r.Fatalf("the push says %s %s, the model refuses it: %q", p.status, p.err, x.refused)
		}
		if dry.status != runner.Error || dry.err != p.err {
			w.r.Errorf("the dry run says %s %s", dry.status, dry.err)
		}
		w.compare("a push that was refused", before, after)
		return
	}
	want, told := x.ending(s), x.told()
	w.says(want, told, dry, p)
	told = append(told, x.due...)
	slices.Sort(told)
	told = slices.Compact(told)
	if want := strings.Repeat(strings.Join(told, "\n")+"\n", want.handled); string(ran) != want {
		w.r.Fatalf("the handler wrote %q, want %q", ran, want)
	}
	if !want.active && execs > 2 { // two where a link is followed
		w.r.Fatalf("%d commands, though nothing is to be done", execs)
	}
	if want.undone {
		w.compare("a push that was rolled back", before, after)
		return
	}
	w.compare("the push", x.known(after), after)
	if want.active {
		maps.Copy(w.managed, x.managed)
	}
	w.owed = slices.DeleteFunc(w.owed, func(p string) bool { return slices.Contains(x.due, p) || want.reason != "" && slices.Contains(told, p) })
	if want.reason != "" {
		w.owed = append(w.owed, told...)
	} else if next := expect(s, w.source, after, w.m.uid, w.managed, w.owed); next.refused == "" && len(next.changed) == 0 { // a link may lead to what is new
		if again := w.m.pushSpec(w.t, w.t.Context(), s, nil); again.status != runner.OK || w.m.execs.Load() > 2 {
			w.r.Fatalf("the same again: %s %s %q", again.status, again.err, again.notes)
		}
	}
}

// says compares what a push and its dry run say of themselves with what is to be told.
func (w *world) says(want ending, told []string, dry, p pushed) {
	if p.status != want.status || p.reason != want.reason {
		w.r.Fatalf("the push says %s(%s) %s, the model %s(%s)", p.status, p.reason, p.err, want.status, want.reason)
	}
	if dry.status != want.dry {
		w.r.Fatalf("the dry run says %s %s", dry.status, dry.err)
	}
	if len(p.notes) != len(told) {
		w.r.Fatalf("the push tells of %d steps, the model of %q", len(p.notes), told)
	}
	for at, note := range dry.notes {
		if note = strings.TrimSuffix(note, ", not done: dry run"); want.undone {
			note += ", not in place"
		}
		if p.notes[at] != note {
			w.r.Fatalf("the push tells of %q, and the dry run %q", p.notes, dry.notes)
		}
	}
}

// compare fails the test if files differ.
func (w *world) compare(what string, want, got files) {
	without := func(all, others files) files {
		all = maps.Clone(all)
		maps.DeleteFunc(all, func(at string, n node) bool { return others[at] == n })
		return all
	}
	if !maps.Equal(want, got) {
		w.r.Fatalf("%s: there is\n%v\nwant\n%v", what, without(got, want), without(want, got))
	}
}

// tidy fails the test if a push has left something behind.
func (w *world) tidy(after files) {
	left, _ := filepath.Glob(w.m.home + "/.local/state/hail/on/*/*")
	left = slices.DeleteFunc(left, func(path string) bool {
		return slices.Contains([]string{"latest", "managed", "owed"}, filepath.Base(path))
	})
	for at := range after {
		if strings.Contains(at, "/.hail-") {
			left = append(left, at)
		}
	}
	if len(left) > 0 {
		w.r.Fatalf("left behind: %q", left)
	}
}
