package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
)

func plainly() Style { return Style{Width: 80} }

// TestLiveMoved: the bytes sent to all hosts are added up. A host that ended well counts in full.
func TestLiveMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLive(io.Discard, 3, true, plainly)
		defer l.Close()
		for _, step := range []struct {
			event runner.Event
			want  string
		}{
			{runner.Event{Kind: runner.KindExec, Host: "web1"}, ""},
			{runner.Event{Kind: runner.KindProgress, Host: "web1", Length: 3 << 20}, "sent 0.0/3.0 MiB"},
			{runner.Event{Kind: runner.KindProgress, Host: "web1", Offset: 1 << 19, Length: 3 << 20}, "sent 0.5/3.0 MiB"},
			{runner.Event{Kind: runner.KindProgress, Host: "web2", Offset: 1 << 30, Length: 2 << 30}, "sent 1.0/2.0 GiB"},
			{runner.Event{Kind: runner.KindFinish, Host: "web2", Status: runner.Changed}, "sent 2.0/2.0 GiB"},
			{runner.Event{Kind: runner.KindRetry, Host: "web1"}, "sent 2.0/2.0 GiB"},
			{runner.Event{Kind: runner.KindProgress, Host: "web1", Length: 1 << 30}, "sent 2.0/3.0 GiB"},
			{runner.Event{Kind: runner.KindFinish, Host: "web1", Status: runner.Failed}, "sent 2.0/3.0 GiB"},
		} {
			if err := l.Events([]runner.Event{step.event}); err != nil {
				t.Fatal(err)
			}
			if line := l.line(); step.want == "" && strings.Contains(line, "sent") || !strings.Contains(line, step.want) {
				t.Errorf("after %v: %q, want %q", step.event, line, step.want)
			}
		}
	})
}

// TestLiveEstimate: only hosts that ran to an end count for the estimate of the time left, and skipped hosts are not
// reported one by one.
func TestLiveEstimate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		l := NewLive(&b, 5, true, plainly)
		time.Sleep(10*time.Second + 1) // 1 ns off the tick that draws the line
		synctest.Wait()
		for _, step := range []struct {
			status     runner.Status
			want, told string
		}{
			{runner.Unreachable, "1/5 · 1 unreachable · 0 running", "h: unreachable\n"},
			{runner.Skipped, "2/5 · 1 unreachable · 1 skipped · 0 running", ""},
			{runner.OK, "3/5 · 1 ok · 1 unreachable · 1 skipped · 0 running · 20s left", ""},
			{runner.Failed, "4/5 · 1 ok · 1 failed · 1 unreachable · 1 skipped · 0 running · 5s left", "h: failed\n"},
		} {
			b.Reset()
			l.Events([]runner.Event{{Kind: runner.KindFinish, Host: "h", Status: step.status}})
			if got := l.line(); got != step.want {
				t.Errorf("%q, want %q", got, step.want)
			}
			if got := strings.TrimPrefix(b.String(), "\r\x1b[K"); got != step.told {
				t.Errorf("%s is reported as %q, want %q", step.status, got, step.told)
			}
		}
		l.Close()
	})
}

// TestLiveTells: of many hosts that go wrong in one way, only the first are shown one by one, so that others are seen; and in
// all, not more than fit a small screen.
func TestLiveTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		l := NewLive(&b, 1000, true, plainly)
		defer l.Close()
		tell := func(n int, reason runner.Reason) (lines []string) {
			b.Reset()
			for range n {
				l.Events([]runner.Event{{Kind: runner.KindFinish, Host: "h", Status: runner.Unreachable, Reason: reason}})
			}
			return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		}
		same := func(n int, reason runner.Reason) []string {
			return slices.Repeat([]string{fmt.Sprintf("h: unreachable(%s)", reason)}, n)
		}
		for _, step := range []struct {
			n      int
			reason runner.Reason
			want   []string
		}{
			{mostAlike, runner.Refused, same(mostAlike, runner.Refused)},
			{100, runner.Refused, []string{"more hosts went wrong; the summary has them all"}},
			{1, runner.DNS, same(1, runner.DNS)},
			{100, runner.Auth, same(mostAlike, runner.Auth)},
			{100, runner.Closed, same(mostAlike, runner.Closed)},
			{100, runner.Jump, same(mostTold-3*mostAlike-1, runner.Jump)},
			{100, runner.NoRoute, []string{""}},
		} {
			if got := tell(step.n, step.reason); !slices.Equal(got, step.want) {
				t.Errorf("%d %s are shown as %q, want %q", step.n, step.reason, got, step.want)
			}
		}
	})
}

// liveStep is an event, and what the line says some time after it.
type liveStep struct {
	event runner.Event
	after time.Duration
	want  string
}

func (s liveStep) check(t *testing.T, l *Live) {
	t.Helper()
	s.event.Time = time.Now()
	l.Events([]runner.Event{s.event})
	time.Sleep(s.after)
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := l.line(); got != s.want {
		t.Errorf("%q, want %q", got, s.want)
	}
}

// TestLiveRetry: an estimate that would be over before the next attempt is not shown.
func TestLiveRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLive(io.Discard, 3, true, plainly)
		defer l.Close()
		time.Sleep(200*time.Millisecond + 1)
		for _, step := range []liveStep{
			{runner.Event{Kind: runner.KindFinish, Host: "a", Status: runner.OK}, 0, "1/3 · 1 ok · 0 running · 5/s"},
			{runner.Event{Kind: runner.KindRetry, Host: "b", Delay: 5 * time.Second}, time.Second, "1/3 · 1 ok · 0 running · 1 to retry"},
			{runner.Event{Kind: runner.KindNote}, 2 * time.Second, "1/3 · 1 ok · 0 running · 1 to retry · 6s left"},
		} {
			step.check(t, l)
		}
	})
}

