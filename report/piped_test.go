package report

import (
	"slices"
	"strings"
	"testing"
)

// TestPiped: the text before the colon is a host only if it is a valid name, so nothing else gets into a title.
func TestPiped(t *testing.T) {
	for line, want := range map[string][2]string{
		"web1: hi":                     {"web1", "hi"},
		"web1:hi: you":                 {"web1", "hi: you"},
		"  web1 : hi":                  {"web1", "hi"},
		"web1: stderr: oops":           {"web1", "stderr: oops"},
		"[::1]: hi":                    {"[::1]", "hi"},
		"[fe80::1%eth0]:  hi":          {"[fe80::1%eth0]", " hi"},
		"[::1: hi":                     {},
		"[warn]: hi":                   {},
		"two words: hi":                {},
		"no colon":                     {},
		": hi":                         {},
		"-x: hi":                       {},
		"\x1b]0;pwn\a\x1b[2J: hi":      {},
		"\x1b[31mweb1\x1b[0m: painted": {},
	} {
		p, err := ReadPiped(strings.NewReader(line + "\n"))
		switch {
		case err != nil:
			t.Fatal(err)
		case want[0] == "":
			if len(p.Hosts) != 0 || !slices.Equal(p.Other, []string{line}) {
				t.Errorf("%q is taken as the line of a host: %+v", line, p.Hosts)
			}
		case len(p.Hosts) != 1 || p.Hosts[0].Host != want[0] || p.texts[want[0]].String() != want[1]+"\n" || p.Other != nil:
			t.Errorf("%q: %+v, %q, want %q", line, p.Hosts, p.Other, want)
		}
	}
}
