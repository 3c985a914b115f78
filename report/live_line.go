package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hail/runner"
)

// line returns the words of the live line.
func (l *Live) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d/%d", l.done, l.total)
	for _, s := range runner.Statuses {
		if n := l.counts[s]; n > 0 {
			fmt.Fprintf(&b, " · %d %s", n, Word(s, l.plan.DryRun))
		}
	}
	if next := l.next(); next != "" {
		return b.String() + " · " + next
	}
	reaching := 0
	for _, at := range l.running {
		if at.phase == connecting {
			reaching++
		}
	}
	fmt.Fprintf(&b, " · %d running", len(l.running)-reaching)
	if reaching > 0 {
		fmt.Fprintf(&b, " · %d %s", reaching, connecting)
	}
	if n := len(l.waiting); n > 0 {
		fmt.Fprintf(&b, " · %d to retry", n)
	}
	if l.all.total > 0 {
		fmt.Fprintf(&b, " · sent %s", l.all)
	}
	if spent := time.Since(l.started); l.done > 0 && l.done < l.total {
		rate := float64(l.done) / spent.Seconds()
		if rate >= 1 {
			fmt.Fprintf(&b, " · %.0f/s", rate)
		}
		if left := l.left(spent); left > 0 {
			fmt.Fprintf(&b, " · %s left", left)
		}
	}
	if slow := l.slowest(3); len(slow) > 0 {
		fmt.Fprintf(&b, " · slowest %s", strings.Join(slow, " "))
	}
	return b.String()
}

// left estimates how long the run will still take, at the pace so far. It is 0 where that pace says nothing: before as many
// hosts have run as run at once, in waves, which grow, once all hosts have begun, of which the last may hang, and if a host
// waits longer than that for another attempt.
func (l *Live) left(spent time.Duration) time.Duration {
	ran := telling(l.counts)
	if ran == 0 || ran < len(l.running) || l.wave > 0 || l.done+len(l.running)+len(l.waiting) >= l.total {
		return 0
	}
	left := time.Duration(float64(spent) * float64(l.total-l.done) / float64(ran)).Round(time.Second)
	for _, until := range l.waiting {
		if time.Until(until) > left {
			return 0
		}
	}
	return left
}

// next says what the next wave waits for, if that is all that the run waits for.
func (l *Live) next() string {
	if l.wave == 0 || l.waveLeft != 0 || l.done == l.total {
		return ""
	}
	wave := fmt.Sprintf("wave %d of %d", l.wave+1, max(l.wave+1, len(l.plan.Waves.Sizes(len(l.plan.Hosts)))))
	if rest := time.Until(l.ended.Add(l.plan.Pause.Value())).Round(time.Second); rest > 0 {
		return fmt.Sprintf("%s in %s", wave, rest)
	}
	if l.plan.Gate != "" {
		return "waiting for the gate before " + wave
	}
	return ""
}

// slowest returns the n hosts that have been running longest.
func (l *Live) slowest(n int) []string {
	type since struct {
		host string
		time time.Time
	}
	var first []since
	for host, at := range l.running {
		first = append(first, since{host, at.began})
		slices.SortFunc(first, func(a, b since) int { return a.time.Compare(b.time) })
		first = first[:min(len(first), n)]
	}
	var names []string
	for _, s := range first {
		names = append(names, fmt.Sprintf("%s %s", s.host, time.Since(s.time).Round(time.Second)))
	}
	return names
}

// extent is how much of something is done.
type extent struct{ done, total int64 }

// String formats e as in 1.2/4.8 GiB.
func (e extent) String() string {
	unit, name := int64(1<<20), "MiB"
	if e.total >= 1<<30 {
		unit, name = 1<<30, "GiB"
	}
	return fmt.Sprintf("%.1f/%.1f %s", float64(e.done)/float64(unit), float64(e.total)/float64(unit), name)
}
