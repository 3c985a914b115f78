package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"hail/runner"
)

// timing says where the time went. It is empty if no host was dialled.
func timing(s *Summary, style Style) string {
	wall := s.Ended.Sub(s.Started)
	var sum time.Duration
	var connecting, running []time.Duration
	var slowest *Result
	for i := range s.Hosts {
		r := &s.Hosts[i]
		took := r.Took()
		sum += took
		if c := r.Connecting(); c > 0 && r.Status != runner.Unreachable {
			connecting = append(connecting, c)
		}
		if d := r.Running(); d > 0 {
			running = append(running, d)
		}
		if took > 0 && (slowest == nil || took > slowest.Took()) {
			slowest = r
		}
	}
	if slowest == nil || wall <= 0 {
		return ""
	}
	line := "wall " + seconds(wall)
	if sum > wall { // only then was anything gained by running at once
		line += fmt.Sprintf(" · one by one ≈ %s · %.0f×", seconds(sum), float64(sum)/float64(wall))
	}
	if len(s.Hosts) > 1 {
		took := seconds(slowest.Took())
		line += " · slowest "
		line += style.cut(slowest.Host, textWidth(line)+1+len(took)) + " " + took
	}
	line += spread("connecting", connecting) + spread("running", running)
	if hint := hintOfTime(s, wall, sum, slowest); hint != "" {
		line += "\nhint: " + hint
	}
	return line
}

// shortRun is how long a run may take before anybody wants it to be shorter.
const shortRun = 2 * time.Second

// hintOfTime says which setting would have made the run shorter, if one certainly would. wall is how long the run took,
// sum how long all its hosts did.
func hintOfTime(s *Summary, wall, sum time.Duration, slowest *Result) string {
	if s.Plan == nil || s.Stopped != "" || wall < shortRun || len(s.Hosts) < 4 {
		return ""
	}
	return cmp.Or(hintOfRetries(s, wall), hintOfSlowest(s, wall, slowest), hintOfTurns(s, wall, sum), hintOfFanout(s, wall, sum, slowest))
}

// hintOfRetries is about a run that mostly tried again to reach some hosts, when all others had ended.
func hintOfRetries(s *Summary, wall time.Duration) string {
	var again []string
	var settled time.Time // when all others had ended
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if r.Status == runner.Unreachable && r.Attempt > 1 {
			again = append(again, r.Host)
		} else if r.Ended.After(settled) {
			settled = r.Ended
		}
	}
	if again == nil || settled.IsZero() || s.Ended.Sub(settled) <= wall/2 {
		return ""
	}
	who := folded(again)
	if len(again) > 5 {
		who = Plural(len(again), "host")
	}
	return fmt.Sprintf("the last %s went into retrying %s; a lower --retries ends sooner", seconds(s.Ended.Sub(settled)), who)
}

// hintOfSlowest is about a run in which one host took much longer than any other.
func hintOfSlowest(s *Summary, wall time.Duration, slowest *Result) string {
	var others time.Duration // the slowest but one
	for i := range s.Hosts {
		if r := &s.Hosts[i]; r != slowest {
			others = max(others, r.Took())
		}
	}
	if slowest.Took() <= wall*3/4 || others >= slowest.Took()/2 || slowest.Status == runner.Unreachable {
		return ""
	}
	return fmt.Sprintf("the run waited for %s alone; --timeout limits how long", slowest.Host)
}

// hintOfTurns is about hosts that mostly waited for their turn to log in.
func hintOfTurns(s *Summary, wall, sum time.Duration) string {
	var queued time.Duration
	waiting := 0
	for i := range s.Hosts {
		if r := &s.Hosts[i]; r.Reach != nil && r.Reach.Queue > 0 {
			queued += r.Reach.Queue
			waiting++
		}
	}
	if queued <= max(wall, sum/2) || queued/time.Duration(waiting) <= shortRun {
		return ""
	}
	return fmt.Sprintf("%d hosts waited %s on average for their turn to log in: %s", waiting, seconds(queued/time.Duration(waiting)), whyTurns(s))
}

// hintOfFanout is about a run that gained too little from running at once, although nothing in its plan held it back.
func hintOfFanout(s *Summary, wall, sum time.Duration, slowest *Result) string {
	p, hosts := s.Plan, len(s.Hosts)
	if len(p.Waves) > 0 || p.Pause > 0 || p.Gate != "" || p.Rate > 0 || p.Splay > 0 || p.Per != nil {
		return ""
	}
	slots := hosts
	if p.Fanout > 0 {
		slots = min(p.Fanout, hosts)
	}
	retried := slices.ContainsFunc(s.Hosts, func(r Result) bool { return r.Attempt > 1 }) // then the run also waits by itself
	switch {
	case hosts >= 2*slots && sum > wall*time.Duration(slots)*4/5 && sum/time.Duration(hosts) > 200*time.Millisecond:
		return fmt.Sprintf("hosts waited for a slot: -f %d would roughly halve the time, if this machine and the network can take it", 2*slots)
	case slots >= 4 && sum < wall*3/2 && slowest.Took() < wall/2 && !retried:
		return "running at once gained little: something outside the hosts held them back (the network, a shared service, this machine)"
	}
	return ""
}

// whyTurns says what kept hosts from logging in all at once.
func whyTurns(s *Summary) string {
	at := map[string]int{} // number of hosts, by address
	most := 0
	for _, r := range s.Hosts {
		if r.Reach != nil {
			at[r.Reach.Address]++
			most = max(most, at[r.Reach.Address])
		}
	}
	switch p := s.Plan; {
	case p.PerAddress > 0 && most > p.PerAddress:
		return fmt.Sprintf("%d share an address, and --per-address lets %d of them log in at once", most, p.PerAddress)
	case p.ConnectingMost > p.Connecting:
		return "this machine, or the way to the hosts, was too busy for more at once"
	default:
		return "--connecting allows more at once"
	}
}

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
