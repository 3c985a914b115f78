package report

import (
	"strings"
	"testing"

	"hail/runner"
)

// TestMask: what is a host's own is replaced where it stands as a word of its own.
func TestMask(t *testing.T) {
	s, _ := fleet([]Result{{Host: "web1.lan", Status: runner.OK}}, nil, nil)
	h := &s.Plan.Hosts[0]
	h.Connection.Address, h.Vars = "1.1.1.1", map[string]any{"site": "abc", "short": "ab"}
	m := s.mask(0)
	for line, want := range map[string]string{
		"web1.lan, web1 web1": "{host}, {host} {host}",
		"web1web1 web10":      "web1web1 web10",
		"on 1.1.1.1: ab, abc": "on {address}: ab, {vars.site}",
		"21.1.1.1.1":          "21.{address}",
		"":                    "",
	} {
		if got := string(m.apply([]byte(line))); got != want {
			t.Errorf("%q is shown as %q, want %q", line, got, want)
		}
	}
}

// TestAlikeByReach: the address of a host is its own, too, if only ssh_config says it.
func TestAlikeByReach(t *testing.T) {
	s, files := fleet([]Result{{Host: "n1", Status: runner.OK}, {Host: "n2", Status: runner.OK}},
		map[string]string{"n1": "10.0.0.1 at fe80::1\n", "n2": "10.0.0.1 at fe80::2\n"}, nil)
	s.Hosts[0].Reach.Address, s.Hosts[1].Reach.Address = "[fe80::1]:22", "[fe80::2]:22"
	var text strings.Builder
	const want = "── n[1-2] (2)\n10.0.0.1 at {address}\n"
	if err := Gather(&text, s, files, Gathering{Alike: true}, Style{}); err != nil || text.String() != want {
		t.Errorf("%v, %q, want %q", err, text.String(), want)
	}
}

// TestAlikeLeftOut: outputs of which something was left out are alike only if all of it was the same.
func TestAlikeLeftOut(t *testing.T) {
	for _, tt := range []struct {
		what   string
		second Output
		groups int
	}{
		{"other bytes were left out", Output{100, 2}, 2},
		{"more was left out", Output{101, 1}, 2},
		{"the same was left out", Output{100, 1}, 1},
	} {
		s, files := fleet([]Result{{Host: "n1", Status: runner.OK}, {Host: "n2", Status: runner.OK}}, map[string]string{"n1": "begin end\n", "n2": "begin end\n"}, nil)
		s.Hosts[0].Stdout, s.Hosts[1].Stdout = Output{100, 1}, tt.second
		if groups, err := gather(s, files, Gathering{Alike: true}); err != nil || len(groups) != tt.groups {
			t.Errorf("%s: %d groups, want %d (%v)", tt.what, len(groups), tt.groups, err)
		}
	}
}
