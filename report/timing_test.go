package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
)

// TestHintOfTime: the hint for runs described by when each host began, how long it waited for its turn, and how long it
// ran.
func TestHintOfTime(t *testing.T) {
	type host struct {
		began, queued, ran time.Duration
		status             runner.Status // empty: ok
	}
	const s = time.Second
	same := func(n int, h host) (all []host) {
		for range n {
			all = append(all, h)
		}
		return all
	}
	var turns []host // two at a time
	for i := range 8 {
		turns = append(turns, host{time.Duration(i/2) * 5 * s, 0, 5 * s, ""})
	}
	refused := slices.Clone(turns)
	for i := range 5 {
		refused[i].status = []runner.Status{runner.Unreachable, runner.Error}[i%2]
	}
	var oneByOne []host
	for i := range 8 {
		oneByOne = append(oneByOne, host{time.Duration(i) * s, 0, s, ""})
	}
	for _, tt := range []struct {
		name  string
		plan  runner.Plan
		hosts []host
		want  string
	}{
		{"short", runner.Plan{Fanout: 8}, same(8, host{0, 0, s, ""}), ""},
		{"even", runner.Plan{Fanout: 8}, same(8, host{0, 0, 10 * s, ""}), ""},
		{"one is slow", runner.Plan{Fanout: 8}, append(same(7, host{0, 0, s, ""}), host{0, 0, 20 * s, ""}), "waited for h7 alone"},
		{"turns to log in", runner.Plan{Fanout: 8, Connecting: 4}, same(8, host{0, 9 * s, 5 * s, ""}), "8 hosts waited 9.0s on average for their turn to log in: --connecting allows more"},
		{"turns at one address", runner.Plan{Fanout: 8, Connecting: 4, PerAddress: 2}, same(8, host{0, 9 * s, 5 * s, ""}), "8 share an address, and --per-address lets 2 of them"},
		{"no quick logins", runner.Plan{Fanout: 8, Connecting: 4, ConnectingMost: 8}, same(8, host{0, 9 * s, 5 * s, ""}), "too busy for more at once"},
		{"a small fan-out", runner.Plan{Fanout: 2}, turns, "-f 4 would roughly halve"},
		{"a small fan-out, and hosts where nothing ran", runner.Plan{Fanout: 2}, refused, ""},
		{"nothing gained", runner.Plan{Fanout: 8}, oneByOne, "running at once gained little"},
		{"in waves", runner.Plan{Fanout: 8, Pace: runner.Pace{Waves: runner.Waves{{Value: 4}}}}, oneByOne, ""},
		{"at a rate", runner.Plan{Fanout: 8, Pace: runner.Pace{Rate: 1}}, oneByOne, ""},
		{"splayed", runner.Plan{Fanout: 2, Pace: runner.Pace{Splay: runner.Duration(time.Minute)}}, turns, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
			plan := &tt.plan
			sum := &Summary{}
			var events []runner.Event
			var end time.Duration
			for i, h := range tt.hosts {
				name := fmt.Sprint("h", i)
				plan.Hosts = append(plan.Hosts, inventory.Host{Name: name})
				ended := h.began + h.queued + h.ran
				events = append(events,
					runner.Event{Kind: runner.KindAttempt, Host: name, Attempt: 1, Time: start.Add(h.began)},
					runner.Event{Kind: runner.KindReach, Host: name, Time: start.Add(h.began + h.queued), Reach: &runner.Reach{Queue: h.queued}},
					runner.Event{Kind: runner.KindExec, Host: name, Time: start.Add(h.began + h.queued)},
					runner.Event{Kind: runner.KindFinish, Host: name, Status: cmp.Or(h.status, runner.OK), Time: start.Add(ended)})
				end = max(end, ended)
			}
			sum.Add([]runner.Event{{Kind: runner.KindPlan, Plan: plan, Time: start}})
			sum.Add(events)
			sum.Add([]runner.Event{{Kind: runner.KindEnd, Time: start.Add(end)}})
			_, got, _ := strings.Cut(timing(sum, Style{}), "hint: ")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("the hint is %q, want %q", got, tt.want)
			}
		})
	}
}

// TestHintOfRetries: the hint says which unreachable host took the time, through its retries.
func TestHintOfRetries(t *testing.T) {
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	sum, plan := &Summary{}, &runner.Plan{}
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	events := []runner.Event{{Kind: runner.KindPlan, Plan: plan, Time: start}}
	for _, name := range []string{"web1", "web2", "web3", "db3"} {
		plan.Hosts = append(plan.Hosts, inventory.Host{Name: name})
		attempt, status, ended := 1, runner.OK, at(1)
		if name == "db3" {
			attempt, status, ended = 3, runner.Unreachable, at(4)
		}
		events = append(events, runner.Event{Kind: runner.KindAttempt, Host: name, Attempt: attempt, Time: start},
			runner.Event{Kind: runner.KindFinish, Host: name, Attempt: attempt, Status: status, Time: ended})
	}
	sum.Add(append(events, runner.Event{Kind: runner.KindEnd, Time: at(4)}))
	if _, got, _ := strings.Cut(timing(sum, Style{}), "hint: "); got != "the last 3.0s went into retrying db3; a lower --retries ends sooner" {
		t.Errorf("the hint is %q, want that db3 took the last 3.0s", got)
	}
}

// TestSlowestOnNarrow: on a narrow terminal, enough is left of the name of the slowest host to know it by.
func TestSlowestOnNarrow(t *testing.T) {
	s, _ := fleet([]Result{{Host: "web0349", Status: runner.OK}, {Host: "web0350", Status: runner.OK}}, nil, nil)
	for i := range s.Hosts {
		s.Hosts[i].Ended = s.Hosts[i].Began.Add(time.Duration(10-i) * time.Minute)
	}
	if line := timing(s, Style{Width: 40}); !strings.Contains(line, "slowest web0349 10m0s\n") {
		t.Errorf("%q, want all of web0349 in it", line)
	}
}
