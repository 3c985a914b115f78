package report

import (
	"slices"
	"testing"

	"hail/runner"
)

// TestTwins: names are of one machine when one address shows one key for them; machines that were cloned with their keys are several.
func TestTwins(t *testing.T) {
	at := func(host, address, key string) Result {
		return Result{Host: host, Reach: &runner.Reach{Address: address, HostKey: key}}
	}
	for _, tt := range []struct {
		name  string
		hosts []Result
		want  []string
	}{
		{"clones", []Result{at("web1", "192.0.2.1:22", "k"), at("web2", "192.0.2.2:22", "k"), at("web3", "192.0.2.1:23", "k")}, nil},
		{"one address in two networks", []Result{at("web1", "10.0.0.1:22", "k"), at("web2", "10.0.0.1:22", "l")}, nil},
		{"no key was seen", []Result{at("web1", "192.0.2.1:22", ""), at("web2", "192.0.2.1:22", ""), {Host: "web3"}}, nil},
		{"two names", []Result{at("web2", "192.0.2.1:22", "k"), at("db", "192.0.2.9:22", "k"), at("web1", "192.0.2.1:22", "k")},
			[]string{"one machine under 2 names, at 192.0.2.1:22: web[1-2]"}},
		{"many", []Result{at("a1", "a", "k"), at("a2", "a", "k"), at("b1", "b", "k"), at("b2", "b", "k"), at("c1", "c", "k"), at("c2", "c", "k"), at("d1", "d", "k"), at("d2", "d", "k")},
			[]string{"one machine under 2 names, at a: a[1-2]", "one machine under 2 names, at b: b[1-2]", "one machine under 2 names, at c: c[1-2]", "and 1 machine more under several names"}},
	} {
		if got := twins(&Summary{Hosts: tt.hosts}); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
