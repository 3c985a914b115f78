package report

import (
	"slices"
	"strings"
	"testing"

	"hail/runner"
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
		case len(p.Hosts) != 1 || p.Hosts[0].Host != want[0] || p.texts[place{want[0], 1, runner.Stdout}].String() != want[1]+"\n" || p.Other != nil:
			t.Errorf("%q: %+v, %q, want %q", line, p.Hosts, p.Other, want)
		}
	}
}

// endless is an input of lines without an end, or of one such line.
type endless string

func (e endless) Read(b []byte) (int, error) { return copy(b, e), nil }

func TestPipedWithoutEnd(t *testing.T) {
	for _, in := range []endless{"web1: hi\n", "x"} {
		if _, err := readPiped(in, 1<<20); err == nil || err.Error() != "the input has more than 1 MiB, and all of it is kept in memory" {
			t.Errorf("%q without end: %v", in, err)
		}
	}
	const whole = "web1: hi\n"
	if p, err := readPiped(strings.NewReader(whole), int64(len(whole))); err != nil || len(p.Hosts) != 1 {
		t.Errorf("as much as there may be: %v", err)
	}
}
