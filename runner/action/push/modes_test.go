package push_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
)

// TestPushTreeModes: the folders of a tree are setgid and sticky as they are here, whoever pushes, also where the folder
// that they come into is setgid.
func TestPushTreeModes(t *testing.T) {
	src := t.TempDir()
	modes := map[string]os.FileMode{"team": 0o775 | os.ModeSetgid, "team/drop": 0o777 | os.ModeSticky, "team/drop/both": 0o770 | os.ModeSetgid | os.ModeSticky, "team/plain": 0o750}
	for _, name := range []string{"team", "team/drop", "team/drop/both", "team/plain"} {
		if err := errors.Join(os.Mkdir(filepath.Join(src, name), 0o755), os.Chmod(filepath.Join(src, name), modes[name])); err != nil {
			t.Fatal(err)
		}
	}
	for _, userland := range []string{"gnu", "busybox", "bsd"} {
		for _, user := range []string{"root", "user"} {
			t.Run(userland+" "+user, func(t *testing.T) {
				t.Parallel()
				m := newMachine(t, userland)
				group := os.Getgid()
				if user == "user" {
					if m.asUser(t); m.uid != os.Getuid() {
						group = otherGroup
					}
				}
				shared := filepath.Join(m.dir, "shared")
				if err := errors.Join(os.Mkdir(shared, 0o755), os.Chown(shared, m.uid, group), os.Chmod(shared, 0o775|os.ModeSetgid)); err != nil {
					t.Fatal(err)
				}
				spec := &push.Spec{Files: []push.FileSpec{{Src: src + "/", Dest: m.dir + "/tree", Delete: "none"}, {Src: src + "/", Dest: shared, Delete: "none"}}}
				is := func(after string) {
					t.Helper()
					for name, mode := range modes {
						for _, into := range []string{"tree", "shared"} {
							if info, err := os.Stat(filepath.Join(m.dir, into, name)); err != nil || info.Mode() != mode|os.ModeDir {
								t.Errorf("%s: %s/%s: %v, %v, want %v", after, into, name, info, err, mode)
							}
						}
					}
				}
				m.pushSpec(t, t.Context(), spec, nil).want(t, "new", runner.Changed, "", "")
				is("new")
				m.pushSpec(t, t.Context(), spec, nil).want(t, "again", runner.OK, "", "")
				for name := range modes {
					if err := os.Chmod(filepath.Join(m.dir, "tree", name), 0o755); err != nil {
						t.Fatal(err)
					}
				}
				m.pushSpec(t, t.Context(), spec, nil).want(t, "changed there", runner.Changed, "", "")
				is("changed there")
				m.clean(t)
			})
		}
	}
}

// TestPushKeepsNoMode: what nobody may read on the host, as /etc/shadow of some systems, stays so.
func TestPushKeepsNoMode(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, who may read it")
	}
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "shadow", "old", 0)
		if err := os.Mkdir(filepath.Join(m.dir, "folder"), 0); err != nil {
			t.Fatal(err)
		}
		spec := `{files: [{content: new, dest: DIR/shadow}, {dest: DIR/folder, state: directory}]}`
		m.push(t, t.Context(), spec, nil).want(t, "new", runner.Changed, "", "")
		m.push(t, t.Context(), spec, nil).want(t, "again", runner.OK, "", "")
		m.hasMode(t, "shadow", 0)
	})
}

// TestPushTreeRefusesSetuid: a file of a tree that is setuid or setgid is refused, unless the spec says which mode it
// gets: it would get another owner, and so another meaning.
func TestPushTreeRefusesSetuid(t *testing.T) {
	for _, special := range []os.FileMode{os.ModeSetuid, os.ModeSetgid} {
		src := t.TempDir()
		if err := errors.Join(os.WriteFile(src+"/tool", nil, 0o755), os.Chmod(src+"/tool", 0o755|special)); err != nil {
			t.Fatal(err)
		}
		file := push.FileSpec{Src: src + "/", Dest: "/d", Delete: "none"}
		render := func() (push.Push, error) {
			p, _, err := push.Render([]*push.Spec{{Files: []push.FileSpec{file}}}, []inventory.Host{{Name: "web1"}}, nobody, nil)
			return p, err
		}
		if _, err := render(); err == nil || !strings.HasPrefix(err.Error(), src+"/tool is setuid or setgid") {
			t.Errorf("%v: %v, want that it is refused", special, err)
		}
		file.Mode = 0o750
		if p, err := render(); err != nil || p.Manifests[0].Items[1].Mode != 0o750 {
			t.Errorf("%v with a mode: %+v, %v, want mode 0750", special, p.Manifests, err)
		}
	}
}