// TestLivePace: the pace says how long the run will take only once as many hosts have run as run at once, and only until all
// have begun: the last may hang.
func TestLivePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLive(io.Discard, 4, true, plainly)
		defer l.Close()
		time.Sleep(10*time.Second + 1)
		for _, step := range []liveStep{
			{runner.Event{Kind: runner.KindFinish, Host: "a", Status: runner.OK}, 0, "1/4 · 1 ok · 0 running · 30s left"},
			{runner.Event{Kind: runner.KindAttempt, Host: "b"}, 5 * time.Second, "1/4 · 1 ok · 0 running · 1 connecting · 45s left · slowest b 5s"},
			{runner.Event{Kind: runner.KindAttempt, Host: "c"}, 10 * time.Second, "1/4 · 1 ok · 0 running · 2 connecting · slowest b 15s c 10s"},
			{runner.Event{Kind: runner.KindFinish, Host: "b", Status: runner.OK}, 0, "2/4 · 2 ok · 0 running · 1 connecting · 25s left · slowest c 10s"},
			{runner.Event{Kind: runner.KindAttempt, Host: "d"}, time.Minute, "2/4 · 2 ok · 0 running · 2 connecting · slowest c 1m10s d 1m0s"},
		} {
			step.check(t, l)
		}
	})
}

// TestLiveWaves: between two waves, the line says what the next wave waits for; within one, not how long the run will take.
func TestLiveWaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLive(io.Discard, 4, true, plainly)
		defer l.Close()
		plan := &runner.Plan{Hosts: make([]inventory.Host, 4), Pace: runner.Pace{Waves: runner.Waves{{Value: 2}, {Value: 2}}, Pause: inventory.Duration(10 * time.Second), Gate: "true"}}
		for _, step := range []liveStep{
			{runner.Event{Kind: runner.KindPlan, Plan: plan}, 5 * time.Second, "0/4 · 0 running"},
			{runner.Event{Kind: runner.KindWave, Wave: 1, Count: 2}, 0, "0/4 · 0 running"},
			{runner.Event{Kind: runner.KindFinish, Host: "a", Status: runner.Unreachable}, 0, "1/4 · 1 unreachable · 0 running"},
			{runner.Event{Kind: runner.KindFinish, Host: "b", Status: runner.OK}, 5 * time.Second, "2/4 · 1 ok · 1 unreachable · 0 running"},
			{runner.Event{Kind: runner.KindFinish, Host: "c", Status: runner.OK}, 2 * time.Second, "3/4 · 2 ok · 1 unreachable · wave 2 of 2 in 8s"},
			{runner.Event{Kind: runner.KindNote}, 8 * time.Second, "3/4 · 2 ok · 1 unreachable · waiting for the gate before wave 2 of 2"},
			{runner.Event{Kind: runner.KindWave, Wave: 2, Count: 1}, 0, "3/4 · 2 ok · 1 unreachable · 0 running"},
		} {
			step.check(t, l)
		}
	})
}

// TestLiveCloses: remarks may still arrive while Close runs.
func TestLiveCloses(t *testing.T) {
	l := NewLive(io.Discard, 1, true, func() Style { return Style{} })
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 100 {
			l.mu.Lock()
			l.draw()
			l.mu.Unlock()
			fmt.Fprintln(l.Above(io.Discard), "a remark")
		}
	})
	l.Close()
	wg.Wait()
}

// TestLiveWidth: the line fits a terminal that has become narrower, with room for the ^C after it.
func TestLiveWidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		width := 80
		l := NewLive(&b, 1000, true, func() Style { return Style{Width: width} })
		l.mu.Lock()
		l.draw()
		width = 10
		l.draw()
		l.mu.Unlock()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := strings.ReplaceAll(b.String(), "\r\x1b[K", "|"), "|0/1000 · 0 running|0/1000 …|"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// TestLiveList: hosts that run or wait to be tried again are listed by phase and age, the oldest first, and folded when
// they are alike.
func TestLiveList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		l := NewLive(&b, 6, true, plainly)
		event := func(kind runner.Kind, hosts ...string) {
			for _, h := range hosts {
				if err := l.Events([]runner.Event{{Kind: kind, Host: h, Time: time.Now(), Status: runner.OK, Delay: 15 * time.Second}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		event(runner.KindAttempt, "web1", "web2", "web3", "db1", "db2", "db3")
		time.Sleep(2 * time.Second)
		event(runner.KindExec, "web1", "web2", "web3")
		event(runner.KindFinish, "web3")
		event(runner.KindRetry, "db2", "db3")
		time.Sleep(2950 * time.Millisecond) // not at a tick that draws the line
		synctest.Wait()
		b.Reset()
		l.List()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		first, got, _ := strings.Cut(strings.ReplaceAll(b.String(), "\r\x1b[K", ""), "\n")
		if !strings.Contains(first, "1/6 · 1 ok · 2 running · 1 connecting · 2 to retry") {
			t.Errorf("the line is %q, want \"1/6 · 1 ok · 2 running · 1 connecting · 2 to retry\" in it", first)
		}
		want := "  retry in      12s  db[2-3] (2)\n  connecting     5s  db1\n  running        3s  web[1-2] (2)\n"
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
