package report

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hail/inventory"
	"hail/runner"
)

// TestGatherLosesNobody: every host that printed something is in exactly one block, together with exactly those that
// printed the same and ended in the same way.
func TestGatherLosesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "hosts")
		var results []Result
		out, errs := map[string]string{}, map[string]string{}
		text := rapid.SampledFrom([]string{"", "a\n", "b\n", "a", "long\nlonger\n"})
		for i := range n {
			h := fmt.Sprint("h", i)
			results = append(results, Result{Host: h, Status: rapid.SampledFrom([]runner.Status{runner.OK, runner.Failed}).Draw(t, "status")})
			out[h], errs[h] = text.Draw(t, "out"), text.Draw(t, "err")
		}
		s, files := fleet(results, out, errs)
		groups, err := gather(s, files, Gathering{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		looks := map[string]bool{}
		for _, g := range groups {
			look := func(r *Result) string { return fmt.Sprintf("%s|%q|%q", r.Status, out[r.Host], errs[r.Host]) }
			if looks[look(g.results[0])] {
				t.Fatalf("two groups look like %s", look(g.results[0]))
			}
			looks[look(g.results[0])] = true
			for _, r := range g.results {
				seen[r.Host]++
				if look(r) != look(g.results[0]) {
					t.Fatalf("%s is in the group of %s", look(r), look(g.results[0]))
				}
			}
		}
		for _, r := range results {
			want := 1
			if out[r.Host]+errs[r.Host] == "" {
				want = 0
			}
			if seen[r.Host] != want {
				t.Fatalf("%s is in %d blocks, want %d", r.Host, seen[r.Host], want)
			}
		}
	})
}

// TestTitlesAreClean: a name in a record may be anything.
func TestTitlesAreClean(t *testing.T) {
	s := &Summary{Plan: &runner.Plan{Hosts: []inventory.Host{{Name: "a\x1b[2J\nb"}}}, Hosts: []Result{{Host: "a\x1b[2J\nb", Status: runner.OK, Stdout: Output{Length: 3}}}}
	var b strings.Builder
	if err := Gather(&b, s, printed{"a\x1b[2J\nb stdout": "hi\n"}, Gathering{}, Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "── a\\x1b[2J b\nhi\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// TestGatherDiffOfStrangers: a group that has no line in common with the largest is shown whole, and does not repeat that
// as removed.
func TestGatherDiffOfStrangers(t *testing.T) {
	s, files := fleet([]Result{{Host: "a1", Status: runner.OK}, {Host: "a2", Status: runner.OK}, {Host: "b", Status: runner.OK}, {Host: "c", Status: runner.OK}},
		map[string]string{"a1": "one\ntwo\n", "a2": "one\ntwo\n", "b": "three\n", "c": "one\nthree\n"}, nil)
	var b strings.Builder
	err := Gather(&b, s, files, Gathering{Diff: true}, Style{})
	if want := "── a[1-2] (2)\none\ntwo\n── b\nthree\n── c\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"; err != nil || b.String() != want {
		t.Errorf("%s, %v; want\n%s", b.String(), err, want)
	}
}

// TestGatherManyLines: to compare lines, no room is taken for what hosts might have printed.
func TestGatherManyLines(t *testing.T) {
	var results []Result
	out := map[string]string{}
	for i := range 1000 {
		results = append(results, Result{Host: fmt.Sprint("web", i), Status: runner.OK})
		out[results[i].Host] = fmt.Sprint("version ", i%40, "\n")
	}
	s, files := fleet(results, out, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	groups, err := gather(s, files, Gathering{})
	runtime.ReadMemStats(&after)
	if err != nil || len(groups) != 40 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	if took := (after.TotalAlloc - before.TotalAlloc) / 1000; took > 8<<10 {
		t.Errorf("%d bytes for each host that printed a line", took)
	}
}

// TestGatherLong: on a terminal, the middle of a long output is not shown, but where it is, apart from what is nowhere; elsewhere,
// all of it is.
func TestGatherLong(t *testing.T) {
	line := strings.Repeat("x", 63) + "\n"
	begin, end := "begin\n"+strings.Repeat(line, 2047)+strings.Repeat("x", 58), strings.Repeat(line, 2047)+strings.Repeat("x", 60)+"end\n"
	middle := "\n" + strings.Repeat(line, 100)
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": begin + middle + end}, nil)
	const title = "── web1\n"
	gap := fmt.Sprintf("\n… %d bytes not shown: runs/id/hosts/web1/stdout …\n", len(middle))
	for style, want := range map[Style]string{{Width: 200}: title + begin + gap + end, {}: title + begin + middle + end} {
		var b strings.Builder
		if err := Gather(&b, s, files, Gathering{}, style); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != want {
			t.Errorf("%+v: %d bytes, want %d", style, len(got), len(want))
		}
	}
	s.Hosts[0].limit = s.Hosts[0].Stdout.Length
	s.Hosts[0].Stdout.Length += 1000
	var b strings.Builder
	if err := Gather(&b, s, files, Gathering{}, Style{Width: 200}); err != nil {
		t.Fatal(err)
	}
	if want := title + begin + "\n… 1000 bytes left out …\n" + gap + end; b.String() != want {
		t.Errorf("if there is not all of it: %d bytes, want %d", b.Len(), len(want))
	}
	for _, test := range []struct{ has, want kept }{
		{kept{first: 30}, kept{10, 10, 10}},
		{kept{first: 15}, kept{10, 0, 5}},
		{kept{20, 7, 12}, kept{10, 19, 10}},
		{kept{first: 20, left: 7}, kept{10, 17, 0}},
	} {
		if got := test.has.ends(10); got != test.want {
			t.Errorf("the ends of %v are %v, want %v", test.has, got, test.want)
		}
	}
}
