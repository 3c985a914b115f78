package runner

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// Waves are the sizes of waves that run one after the other, each a share of all hosts, rounded up. The last size is
// repeated until no host is left. An empty Waves is one wave of all hosts.
type Waves []Share

// ParseWaves reads "1,10%,100%".
func ParseWaves(text string) (w Waves, err error) {
	for part := range strings.SplitSeq(text, ",") {
		s, err := ParseShare(strings.TrimSpace(part))
		if err == nil && s.Value == 0 {
			err = errors.New("a wave needs at least one host")
		}
		if err != nil {
			return nil, err
		}
		w = append(w, s)
	}
	return w, nil
}

// Sizes returns the sizes of the waves of total hosts. They add up to total.
func (w Waves) Sizes(total int) (sizes []int) {
	for left, i := total, 0; left > 0; i++ {
		size := left
		if len(w) > 0 {
			size = min(left, max(1, w[min(i, len(w)-1)].Up(total)))
		}
		sizes = append(sizes, size)
		left -= size
	}
	return sizes
}

// wave is one wave of hosts, from its first start to its last end.
type wave struct {
	later   timedItems         // hosts that wait for a point in time
	first   []*item            // hosts that wait for a slot and go first: they were parked
	ready   []*item            // hosts that wait for a slot
	parked  map[string][]*item // hosts that wait for another with the same value of the var in Plan.Per
	running int
	result  WaveResult
}

// empty reports whether no host of the wave waits to start, other than parked ones.
func (w *wave) empty() bool { return len(w.later)+len(w.first)+len(w.ready) == 0 }

// left returns the hosts of the wave that have no attempt under way, in the order of the plan.
func (w *wave) left() (all []*item) {
	for _, l := range w.later {
		all = append(all, l.item)
	}
	all = append(append(all, w.first...), w.ready...)
	for _, parked := range w.parked {
		all = append(all, parked...)
	}
	slices.SortFunc(all, func(a, b *item) int { return a.index - b.index })
	return all
}

// timedItems is a heap of hosts, ordered by the time they wait for.
type timedItems []timedItem

type timedItem struct {
	*item
	at time.Time
}

func (l timedItems) Len() int { return len(l) }
func (l timedItems) Less(i, j int) bool {
	return cmp.Or(l[i].at.Compare(l[j].at), l[i].index-l[j].index) < 0
}
func (l timedItems) Swap(i, j int) { l[i], l[j] = l[j], l[i] }
func (l *timedItems) Push(x any)   { *l = append(*l, x.(timedItem)) }
func (l *timedItems) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
