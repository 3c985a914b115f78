package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"hail/runner"
)

// Live is the Sink that shows how a run is going. On a terminal it keeps one line up to date below everything else, and
// shows failures as they happen; elsewhere it writes a plain line now and then.
type Live struct {
	w        io.Writer
	style    func() Style
	terminal bool
	total    int
	started  time.Time

	mu       sync.Mutex
	done     int
	counts   map[runner.Status]int
	plan     runner.Plan
	wave     int       // number of the current wave; 0: there is only one
	waveLeft int       // hosts that have to end before the next wave
	ended    time.Time // when the last host ended
	running  map[string]step
	waiting  map[string]time.Time // until when, before another attempt
	moved    map[string]extent    // bytes, of the hosts that have reported progress
	all      extent               // the sum of these
	told     int                  // failures that were shown
	alike    map[string]int       // failures, by how the hosts ended
	more     bool                 // that there are more was said
	shown    bool                 // the line is on the screen

	quit chan struct{}
	wg   sync.WaitGroup
}

// step is the phase that a running host is in, and since when.
type step struct {
	phase        string
	began, since time.Time // the beginnings of the attempt and of the phase
}

// connecting is the first phase, also of a host that waits for its turn to log in, or for a descriptor.
const connecting = "connecting"

// How often the line is drawn on a terminal, and written elsewhere; and how many failures are shown one by one, of one kind and in all.
const (
	drawEvery  = 200 * time.Millisecond
	writeEvery = 10 * time.Second
	mostAlike  = 5
	mostTold   = 20
)

// NewLive starts showing a run on total hosts on w, which may be a terminal. It calls style each time, as a terminal may
// change its width; nil is plain text of any width. Close ends it, and is called once.
func NewLive(w io.Writer, total int, terminal bool, style func() Style) *Live {
	if style == nil {
		style = func() Style { return Style{} }
	}
	l := &Live{w: w, style: style, terminal: terminal, total: total, started: time.Now(), counts: map[runner.Status]int{},
		running: map[string]step{}, waiting: map[string]time.Time{}, moved: map[string]extent{}, alike: map[string]int{}, quit: make(chan struct{})}
	l.wg.Go(l.tick)
	return l
}

func (l *Live) tick() {
	every := writeEvery
	if l.terminal {
		every = drawEvery
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			l.mu.Lock()
			l.draw()
			l.mu.Unlock()
		case <-l.quit:
			return
		}
	}
}

// Events implements Sink.
func (l *Live) Events(batch []runner.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range batch {
		e := &batch[i]
		switch e.Kind {
		case runner.KindPlan:
			if e.Plan != nil {
				l.plan = *e.Plan
			}
		case runner.KindWave:
			l.wave, l.waveLeft = e.Wave, e.Count
		case runner.KindAttempt:
			delete(l.waiting, e.Host)
			l.running[e.Host] = step{connecting, e.Time, e.Time}
		case runner.KindReach:
			l.enter(e, "connected")
		case runner.KindExec:
			l.enter(e, "running")
		case runner.KindProgress:
			l.move(e.Host, extent{e.Offset, e.Length})
		case runner.KindRetry:
			delete(l.running, e.Host)
			l.waiting[e.Host] = e.Time.Add(e.Delay)
		case runner.KindFinish:
			delete(l.running, e.Host)
			delete(l.waiting, e.Host)
			l.done++
			l.counts[e.Status]++
			if e.Status != runner.Unreachable { // an unreachable host is replaced in its wave
				l.waveLeft--
			}
			l.ended = e.Time
			if e.Status.Well() {
				l.move(e.Host, extent{l.moved[e.Host].total, l.moved[e.Host].total})
			}
			l.tell(e)
		}
	}
	return nil
}

func (l *Live) enter(e *runner.Event, phase string) {
	if at, ok := l.running[e.Host]; ok {
		l.running[e.Host] = step{phase, at.began, e.Time}
	}
}

func (l *Live) move(host string, to extent) {
	was := l.moved[host]
	l.all.done += to.done - was.done
	l.all.total += to.total - was.total
	if to.total > 0 {
		l.moved[host] = to
	}
}

// List shows the hosts that have begun and not ended, with their phase and for how long they are in it, or in what time
// they are tried again: the longest first, equal ones together.
func (l *Live) List() {
	l.mu.Lock()
	defer l.mu.Unlock()
	type at struct {
		age   time.Duration
		phase string
	}
	alike := map[at][]string{}
	for host, step := range l.running {
		key := at{time.Since(step.since).Round(time.Second), step.phase}
		alike[key] = append(alike[key], host)
	}
	for host, until := range l.waiting {
		key := at{max(0, time.Until(until)).Round(time.Second), "retry in"}
		alike[key] = append(alike[key], host)
	}
	style := l.style()
	keys := slices.SortedFunc(maps.Keys(alike), func(a, b at) int { return cmp.Or(cmp.Compare(b.age, a.age), strings.Compare(a.phase, b.phase)) })
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", style.cut(l.line(), 0))
	rest := 0
	for i, key := range keys {
		if i >= mostListed {
			rest += len(alike[key])
			continue
		}
		slices.Sort(alike[key])
		fmt.Fprintln(&text, style.cut(fmt.Sprintf("  %-10s %6s  %s", key.phase, key.age, folded(alike[key])), 0))
	}
	if rest > 0 {
		fmt.Fprintf(&text, "  and %d more\n", rest)
	}
	l.clear()
	io.WriteString(l.w, text.String())
}

// mostListed is how many lines List shows of running hosts.
const mostListed = 20

// tell shows at once what went wrong, on a terminal and as long as it is not too much: when many hosts go wrong in one way,
// the other ways have to stay in sight. Hosts that were never started are left out: they all have one cause.
func (l *Live) tell(e *runner.Event) {
	if !l.terminal || !e.Status.Bad() || e.Status == runner.Skipped || e.Reason == runner.Interrupt {
		return
	}
	r := resultOf(e)
	l.alike[r.how()]++
	line := e.Host + ": " + r.Said()
	switch {
	case l.told < mostTold && l.alike[r.how()] <= mostAlike:
		l.told++
	case l.more:
		return
	default:
		l.more = true
		line = "more hosts went wrong; the summary has them all"
	}
	l.clear()
	fmt.Fprintln(l.w, l.style().cut(line, 0))
}

// draw puts the line on the screen.
func (l *Live) draw() {
	line := l.style().cut(l.line(), len("^C")) // which the terminal writes after it
	if l.terminal {
		fmt.Fprintf(l.w, "\r\x1b[K%s", line)
		l.shown = true
	} else {
		fmt.Fprintln(l.w, line)
	}
}

func (l *Live) clear() {
	if l.shown {
		io.WriteString(l.w, "\r\x1b[K")
		l.shown = false
	}
}

// Above returns a writer to the same screen as w, which removes the line before it writes.
func (l *Live) Above(w io.Writer) io.Writer { return above{l, w} }

type above struct {
	live *Live
	w    io.Writer
}

func (a above) Write(p []byte) (int, error) {
	a.live.mu.Lock()
	defer a.live.mu.Unlock()
	a.live.clear()
	return a.w.Write(p)
}

// Close implements Sink: it removes the line.
func (l *Live) Close() error {
	close(l.quit)
	l.wg.Wait()
	l.mu.Lock() // a writer from Above may still be writing
	defer l.mu.Unlock()
	l.clear()
	return nil
}
