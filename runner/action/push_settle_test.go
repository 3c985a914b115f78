package action_test

import (
	"testing"

	"hail/runner"
)

// TestPushSettlesWithPlaces: the commands of a push that settles what a killed one has left have places, too.
func TestPushSettlesWithPlaces(t *testing.T) {
	machines(t, func(t *testing.T, m *machine) {
		m.host.Vars = map[string]any{"word": "new"}
		spec := `{files: [{content: new, dest: DIR/conf, notify: [h]}], validate: "grep -qx {{.vars.word}} DIR/conf",
			handlers: {h: {run: 'test -e DIR/once && exit; touch DIR/once; kill -9 $(readlink $HOME/.local/state/hail/lock | cut -d : -f 1); sleep 1'}}}`
		m.push(t, t.Context(), spec, nil)
		p := m.push(t, t.Context(), spec, nil)
		p.want(t, "the next", runner.OK, "", "")
		if want := "an earlier push that was killed: it was finished"; p.notes["settled"] != want || m.read(t, "conf") != "new" {
			t.Errorf("%q, want %q; there is %q", p.notes["settled"], want, m.read(t, "conf"))
		}
		m.clean(t)
	})
}
