package inventory

import "testing"

func TestNarrowing(t *testing.T) {
	inv := load(t, "i.yaml", `groups: {a: {hosts: "a[1-5]", vars: {rack: 1}}, b: {hosts: "b[1-5]", vars: {rack: 2}}, c: {hosts: "c[1-2]"}}`)
	for _, c := range []struct {
		narrow Narrowing
		want   string
	}{
		{Narrowing{}, "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2"},
		{Narrowing{Limit: 3}, "a1 a2 a3"},
		{Narrowing{Limit: 99}, "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2"},
		{Narrowing{OnePer: "rack"}, "a1 b1 c1"},
		{Narrowing{OnePer: "rack", Limit: 2}, "a1 b1"},
		{Narrowing{OnePer: "group"}, "a1 b1 c1"},
		{Narrowing{Shard: Shard{1, 5}}, "a1 b1 c1"},
		{Narrowing{Shard: Shard{5, 5}}, "a5 b5"},
		{Narrowing{Shard: Shard{1, 1}}, "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2"},
		{Narrowing{Sample: 99}, "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2"},
	} {
		hosts, err := Select(inv, Query{All: true, Narrow: c.narrow}, Lookups{})
		if got := joined(hosts); err != nil || got != c.want {
			t.Errorf("%+v is %s, %v, want %s", c.narrow, got, err, c.want)
		}
	}
	for _, wrong := range []Shard{{0, 2}, {3, 2}, {1, 0}, {-1, -1}} {
		if _, err := Select(inv, Query{All: true, Narrow: Narrowing{Shard: wrong}}, Lookups{}); err == nil {
			t.Errorf("the part %+v is taken", wrong)
		}
	}
	all := map[string]int{}
	for k := 1; k <= 5; k++ {
		hosts, err := Select(inv, Query{All: true, Narrow: Narrowing{Shard: Shard{k, 5}}}, Lookups{})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hosts {
			all[h.Name]++
		}
	}
	for _, h := range inv.Hosts() {
		if all[h.Name] != 1 {
			t.Errorf("%s is in %d parts", h.Name, all[h.Name])
		}
	}
}

func TestSample(t *testing.T) {
	inv := load(t, "i.yaml", "hosts: 'n[1-100]'")
	sample := func(seed uint64) string {
		hosts, err := Select(inv, Query{All: true, Narrow: Narrowing{Sample: 5, Seed: seed}}, Lookups{})
		if err != nil || len(hosts) != 5 {
			t.Fatal(hosts, err)
		}
		return joined(hosts)
	}
	first, again, other := sample(1), sample(1), sample(2)
	if first != again || first == other {
		t.Errorf("samples are %s, %s and %s", first, again, other)
	}
	if len(inv.Hosts()) != 100 || inv.Hosts()[7].Name != "n8" {
		t.Error("drawing a sample changed the inventory")
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/5"); err != nil || s != (Shard{2, 5}) {
		t.Errorf("2/5 is %v, %v", s, err)
	}
	for _, text := range []string{"", "2", "0/5", "6/5", "-1/5", "a/b", "1/0", "2/5/6", "/"} {
		if s, err := ParseShard(text); err == nil {
			t.Errorf("%q is %v", text, s)
		}
	}
}
