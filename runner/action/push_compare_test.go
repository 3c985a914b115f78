package action

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLockedFolder: for root, a folder that is not writable is an error. Another user may have rights that a shell does
// not see, so there it is a warning.
func TestLockedFolder(t *testing.T) {
	m := &Manifest{Items: []Item{{Path: "/d/a", Kind: File}, {Path: "/d/b", Kind: File}}}
	for uid, want := range map[int]struct{ err, warning string }{0: {err: "/d/a: the folder /d is read-only"}, 1000: {warning: "the folder /d does not seem to be writable for user 1000"}} {
		have := &found{uid: uid, at: map[string]*state{"/d": {kind: 'd', locked: true}, "/d/a": {kind: '-'}, "/d/b": {kind: '-'}}}
		c, err := Push{}.compare(m, have)
		switch {
		case want.err != "":
			if err == nil || err.Error() != want.err {
				t.Errorf("user %d: error %v, want %s", uid, err, want.err)
			}
		case err != nil || len(c.steps) != 2 || !slices.Equal(c.warnings, []string{want.warning}):
			t.Errorf("user %d: %+v, %v, want two steps and the warning %q", uid, c, err, want.warning)
		}
	}
}

// TestOwner: who is not root may keep the owner of a file, and own what is new, but give nothing to others.
func TestOwner(t *testing.T) {
	const only = "/d/a: only root may give it to 1001: use --sudo"
	for _, row := range []struct {
		have  state
		owner string
		want  string
	}{
		{state{kind: '-'}, "1000", ""},
		{state{kind: '-'}, "1001", only},
		{state{kind: '-'}, "0", strings.Replace(only, "1001", "0", 1)},
		{state{kind: 'f', uid: 1001}, "1001", ""},
		{state{kind: 'f', uid: 1000}, "1001", only},
	} {
		have := &found{uid: 1000, at: map[string]*state{"/d": {kind: 'd'}, "/d/a": &row.have}}
		got := ""
		if _, err := (Push{}).compare(&Manifest{Items: []Item{{Path: "/d/a", Kind: File, Owner: row.owner}}}, have); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%c of %d, to be of %s: %q, want %q", row.have.kind, row.have.uid, row.owner, got, row.want)
		}
	}
}

// TestPruneMounts: nothing is deleted on a file system that is mounted there.
func TestPruneMounts(t *testing.T) {
	for mount, want := range map[string]string{"/d/a": "/d/a: something is mounted there, at /d/a", "/d/a/b/c": "/d/a: something is mounted there, at /d/a/b/c", "/d": "", "/d/ab": "", "/": ""} {
		have := &found{at: map[string]*state{"/d": {kind: 'd'}}, trees: map[string][]string{"/d": {"/d/a", "/d/a/b"}}, mounts: map[string]bool{mount: true}}
		got := ""
		if _, err := (Push{}).compare(&Manifest{Deletes: []Prune{{Path: "/d", All: true, Most: 9}}}, have); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s is mounted: %q, want %q", mount, got, want)
		}
	}

	// Nor by way of a link.
	for to, want := range map[string]string{"/srv/a": "/d/b: something is mounted there, at /srv/a/b/c", "/srv/b": "", "/etc": "/d leads to /etc, where hail does not delete everything that is not pushed"} {
		have := &found{at: map[string]*state{"/d": {kind: 'l', toFolder: true, resolved: to}}, trees: map[string][]string{"/d": {"/d/b"}}, mounts: map[string]bool{"/srv/a/b/c": true}}
		got := ""
		if _, err := (Push{}).compare(&Manifest{Deletes: []Prune{{Path: "/d", All: true, Most: 9}}}, have); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("a link to %s: %q, want %q", to, got, want)
		}
	}
}

// TestRegroup: what is new gets its group also where tar does not give it any, at any depth.
func TestRegroup(t *testing.T) {
	have := &found{uid: 1000, gid: 1000, at: map[string]*state{"/": {kind: 'd'}, "/d": {kind: '-'}, "/d/a": {kind: '-'}, "/l": {kind: '-'}, "/o": {kind: '-'}}}
	items := []Item{{Path: "/d", Kind: Folder, Group: "7"}, {Path: "/d/a", Kind: File, Mode: 0o4755, Group: "7"}, {Path: "/l", Kind: Link, Target: "x", Group: "7"}, {Path: "/o", Kind: File}}
	for uid, want := range map[int]string{0: "", 1000: "step rights 0755 1000:7 d\nstep rights 4755 1000:7 d/a\n"} {
		have.uid = uid
		c, err := Push{}.compare(&Manifest{Items: items}, have)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := (&Push{}).journal(&b, c, ".hail-x"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(regexp.MustCompile("step rights .*\n").FindAllString(b.String(), -1), ""); got != want {
			t.Errorf("user %d: %q, want %q", uid, got, want)
		}
	}
}

// TestProbeOnce: a folder that is asked about twice is answered once, and the answers about others stay theirs.
func TestProbeOnce(t *testing.T) {
	p := newProbing(&Manifest{Deletes: []Prune{{Path: "/a", All: true}, {Path: "/a", All: true}, {Path: "/b", All: true}, {Path: "/a"}, {Path: "/a"}, {Path: "/b"}}})
	if want := "t /a\nt /b\nm /a\nm /b\n"; p.questions.String() != want || !slices.Equal(p.trees, []string{"/a", "/b"}) || !slices.Equal(p.managed, p.trees) {
		t.Errorf("the questions are %q, and the answers to come are about %q and %q, want %q", p.questions.String(), p.trees, p.managed, want)
	}
}

// TestPrune: what is deleted below a folder is deleted once, a folder with everything in it, and never with it what is
// pushed there.
func TestPrune(t *testing.T) {
	for _, row := range []struct {
		items []Item
		there []string
		want  []string
	}{
		{nil, []string{"/d/a", "/d/a/x", "/d/b"}, []string{"delete /d/a and everything in it", "delete /d/b"}},
		{nil, []string{"/d/a", "/d/a.d", "/d/a/x"}, []string{"delete /d/a and everything in it", "delete /d/a.d"}},
		{[]Item{{Path: "/d/a/x", Kind: Link}}, []string{"/d/a", "/d/a/x", "/d/a/y"}, []string{"delete /d/a/y"}},
		{nil, []string{"a/host/that/lies"}, []string{"delete a/host/that/lies"}},
		{[]Item{{Path: "/d/a", Kind: Absent}}, []string{"/d/a", "/d/a/x"}, []string{"delete /d/a and everything in it"}},
		{[]Item{{Path: "/d/a/x", Kind: Absent}}, []string{"/d/a", "/d/a/x"}, []string{"delete /d/a and everything in it"}},
	} {
		have := &found{at: map[string]*state{"/d": {kind: 'd'}, "/d/a": {kind: 'd'}, "/d/a/x": {kind: 'l'}}, trees: map[string][]string{"/d": row.there}, mounts: map[string]bool{"/": true}}
		all := Prune{Path: "/d", All: true, Most: 9}
		c, err := Push{}.compare(&Manifest{Items: row.items, Deletes: []Prune{all, {Path: "/d/a", All: true, Most: 9}, all}}, have)
		if err != nil {
			t.Errorf("%v: %v", row.items, err)
			continue
		}
		var got []string
		for _, s := range c.steps {
			got = append(got, s.told())
		}
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%v beside %q: %q, want %q", row.items, row.there, got, row.want)
		}
	}
}
