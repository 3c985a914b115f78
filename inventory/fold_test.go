package inventory

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"", ""},
		{"db1", "db1"},
		{"web03 web01 web02 db1 web07 web01", "db1 web[01-03,07]"},
		{"n1 n01 n001", "n[1,01,001]"},
		{"n9 n10 n11", "n[9-11]"},
		{"n09 n10 n11", "n[09-11]"},
		{"n8 n9 n09 n10", "n[8-9,09-10]"},
		{"n98 n99 n100 n101", "n[98-101]"},
		{"r1n1 r1n2 r2n1 r2n2", "r[1-2]n[1-2]"},
		{"r1n1 r1n2 r2n1", "r1n[1-2] r2n1"},
		{"web1.dc1.example web2.dc1.example", "web[1-2].dc1.example"},
		{"10.0.0.1 10.0.0.2 10.0.1.1 10.0.1.2", "10.0.[0-1].[1-2]"},
		{"[::1] [::2]", "[::1] [::2]"},
		{"1 2 3 x", "[1-3] x"},
		{"web98 web99 web100 web101 web01 web02", "web[01-02,98-99,100-101]"},
		{"a", "a"},
		{"a1234567890123456 a1234567890123457", "a1234567890123456 a1234567890123457"},
		{"web web1", "web web1"},
	} {
		if got := Fold(strings.Fields(c.names)); got != c.want {
			t.Errorf("Fold(%s) = %s, want %s", c.names, got, c.want)
		}
	}
}

// TestFoldMany: names that stand for more hosts than one pattern may are folded to several patterns.
func TestFoldMany(t *testing.T) {
	for folded, patterns := range map[string][]string{
		"n200001 n[000001-200000]":      {"n[000001-100000]", "n[100001-200001]"},
		"r3n[1-70000] r[1-2]n[1-70000]": {"r[1-2]n[1-70000]", "r3n[1-70000]"},
	} {
		var names []string
		for _, p := range patterns {
			more, wrong := expand(p)
			if wrong != nil {
				t.Fatal(wrong)
			}
			names = append(names, more...)
		}
		if got := checkFold(t, names); got != folded {
			t.Errorf("%v is folded to %s, want %s", patterns, got, folded)
		}
	}
}

// TestFoldInverse: expandList(Fold(x)) is the set x, for random names.
func TestFoldInverse(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		names := make([]string, r.IntN(60))
		for i := range names {
			for range 1 + r.IntN(4) {
				if r.IntN(3) == 0 {
					names[i] += string("ab.-"[r.IntN(4)])
				} else {
					names[i] += fmt.Sprintf("%0*d", r.IntN(4), r.IntN(15))
				}
			}
			names[i] = "h" + names[i]
		}
		checkFold(t, names)
	}
}
