package push_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hail/runner"
	"hail/runner/action/push"
	"hail/runner/hosttest"
	"hail/runner/wrap"
)

// TestPushAccounts: users and groups are found by their exact names, whatever characters these have, and groups also
// when they are not in /etc/group.
func TestPushAccounts(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.push(t, t.Context(), `files: [{content: x, dest: DIR/a, group: root}]`, nil, dry).want(t, "root", runner.Changed, "", "")
		for _, name := range []string{"ro.t", "ro/t", "r*", "domain users", "root x", `DOM\\root`, "é"} {
			p := m.push(t, t.Context(), `files: [{content: x, dest: DIR/a, group: "`+name+`"}, {content: x, dest: DIR/b, group: root}]`, nil, dry)
			p.want(t, name, runner.Error, "", "there is no group "+strings.ReplaceAll(name, `\\`, `\`)+" on the host")
			p = m.push(t, t.Context(), `files: [{content: x, dest: DIR/a, owner: "`+name+`"}]`, nil, dry)
			p.want(t, name, runner.Error, "", "there is no user "+strings.ReplaceAll(name, `\\`, `\`)+" on the host")
		}
	})

	m := withTool(t, "getent", `[ "$1" = group ] && printf "domain-users:*:1:me\ndomain users:*:4242:me\n"`)
	p := m.push(t, t.Context(), `files: [{content: x, dest: DIR/a, group: domain users}]`, nil, dry)
	if p.want(t, "directory", runner.Changed, "", ""); !strings.Contains(p.out, ":4242\n") {
		t.Errorf("the output has no group 4242: %q", p.out)
	}
}

// TestPushBare: a push also works without the wrapper, when its input is a pipe and not a file.
func TestPushBare(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.dialer = m.dialer.(wrap.Dialer).Inner
		spec := &push.Spec{}
		text := "x"
		for i := range 400 {
			spec.Files = append(spec.Files, push.FileSpec{Content: &text, Dest: fmt.Sprintf("%s/%0200d", m.dir, i), Delete: "none"})
		}
		m.pushSpec(t, t.Context(), spec, nil).want(t, "bare", runner.Changed, "", "")
		m.pushSpec(t, t.Context(), spec, nil).want(t, "bare again", runner.OK, "", "")
	})

	// It also works with an old dd, and a file as input.
	m := withTool(t, "dd", `case $* in *iflag*) exit 1 ;; esac; PATH=/bin:/usr/bin exec dd "$@"`)
	m.push(t, t.Context(), `files: [{content: x, dest: DIR/a}]`, nil).want(t, "an old dd", runner.Changed, "", "")
}

// TestPushDeleteAll: with delete: all, everything in a folder that is not pushed is deleted, whatever its name and
// number.
func TestPushDeleteAll(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		src := filepath.Dir(written(t, "stays", "new"))
		for i := range 100 {
			m.write(t, fmt.Sprintf("tree/sub %d/\n'é\\\xff%0*d", i%3, i, i), "old", 0o644)
		}
		m.write(t, "tree/stays", "old", 0o644)
		m.write(t, "beside", "old", 0o644)
		push := fmt.Sprintf("files: [{src: %s/, dest: DIR/tree, delete: all, max_delete: ", src)
		spec := push + "103}]"
		m.push(t, t.Context(), push+"102}]", nil).want(t, "too many", runner.Error, "", "103 of 104 would be deleted")
		m.push(t, t.Context(), spec, nil).want(t, "all", runner.Changed, "", "")
		left, err := filepath.Glob(m.dir + "/tree/*")
		if err != nil || len(left) != 1 || m.read(t, "tree/stays") != "new" || m.read(t, "beside") != "old" {
			t.Errorf("in the folder is %q, %v, want only the new stays; beside it has to be left alone", left, err)
		}
		m.push(t, t.Context(), spec, nil).want(t, "again", runner.OK, "", "")
	})
}

// TestPushDeleteAllOfAPattern: a folder whose name is a pattern for find(1) is not taken for a part of its own contents.
func TestPushDeleteAllOfAPattern(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		src := filepath.Dir(written(t, "stays", "new"))
		for _, name := range []string{"a[1]", `b\x`, "w*"} {
			m.write(t, name+"/stays", "old", 0o644)
			m.write(t, name+"/goes", "old", 0o644)
			spec := &push.Spec{Files: []push.FileSpec{{Src: src + "/", Dest: filepath.Join(m.dir, name), Delete: "all"}}}
			m.pushSpec(t, t.Context(), spec, nil).want(t, name, runner.Changed, "", "")
			if m.read(t, name+"/stays") != "new" || m.read(t, name+"/goes") != "(absent)" {
				t.Errorf("%s: stays has %q, want \"new\"; goes has %q, want it deleted", name, m.read(t, name+"/stays"), m.read(t, name+"/goes"))
			}
		}
	})
}

// TestPushDeleteAllBehindALink: a folder that a link leads to is looked through as if it were there itself.
func TestPushDeleteAllBehindALink(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.write(t, "behind/goes", "old", 0o644)
		if err := os.Symlink("behind", filepath.Join(m.dir, "link")); err != nil {
			t.Fatal(err)
		}
		src := filepath.Dir(written(t, "stays", "new"))
		m.push(t, t.Context(), fmt.Sprintf("files: [{src: %s/, dest: DIR/link, delete: all}]", src), nil).want(t, "link", runner.Changed, "", "")
		if m.read(t, "behind/stays") != "new" || m.read(t, "behind/goes") != "(absent)" {
			t.Errorf("stays has %q, want \"new\"; goes has %q, want it deleted", m.read(t, "behind/stays"), m.read(t, "behind/goes"))
		}
	})
}

// TestPushCutMemory: the list of what earlier pushes put there is usable even if its end is lost.
func TestPushCutMemory(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		push := func(want runner.Status, names ...string) {
			t.Helper()
			src := t.TempDir()
			for _, name := range names {
				if err := os.WriteFile(src+"/"+name, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			m.push(t, t.Context(), fmt.Sprintf("files: [{src: %s/, dest: DIR/tree, delete: managed, max_delete: 9}]", src), nil).want(t, strings.Join(names, " "), want, "", "")
		}
		push(runner.Changed, "a", "b")
		lists, err := filepath.Glob(m.home + "/.local/state/hail/on/*/managed/*")
		if err != nil || len(lists) != 1 {
			t.Fatalf("the lists of managed files are %q, %v, want one", lists, err)
		}
		list, err := os.ReadFile(lists[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(lists[0], list[:len(list)-1], 0o600); err != nil {
			t.Fatal(err)
		}
		push(runner.OK, "a", "b")
		push(runner.Changed, "c")
		if left, err := filepath.Glob(m.dir + "/tree/*"); err != nil || len(left) != 1 {
			t.Errorf("in the folder is %q, %v, want only c", left, err)
		}
	})
}

// TestPushNeverCutsMemory: the disk may be full when the list of what earlier pushes put there is written. A name that is
// cut is not deleted.
func TestPushNeverCutsMemory(t *testing.T) {
	m := withTool(t, "cp", `PATH=/bin:/usr/bin; cp "$@"; [ "$1" != -R ] || truncate -s -5 "$3"/managed/*`)
	src := t.TempDir()
	spec := fmt.Sprintf("files: [{src: %s/, dest: DIR/tree, delete: managed}]", src)
	if err := os.WriteFile(src+"/conf.new", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	m.push(t, t.Context(), spec, nil).want(t, "first", runner.Changed, "", "")
	m.write(t, "tree/conf", "of somebody", 0o644)
	if err := os.Remove(src + "/conf.new"); err != nil {
		t.Fatal(err)
	}
	m.push(t, t.Context(), spec, nil).want(t, "next", runner.Changed, "", "")
	if m.read(t, "tree/conf") != "of somebody" || m.read(t, "tree/conf.new") != "(absent)" {
		t.Errorf("conf has %q, want it to stay, and conf.new %q, want it deleted", m.read(t, "tree/conf"), m.read(t, "tree/conf.new"))
	}
}

// TestPushManagedIsGone: of what earlier pushes have put there, what somebody has removed meanwhile, or replaced by a
// folder, is not deleted but forgotten.
func TestPushManagedIsGone(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		src := t.TempDir()
		names := []string{"removed", "a\nfolder", "stays", "goes"}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(src, name), []byte("pushed"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		spec := fmt.Sprintf("files: [{src: %s/, dest: DIR/tree, delete: managed, max_delete: 9}]", src)
		m.push(t, t.Context(), spec, nil).want(t, "all", runner.Changed, "", "")
		for _, name := range names {
			if err := os.Remove(filepath.Join(src, name)); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range names[:2] {
			if err := os.Remove(filepath.Join(m.dir, "tree", name)); err != nil {
				t.Fatal(err)
			}
		}
		m.write(t, "tree/a\nfolder/file", "theirs", 0o644)
		if err := os.WriteFile(src+"/stays", []byte("pushed"), 0o644); err != nil {
			t.Fatal(err)
		}
		p := m.push(t, t.Context(), spec, nil)
		p.want(t, "one is left", runner.Changed, "", "")
		if want := "delete " + m.dir + "/tree/goes\n"; p.out != want || m.read(t, "tree/a\nfolder/file") != "theirs" {
			t.Errorf("the push did %q, want %q", p.out, want)
		}
		m.write(t, "tree/removed", "theirs", 0o644)
		if err := os.Remove(src + "/stays"); err != nil {
			t.Fatal(err)
		}
		m.push(t, t.Context(), spec, nil).want(t, "the last one", runner.Changed, "", "")
		m.push(t, t.Context(), spec, nil).want(t, "nothing is left", runner.OK, "", "")
		if m.execs.Load() != 1 || m.read(t, "tree/stays") != "(absent)" || m.read(t, "tree/removed") != "theirs" {
			t.Errorf("%d commands, want 1; stays has %q, want it deleted, and removed has %q, want \"theirs\"", m.execs.Load(), m.read(t, "tree/stays"), m.read(t, "tree/removed"))
		}
	})
}

// withTool is this machine with another program of this name in its PATH.
func withTool(t *testing.T, name, script string) *machine {
	m, bin := newMachine(t, "gnu"), t.TempDir()
	hosttest.Program(t, filepath.Join(bin, name), "#!/bin/sh\n"+script+"\n")
	m.path = bin + ":" + m.path
	return m
}
