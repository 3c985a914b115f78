package runner

import (
	"cmp"
	"container/heap"
	"errors"
	"slices"
	"strings"
	"time"
)

// Waves are the sizes of waves that run one after the other, each a share of all hosts, rounded up, and one host at
// least. The last size is repeated until no host is left. An empty Waves is one wave of all hosts.
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
	later  timedItems         // hosts that wait for a point in time
	first  []*item            // hosts that wait for a slot and go first: they were parked
	ready  []*item            // hosts that wait for a slot
	parked map[string][]*item // hosts that wait for another with the same value of the var in Plan.Per
	result WaveResult
}

// waiting is how many hosts wait for a slot.
func (w *wave) waiting() int { return len(w.first) + len(w.ready) }

// empty reports whether no host of the wave waits to start, other than parked ones.
func (w *wave) empty() bool { return len(w.later)+w.waiting() == 0 }

// next removes the first of the hosts that wait for a slot.
func (w *wave) next() (it *item) {
	from := &w.ready
	if len(w.first) > 0 {
		from = &w.first
	}
	it, *from = (*from)[0], (*from)[1:]
	return it
}

// postpone makes a host wait until a point in time.
func (w *wave) postpone(it *item, until time.Time) { heap.Push(&w.later, timedItem{it, until}) }

// wake lets the hosts whose time has come wait for a slot.
func (w *wave) wake(now time.Time) {
	for len(w.later) > 0 && !w.later[0].at.After(now) {
		w.ready = append(w.ready, heap.Pop(&w.later).(timedItem).item)
	}
}

// unpark lets the first of the hosts that are parked for a value wait for a slot.
func (w *wave) unpark(value string) {
	if parked := w.parked[value]; len(parked) > 0 {
		w.first, w.parked[value] = append(w.first, parked[0]), parked[1:]
	}
}

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
