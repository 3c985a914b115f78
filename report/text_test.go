package report

import (
	"slices"
	"strings"
	"testing"

	"hail/runner"
)

// TestTwins: names are of one machine if they have one address and one host key. Machines that were cloned with their
// keys are several.
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

// TestCounts: the counts say how many hosts ended well only at a later attempt.
func TestCounts(t *testing.T) {
	s, _ := fleet([]Result{{Host: "a", Status: runner.OK}, {Host: "b", Status: runner.OK}, {Host: "c", Status: runner.Changed}, {Host: "d", Status: runner.Failed}}, nil, nil)
	s.Hosts[1].Attempt, s.Hosts[3].Attempt = 2, 3
	if got, want := Counts(s, Style{}), "4 hosts: 2 ok (1 at the second attempt or later), 1 changed, 1 failed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestOvercome: the reason why hosts that ended well had to be tried again is shown once.
func TestOvercome(t *testing.T) {
	s, files := fleet([]Result{{Host: "a", Status: runner.OK}, {Host: "b1", Status: runner.OK}, {Host: "b2", Status: runner.Changed}, {Host: "c", Status: runner.Failed}}, nil, nil)
	for i := range s.Hosts[1:] {
		s.Hosts[1+i].before = &Result{Status: runner.Unreachable, Reason: runner.Closed, Error: "it said: Exceeded MaxStartups"}
	}
	var b strings.Builder
	if err := Text(&b, s, files, Style{}); err != nil {
		t.Fatal(err)
	}
	const want = `
  failed c
  retried after unreachable(closed) b[1-2] (2)
    b1: it said: Exceeded MaxStartups
    hint: a busy server hangs up: lower --per-address or --connecting for fewer logins at once
wall `
	if !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s\nwant in it\n%s", b.String(), want)
	}
}

// TestTextWithoutRecord: without a record, the summary does not point to one.
func TestTextWithoutRecord(t *testing.T) {
	s, _ := forty()
	var b strings.Builder
	if err := Text(&b, s, &Piped{Summary: s}, Style{}); err != nil || strings.Contains(b.String(), "\nrecord ") || strings.Contains(b.String(), "log: ") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
