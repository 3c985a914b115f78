package push

import (
	"slices"
	"strings"
	"testing"
)

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

// TestPruneMounts: nothing is deleted on a file system that is mounted there. Of several, the first by name is told.
func TestPruneMounts(t *testing.T) {
	for mounts, want := range map[string]string{"/d/a": "/d/a: something is mounted there, at /d/a", "/d/a/b/c": "/d/a: something is mounted there, at /d/a/b/c", "/d": "", "/d/ab": "", "/": "",
		"/d/a/9 /d/a/8 /d/a/7 /d/a/6 /d/a/5 /d/a/4 /d/a/3 /d/a/2 /d/a/1": "/d/a: something is mounted there, at /d/a/1"} {
		have := &found{at: map[string]*state{"/d": {kind: 'd'}}, trees: map[string][]string{"/d": {"/d/a", "/d/a/b"}}, mounts: map[string]bool{}}
		for _, at := range strings.Fields(mounts) {
			have.mounts[at] = true
		}
		got := ""
		if _, err := (Push{}).compare(&Manifest{Deletes: []Prune{{Path: "/d", All: true, Most: 9}}}, have); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", mounts, got, want)
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

// TestProbeOnce: a folder that is asked about twice is answered once, and the answers about others stay theirs.
func TestProbeOnce(t *testing.T) {
	p := newProbing(&Manifest{Deletes: []Prune{{Path: "/a", All: true}, {Path: "/a", All: true}, {Path: "/b", All: true}, {Path: "/a"}, {Path: "/a"}, {Path: "/b"}}})
	if want := "t /a\nt /b\nm /a\nm /b\n"; p.questions.String() != want || !slices.Equal(p.trees, []string{"/a", "/b"}) || !slices.Equal(p.managed, p.trees) {
		t.Errorf("the questions are %q, and the answers to come are about %q and %q, want %q", p.questions.String(), p.trees, p.managed, want)
	}
}

// TestPruneHome: the home folder of who writes there is never emptied, wherever it is, nor what holds it.
func TestPruneHome(t *testing.T) {
	for home, refused := range map[string]bool{"/srv/d": true, "/srv/d/x/y": true, "/srv/dd": false, "/srv": false, "": false} {
		have := &found{at: map[string]*state{"/srv/d": {kind: 'd'}}, trees: map[string][]string{"/srv/d": {"/srv/d/a"}}, home: home}
		for _, all := range []bool{true, false} {
			_, err := Push{}.compare(&Manifest{Deletes: []Prune{{Path: "/srv/d", All: all, Most: 9}}}, have)
			if (err != nil) != (all && refused) {
				t.Errorf("home %q, all %t: %v", home, all, err)
			}
		}
	}
}
