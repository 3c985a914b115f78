package report

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"hail/runner"
)

// timing says where the time went. It is empty if no host was dialled.
func timing(s *Summary, style Style) string {
	t := runTime{Summary: s, wall: s.Ended.Sub(s.Started)}
	var connecting, running []time.Duration
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if c := r.Connecting(); c > 0 && r.Status != runner.Unreachable {
			connecting = append(connecting, c)
		}
		if d := r.Running(); d > 0 {
			running = append(running, d)
		}
		d := r.Took()
		t.sum += d
		if d > 0 && (t.slowest == nil || d > t.slowest.Took()) {
			t.slowest = r
		}
	}
	if t.slowest == nil || t.wall <= 0 {
		return ""
	}
	line := "wall " + seconds(t.wall)
	if t.sum >= t.wall*3/2 { // only then was much gained by running at once
		line += fmt.Sprintf(" · one by one ≈ %s · %.0f×", seconds(t.sum), float64(t.sum)/float64(t.wall))
	}
	if len(s.Hosts) > 1 {
		longest := seconds(t.slowest.Took())
		line += " · slowest "
		line += style.cut(t.slowest.Host, min(textWidth(line)+1+len(longest), style.Width*3/4)) + " " + longest
	}
	line += spread("connecting", connecting) + spread("running", running)
	if hint := t.hint(); hint != "" {
		line += "\nhint: " + hint
	}
	return line
}

// runTime is how long a run took, and its hosts.
type runTime struct {
	*Summary
	wall    time.Duration // from its beginning to its end
	sum     time.Duration // what all hosts took together
	slowest *Result       // nil if no host was dialled
}

// shortRun is how long a run may take before anybody wants it to be shorter.
const shortRun = 2 * time.Second

// hint says which setting would have made the run shorter, if one certainly would.
func (t runTime) hint() string {
	if t.Plan == nil || t.Stopped != "" || t.wall < shortRun || len(t.Hosts) < 4 {
		return ""
	}
	return cmp.Or(t.hintOfRetries(), t.hintOfSlowest(), t.hintOfTurns(), t.hintOfFanout())
}

// hintOfRetries is about a run that mostly tried again to reach some hosts, when all others had ended.
func (t runTime) hintOfRetries() string {
	var again []string
	var settled time.Time // when all others had ended
	for i := range t.Hosts {
		r := &t.Hosts[i]
		if r.Status == runner.Unreachable && r.Attempt > 1 {
			again = append(again, r.Host)
		} else if r.Ended.After(settled) {
			settled = r.Ended
		}
	}
	if again == nil || settled.IsZero() || t.Ended.Sub(settled) <= t.wall/2 {
		return ""
	}
	who := folded(again)
	if len(again) > 5 {
		who = Plural(len(again), "host")
	}
	return fmt.Sprintf("the last %s went into retrying %s; a lower --retries ends sooner", seconds(t.Ended.Sub(settled)), who)
}

// hintOfSlowest is about a run in which one host took much longer than any other.
func (t runTime) hintOfSlowest() string {
	var others time.Duration // the slowest but one
	for i := range t.Hosts {
		if r := &t.Hosts[i]; r != t.slowest {
			others = max(others, r.Took())
		}
	}
	if t.slowest.Took() <= t.wall*3/4 || others >= t.slowest.Took()/2 || t.slowest.Status == runner.Unreachable {
		return ""
	}
	return fmt.Sprintf("the run waited for %s alone; --timeout limits how long", t.slowest.Host)
}

// hintOfTurns is about hosts that mostly waited for their turn to log in.
func (t runTime) hintOfTurns() string {
	var queued time.Duration
	waiting := 0
	for i := range t.Hosts {
		if r := &t.Hosts[i]; r.Reach != nil && r.Reach.Queue > 0 {
			queued += r.Reach.Queue
			waiting++
		}
	}
	if queued <= max(t.wall, t.sum/2) || queued/time.Duration(waiting) <= shortRun {
		return ""
	}
	return fmt.Sprintf("%d hosts waited %s on average for their turn to log in: %s", waiting, seconds(queued/time.Duration(waiting)), t.whyTurns())
}

// whyTurns says what kept hosts from logging in all at once.
func (t runTime) whyTurns() string {
	at := map[string]int{} // number of hosts, by address
	most := 0
	for _, r := range t.Hosts {
		if r.Reach != nil {
			at[r.Reach.Address]++
			most = max(most, at[r.Reach.Address])
		}
	}
	switch p := t.Plan; {
	case p.PerAddress > 0 && most > p.PerAddress:
		return fmt.Sprintf("%d share an address, and --per-address lets %d of them log in at once", most, p.PerAddress)
	case p.ConnectingMost > p.Connecting:
		return "this machine, or the way to the hosts, was too busy for more at once"
	default:
		return "--connecting allows more at once"
	}
}

// hintOfFanout is about a run that gained too little from running at once, although nothing in its plan held it back.
func (t runTime) hintOfFanout() string {
	p, hosts := t.Plan, len(t.Hosts)
	if !reflect.ValueOf(p.Pace).IsZero() {
		return ""
	}
	slots := p.AtOnce()
	worked := telling(t.Counts) > hosts/2                                                 // nobody wants to be refused sooner
	retried := slices.ContainsFunc(t.Hosts, func(r Result) bool { return r.Attempt > 1 }) // then the run also waits by itself
	switch {
	case worked && hosts >= 2*slots && t.sum > t.wall*time.Duration(slots)*4/5 && t.sum/time.Duration(hosts) > 200*time.Millisecond:
		return fmt.Sprintf("hosts waited for a slot: -f %d would roughly halve the time, if ulimit -n, this machine and the network allow it", 2*slots)
	case slots >= 4 && t.sum < t.wall*3/2 && t.slowest.Took() < t.wall/2 && !retried:
		return "running at once gained little: something outside the hosts held them back (the network, a shared service, this machine)"
	}
	return ""
}

// telling returns how many hosts ended in a way that says something about how long a host takes.
func telling(counts map[runner.Status]int) int {
	return counts[runner.OK] + counts[runner.Changed] + counts[runner.Failed] + counts[runner.Timeout]
}

// spread returns a line with the distribution of times; it is empty if there are none.
func spread(what string, all []time.Duration) string {
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	if len(all) == 1 {
		return fmt.Sprintf("\n%s %s", what, seconds(all[0]))
	}
	at := func(q float64) string { return seconds(quantile(all, q)) }
	return fmt.Sprintf("\n%-10s p50 %s · p95 %s · max %s", what, at(0.5), at(0.95), at(1))
}

// quantile returns the time in which the share q of the hosts was done, by the nearest rank; all must be sorted.
func quantile(all []time.Duration, q float64) time.Duration {
	return all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
}
