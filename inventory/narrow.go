package inventory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Narrowing reduces the selected hosts, in the order of its fields. The zero value keeps all.
type Narrowing struct {
	OnePer string // a var: the first host of those with the same value, and the first of those without one
	Shard  Shard
	Sample int    // this many, drawn at random; 0: all
	Seed   uint64 // determines the sample
	Limit  int    // at most this many, the first ones; 0: all
}

// Shard is part K of N of the hosts, written "2/5". Taken together, the parts are all hosts, each once. The zero
// value is all hosts.
type Shard struct{ K, N int }

// ParseShard reads K/N, with K from 1 to N.
func ParseShard(text string) (s Shard, err error) {
	k, n, ok := strings.Cut(text, "/")
	var errK, errN error
	s.K, errK = strconv.Atoi(k)
	s.N, errN = strconv.Atoi(n)
	if !ok || errK != nil || errN != nil || !s.valid() {
		return Shard{}, fmt.Errorf("%q is not a shard: K/N with K from 1 to N, as in 2/5", text)
	}
	return s, nil
}

func (s Shard) valid() bool { return s.K >= 1 && s.K <= s.N }

func (n Narrowing) check() error {
	switch {
	case n.Limit < 0:
		return &Error{Text: fmt.Sprintf("--limit: %d is below 0", n.Limit)}
	case n.Sample < 0:
		return &Error{Text: fmt.Sprintf("--sample: %d is below 0", n.Sample)}
	case n.Shard != Shard{} && !n.Shard.valid():
		return &Error{Text: fmt.Sprintf("--shard: %d/%d is not a shard", n.Shard.K, n.Shard.N)}
	}
	return nil
}

// apply reduces hosts of inv. It is an error if none of them has the var of OnePer.
func (n Narrowing) apply(hosts []Host, inv *Inventory) ([]Host, error) {
	if n.OnePer != "" {
		has := func(h Host) bool { return Attribute(h, n.OnePer) != "" }
		if len(hosts) > 0 && !slices.ContainsFunc(hosts, has) {
			return nil, &Error{Text: fmt.Sprintf("--one-per: none of the hosts has the var %q", n.OnePer), Hint: DidYouMean(n.OnePer, inv.Attributes())}
		}
		hosts = onePer(hosts, n.OnePer)
	}
	if n.Shard.N > 1 {
		var part []Host
		for i := n.Shard.K - 1; i < len(hosts); i += n.Shard.N {
			part = append(part, hosts[i])
		}
		hosts = part
	}
	if n.Sample > 0 && n.Sample < len(hosts) {
		drawn := rand.New(rand.NewPCG(n.Seed, 0)).Perm(len(hosts))[:n.Sample]
		slices.Sort(drawn)
		for to, from := range drawn {
			hosts[to] = hosts[from]
		}
		hosts = hosts[:n.Sample]
	}
	if n.Limit > 0 {
		hosts = hosts[:min(n.Limit, len(hosts))]
	}
	return hosts, nil
}

func onePer(hosts []Host, name string) (some []Host) {
	seen := map[string]bool{}
	for _, h := range hosts {
		value := Attribute(h, name)
		if !seen[value] {
			seen[value] = true
			some = append(some, h)
		}
	}
	return some
}

// words returns n as options of the command line.
func (n Narrowing) words() (words []string) {
	add := func(flag, value string) { words = append(words, "--"+flag+" "+value) }
	if n.OnePer != "" {
		add("one-per", n.OnePer)
	}
	if n.Shard.N > 0 {
		add("shard", fmt.Sprintf("%d/%d", n.Shard.K, n.Shard.N))
	}
	if n.Sample > 0 {
		add("sample", strconv.Itoa(n.Sample))
	}
	if n.Limit > 0 {
		add("limit", strconv.Itoa(n.Limit))
	}
	return words
}
