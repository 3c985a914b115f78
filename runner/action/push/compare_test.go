package push

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
	for uid, want := range map[int]struct{ err, warning string }{0: {err: "/d/a: the folder /d is read-only"}, 1000: {warning: "the folder /d does not seem to be writable for user 1000: use --sudo"}} {
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
		{state{kind: 'f', uid: 1001, sum: "x"}, "1001", only},
		{state{kind: 'f', uid: 1001, sum: "x"}, "1000", ""},
		{state{kind: 'l', uid: 1001}, "1001", only},
		{state{kind: 'l', uid: 1001}, "1000", ""},
	} {
		row.have.mode = 0o644
		have := &found{uid: 1000, at: map[string]*state{"/d": {kind: 'd'}, "/d/a": &row.have}}
		got := ""
		if _, err := (Push{}).compare(&Manifest{Items: []Item{{Path: "/d/a", Kind: File, Owner: row.owner, Symlink: "replace"}}}, have); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%c of %d, to be of %s: %q, want %q", row.have.kind, row.have.uid, row.owner, got, row.want)
		}
	}
}

// TestNewRights: what is new gets its group and its mode also where tar does not give it these, at any depth.
func TestNewRights(t *testing.T) {
	have := &found{uid: 1000, gid: 1000, at: map[string]*state{"/": {kind: 'd'}, "/d": {kind: '-'}, "/d/a": {kind: '-'}, "/l": {kind: '-'}, "/o": {kind: '-'}, "/s": {kind: '-'}}}
	items := []Item{{Path: "/d", Kind: Folder, Group: "7"}, {Path: "/d/a", Kind: File, Mode: 0o4755, Group: "7"}, {Path: "/l", Kind: Link, Target: "x", Group: "7"}, {Path: "/o", Kind: File}, {Path: "/s", Kind: Folder, Mode: 0o2775}}
	for uid, want := range map[int]string{0: "", 1000: "step rights 00755 1000:7 d\nstep rights 04755 1000:7 d/a\nstep rights 02775 - s\n"} {
		have.uid = uid
		if got := rights(t, items, have); got != want {
			t.Errorf("user %d: %q, want %q", uid, got, want)
		}
	}
}

// TestSameOwner: a file that has its owner already is not given it again, which would take its capabilities away.
func TestSameOwner(t *testing.T) {
	have := &found{at: map[string]*state{"/": {kind: 'd'}, "/a": {kind: 'f', mode: 0o755}, "/b": {kind: 'f', mode: 0o755, sum: "x"}}}
	for owner, want := range map[string]string{
		"0": "step rights 00700 - a\nstep meta 00700 - b\nstep unmeta 00755 - b\n",
		"1": "step rights 00700 1:0 a\nstep meta 00700 1:0 b\nstep unmeta 00755 0:0 b\n",
	} {
		items := []Item{{Path: "/a", Kind: File, Digest: "x", Owner: owner, Mode: 0o700}, {Path: "/b", Kind: File, Digest: "x", Owner: owner, Mode: 0o700}}
		if got := rights(t, items, have); got != want {
			t.Errorf("owner %s: %q, want %q", owner, got, want)
		}
	}
}

// rights returns the steps of a push that give owners and modes.
func rights(t *testing.T, items []Item, have *found) string {
	t.Helper()
	c, err := Push{}.compare(&Manifest{Items: items}, have)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := (&Push{}).journal(&b, c, ".hail-x"); err != nil {
		t.Fatal(err)
	}
	return strings.Join(regexp.MustCompile("step (rights|meta|unmeta) .*\n").FindAllString(b.String(), -1), "")
}
