package action

import (
	"slices"
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