// TestPushSetgidOfAnotherGroup: an ordinary user can't make setgid what belongs to a group that they are not in. They are
// told so, and the next push finds nothing to change.
func TestPushSetgidOfAnotherGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for a group that the user is not in")
	}
	const strange = 65532
	machines(t, func(t *testing.T, m *machine) {
		m.asUser(t)
		in := func(name string) string { return filepath.Join(m.dir, name) }
		for name, mode := range map[string]fs.FileMode{"old": 0o755, "was": 0o755 | os.ModeSetgid, "stays": 0o775 | os.ModeSetgid, "team": 0o775 | os.ModeSetgid} {
			if err := errors.Join(os.Mkdir(in(name), 0o755), os.Chown(in(name), m.uid, strange), os.Chmod(in(name), mode)); err != nil {
				t.Fatal(err)
			}
		}
		const spec = `files: [{dest: DIR/old, state: directory, mode: "2775"}, {dest: DIR/was, state: directory, mode: "2775"}, {dest: DIR/stays, state: directory, mode: "2775"},
			{dest: DIR/team/new, state: directory, mode: "2775"}, {dest: DIR/team/new/sub, state: directory, mode: "2775"}]`
		p := m.push(t, t.Context(), spec, nil)
		p.want(t, "a push", runner.Changed, "", "")
		for name, want := range map[string]string{"old": "775 65532", "was": "775 65532", "stays": "2775 65532", "team/new": "2775 65534", "team/new/sub": "2775 65534"} {
			if got, err := exec.Command("stat", "-c", "%a %g", in(name)).Output(); string(got) != want+"\n" || err != nil {
				t.Errorf("%s: %s, %v, want %s", name, got, err, want)
			}
			if told := strings.Contains(p.log, in(name)+" can't be setgid: user 65534 is not in its group 65532\n"); told != (name == "old" || name == "was") {
				t.Errorf("%s: the log is %q", name, p.log)
			}
		}
		again := m.push(t, t.Context(), spec, nil)
		if again.want(t, "again", runner.OK, "", ""); again.log != "" {
			t.Errorf("again: the log is %q", again.log)
		}
		m.clean(t)
	})
}

// TestPushKeepsMode: the mode of the old file stays also when the owner is given: that alone would take setuid away.
func TestPushKeepsMode(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o755|os.ModeSetuid)
		m.push(t, t.Context(), fmt.Sprintf(`files: [{content: new, dest: DIR/conf, owner: "%d"}]`, os.Getuid()), nil).want(t, "setuid", runner.Changed, "", "")
		m.hasMode(t, "conf", 0o755|os.ModeSetuid)
		if m.read(t, "conf") != "new" {
			t.Errorf("the file has %q, want new", m.read(t, "conf"))
		}
		m.clean(t)
	})
}

// TestPushOnlyMode: a push may change nothing but the mode of a file, or of a folder, of which chmod of GNU would leave
// setgid as it is.
func TestPushOnlyMode(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "conf", "old", 0o751)
		p := m.push(t, t.Context(), `files: [{content: old, dest: DIR/conf, mode: "0600"}]`, nil)
		p.want(t, "a file", runner.Changed, "", "")
		m.hasMode(t, "conf", 0o600)
		if note := p.notes[m.dir+"/conf"]; !strings.HasPrefix(note, "meta 0751") {
			t.Errorf("the note is %q, want one on the mode", note)
		}

		shared := filepath.Join(m.dir, "shared")
		if err := errors.Join(os.Mkdir(shared, 0o755), os.Chmod(shared, 0o775|os.ModeSetgid)); err != nil {
			t.Fatal(err)
		}
		const spec = `{files: [{dest: DIR/shared, state: directory, mode: "%s", notify: [h]}], handlers: {h: {run: "%s"}}}`
		m.push(t, t.Context(), fmt.Sprintf(spec, "0755", "exit 0"), nil).want(t, "a folder", runner.Changed, "", "")
		m.hasMode(t, "shared", 0o755|os.ModeDir)
		m.push(t, t.Context(), fmt.Sprintf(spec, "3755", "exit 1"), nil).want(t, "rolled back", runner.Failed, runner.HandlerFailed, "rolled back")
		m.hasMode(t, "shared", 0o755|os.ModeDir)
		m.clean(t)
	})
}
