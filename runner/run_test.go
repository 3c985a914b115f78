package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

// do makes an action of a function.
type do func(ctx context.Context, t *runner.Target) error

func (f do) Do(ctx context.Context, t *runner.Target) error { return f(ctx, t) }

// command is an action that runs one command line.
func command(line string) runner.Action {
	return do(func(ctx context.Context, t *runner.Target) error {
		return t.Exec(ctx, line, runner.Stdio{Out: t.Out, Err: t.Err})
	})
}

// memory is Outputs that keeps everything in memory.
type memory struct {
	mu      sync.Mutex
	streams map[string]*bytes.Buffer
	openErr error
	fail    error // returned by every write
	once    bool  // fail is returned by one write alone
}

type memoryStream struct {
	m   *memory
	buf *bytes.Buffer
}

func (m *memory) Open(h inventory.Host, _ int) (out, err io.WriteCloser, e error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.streams == nil {
		m.streams = map[string]*bytes.Buffer{}
	}
	o, r := new(bytes.Buffer), new(bytes.Buffer)
	m.streams[h.Name+" stdout"], m.streams[h.Name+" stderr"] = o, r
	return memoryStream{m, o}, memoryStream{m, r}, m.openErr
}

func (s memoryStream) Write(p []byte) (int, error) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err := s.m.fail; err != nil {
		if s.m.once {
			s.m.fail = nil
		}
		return 0, err
	}
	return s.buf.Write(p)
}

func (s memoryStream) Close() error { return nil }

func hosts(n int) []inventory.Host {
	hs := make([]inventory.Host, n)
	for i := range hs {
		hs[i].Name = fmt.Sprintf("h%05d", i)
	}
	return hs
}

// finishes runs the plan to its end, checks what every sequence of events promises, and returns the finish event of
// each host.
func finishes(t *testing.T, events func(func([]runner.Event) bool), hosts []inventory.Host) map[string]runner.Event {
	t.Helper()
	finish := map[string]runner.Event{}
	stage := map[string]runner.Kind{}
	begun := map[string]int{} // the attempt that may have run something
	last := runner.Event{}
	for batch := range events {
		for _, e := range batch {
			if e.Seq != last.Seq+1 {
				t.Fatalf("event %d follows event %d: the numbers have a gap", e.Seq, last.Seq)
			}
			if first := e.Seq == 1; first != (e.Kind == runner.KindPlan) || last.Kind == runner.KindEnd {
				t.Fatalf("event %d is %s, after %s: want the plan first, and nothing after the end", e.Seq, e.Kind, last.Kind)
			}
			if e.Time.Before(last.Time) && e.Host == last.Host {
				t.Errorf("%s: time runs backwards", e.Host)
			}
			if stage[e.Host] == runner.KindFinish {
				t.Errorf("%s: %s after its finish", e.Host, e.Kind)
			}
			stage[e.Host] = e.Kind
			if e.Kind == runner.KindExec {
				if begun[e.Host] >= e.Attempt {
					t.Errorf("%s: attempt %d begins its first command twice", e.Host, e.Attempt)
				}
				begun[e.Host] = e.Attempt
			}
			if e.Kind == runner.KindFinish {
				finish[e.Host] = e
			}
			last = e
		}
	}
	if last.Kind != runner.KindEnd {
		t.Errorf("the last event is %s, want end", last.Kind)
	}
	if len(finish) != len(hosts) {
		t.Errorf("%d of %d hosts have a finish event", len(finish), len(hosts))
	}
	return finish
}

func TestRunKeepsTheFanout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &connsuite.Fake{
			DialTime: func(h inventory.Host) time.Duration { return time.Duration(len(h.Name)) * time.Millisecond },
			Exec: func(ctx context.Context, h inventory.Host, _ string, _ runner.Stdio) error {
				return connsuite.Sleep(ctx, time.Minute)
			},
		}
		p := runner.Plan{Run: "r", Fanout: 50, Hosts: hosts(10_000)}
		for host, e := range finishes(t, runner.Run(t.Context(), p, command("x"), fake, &memory{}), p.Hosts) {
			if e.Status != runner.OK {
				t.Errorf("%s: %s %s", host, e.Status, e.Error)
			}
		}
		if fake.MostConns != 50 {
			t.Errorf("%d connections at once, want 50", fake.MostConns)
		}
	})
}

func TestRunWithoutHosts(t *testing.T) {
	finishes(t, runner.Run(t.Context(), runner.Plan{}, command(connsuite.True), &connsuite.Fake{}, &memory{}), nil)
}

func TestStatusesOfARun(t *testing.T) {
	unreachable := &runner.Failure{Status: runner.Unreachable, Reason: runner.Refused, Err: errors.New("refused"), Reach: &runner.Reach{Phase: "tcp"}}
	accepted := &runner.Failure{Status: runner.OK, Exit: 3}
	for _, tt := range []struct {
		name   string
		fake   *connsuite.Fake
		action runner.Action
		out    *memory
		want   runner.Event
	}{
		{"ok", &connsuite.Fake{}, command(connsuite.True), &memory{}, runner.Event{Status: runner.OK}},
		{"an exit status", &connsuite.Fake{}, command(connsuite.Exit7), &memory{},
			runner.Event{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 7, Error: "exit 7"}},
		{"changed", &connsuite.Fake{}, do(func(_ context.Context, t *runner.Target) error { t.Changed(); return nil }), &memory{},
			runner.Event{Status: runner.Changed}},
		{"changed, and failed after all", &connsuite.Fake{}, do(func(_ context.Context, t *runner.Target) error { t.Changed(); return errors.New("no") }), &memory{},
			runner.Event{Status: runner.Error, Error: "no"}},
		{"changed, with an exit status that is accepted", &connsuite.Fake{}, do(func(_ context.Context, t *runner.Target) error { t.Changed(); return accepted }), &memory{},
			runner.Event{Status: runner.Changed, Exit: 3}},
		{"outputs that are full, with an exit status that is accepted", &connsuite.Fake{}, do(func(_ context.Context, t *runner.Target) error { io.WriteString(t.Err, "x"); return accepted }), &memory{fail: errors.New("no space")},
			runner.Event{Status: runner.Error, Error: "no space"}},
		{"not reached", &connsuite.Fake{DialErr: func(inventory.Host) error { return unreachable }}, command(connsuite.True), &memory{},
			runner.Event{Status: runner.Unreachable, Reason: runner.Refused, Error: "refused"}},
		{"a panic", &connsuite.Fake{}, do(func(context.Context, *runner.Target) error { panic("oops\x1b[2J") }), &memory{},
			runner.Event{Status: runner.Error, Error: `panic: oops\x1b[2J`}},
		{"outputs that don't open", &connsuite.Fake{}, command(connsuite.True), &memory{openErr: errors.New("no space")},
			runner.Event{Status: runner.Error, Error: "no space"}},
		{"outputs that are full", &connsuite.Fake{}, command(connsuite.Endless), &memory{fail: errors.New("no space")},
			runner.Event{Status: runner.Error, Error: "stopped: no space"}},
		{"outputs that are full, which the action does not notice", &connsuite.Fake{}, do(func(_ context.Context, t *runner.Target) error { io.WriteString(t.Err, "x"); return nil }), &memory{fail: errors.New("no space")},
			runner.Event{Status: runner.Error, Error: "no space"}},
		{"outputs that were full for a while, which the action does not notice", &connsuite.Fake{}, do(func(_ context.Context, t *runner.Target) error {
			io.WriteString(t.Out, "x")
			io.WriteString(t.Out, "y")
			return nil
		}), &memory{fail: errors.New("no space"), once: true},
			runner.Event{Status: runner.Error, Error: "no space"}},
		{"several commands", &connsuite.Fake{}, do(func(ctx context.Context, t *runner.Target) error {
			return errors.Join(t.Exec(ctx, connsuite.True, runner.Stdio{}), t.Exec(ctx, connsuite.True, runner.Stdio{}))
		}), &memory{},
			runner.Event{Status: runner.OK}},
		{"an error with many lines", &connsuite.Fake{}, do(func(context.Context, *runner.Target) error { return errors.New("one\ntwo\n") }), &memory{},
			runner.Event{Status: runner.Error, Error: `one\ntwo`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := runner.Plan{Hosts: hosts(1)}
			got := finishes(t, runner.Run(t.Context(), p, tt.action, tt.fake, tt.out), p.Hosts)["h00000"]
			if got.Status != tt.want.Status || got.Reason != tt.want.Reason || got.Exit != tt.want.Exit || got.Error != tt.want.Error {
				t.Errorf("%s(%s) exit %d %q, want %s(%s) exit %d %q", got.Status, got.Reason, got.Exit, got.Error,
					tt.want.Status, tt.want.Reason, tt.want.Exit, tt.want.Error)
			}
		})
	}
}

func TestAnActionThatDoesNotReturnCostsOneHost(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("oops") }, "Goexit": runtime.Goexit} {
		p := runner.Plan{Hosts: hosts(10), Fanout: 1}
		a := do(func(_ context.Context, t *runner.Target) error {
			if t.Host.Name == "h00003" {
				leave()
			}
			return nil
		})
		for host, e := range finishes(t, runner.Run(t.Context(), p, a, &connsuite.Fake{}, &memory{}), p.Hosts) {
			if (e.Status == runner.OK) == (host == "h00003") {
				t.Errorf("%s: %s: %s", name, host, e.Status)
			}
		}
	}
}

// TestSizeOfAnInput: a Target finds out how long an input in memory is, and that it is none if it is empty.
func TestSizeOfAnInput(t *testing.T) {
	for in, want := range map[io.Reader]int64{
		nil: 0, strings.NewReader(""): 0, strings.NewReader("four"): 4, bytes.NewReader([]byte("five!")): 5, bytes.NewBufferString("six"): 3,
		io.LimitReader(strings.NewReader("unknown"), 4): 0,
	} {
		fake := &connsuite.Fake{Exec: func(_ context.Context, _ inventory.Host, _ string, s runner.Stdio) error {
			if _, isLimited := in.(*io.LimitedReader); s.Size != want || (s.In != nil) != (want > 0 || isLimited) {
				t.Errorf("%T: size %d, input %v; want %d", in, s.Size, s.In != nil, want)
			}
			return nil
		}}
		a := do(func(ctx context.Context, t *runner.Target) error { return t.Exec(ctx, "x", runner.Stdio{In: in}) })
		e := finishes(t, runner.Run(t.Context(), runner.Plan{Hosts: hosts(1)}, a, fake, nil), hosts(1))["h00000"]
		if e.Status != runner.OK || fake.Executed != 1 {
			t.Errorf("%T: %s %s, %d commands began", in, e.Status, e.Error, fake.Executed)
		}
	}
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &connsuite.Fake{DialTime: func(h inventory.Host) time.Duration {
			if h.Name == "h00001" {
				return time.Hour // still dialling when the run is stopped
			}
			return 0
		}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		p := runner.Plan{Fanout: 2, Hosts: hosts(4)}
		got := finishes(t, runner.Run(ctx, p, command(connsuite.SayAndHang), fake, &memory{}), p.Hosts)
		for host, want := range map[string]runner.Status{"h00000": runner.Cancelled, "h00001": runner.Skipped, "h00002": runner.Skipped, "h00003": runner.Skipped} {
			if got[host].Status != want || got[host].Reason != runner.Interrupt {
				t.Errorf("%s: %s(%s), want %s", host, got[host].Status, got[host].Reason, want)
			}
		}
		if fake.Executed != 1 || fake.Ended != 1 {
			t.Errorf("%d commands began and %d ended, want one", fake.Executed, fake.Ended)
		}
	})
}

// TestContextOfTheCaller: however the context of a run ends, what ran is cancelled, and the reason says it all.
func TestContextOfTheCaller(t *testing.T) {
	for _, tt := range []struct {
		cause error
		want  runner.Reason
	}{
		{context.DeadlineExceeded, runner.OutOfTime},
		{errors.New("the shop closes"), runner.Interrupt},
		{runner.Stopped(runner.Unrecorded), runner.Unrecorded},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Minute, func() { cancel(tt.cause) })
			p := runner.Plan{Fanout: 4, Hosts: hosts(5)}
			a := do(func(ctx context.Context, t *runner.Target) error {
				err := t.Exec(ctx, connsuite.SayAndHang, runner.Stdio{})
				switch t.Host.Name {
				case "h00001":
					return &runner.Failure{Status: runner.Lost, Err: err}
				case "h00002":
					return errors.New("no space")
				case "h00003":
					return &runner.Failure{Status: runner.Cancelled, Err: errors.New("one of two files is written")}
				}
				return err
			})
			got := finishes(t, runner.Run(ctx, p, a, &connsuite.Fake{}, &memory{}), p.Hosts)
			if got["h00001"].Status != runner.Lost || got["h00002"].Status != runner.Error || got["h00003"].Error != "one of two files is written" {
				t.Errorf("%v: what the action knows is not kept: %v", tt.cause, got)
			}
			for host, want := range map[string]runner.Status{"h00000": runner.Cancelled, "h00004": runner.Skipped} {
				if e := got[host]; e.Status != want || e.Reason != tt.want || e.Error != "" {
					t.Errorf("%v: %s is %s(%s): %s, want %s(%s)", tt.cause, host, e.Status, e.Reason, e.Error, want, tt.want)
				}
			}
		})
	}
}

func TestAConsumerThatLeavesStopsTheRun(t *testing.T) {
	for _, tt := range []struct {
		name   string
		at     runner.Kind
		panics bool
		runs   bool // something runs by then
	}{
		{"break", runner.KindPlan, false, false},
		{"break in the middle", runner.KindExec, false, false},
		{"break when something runs", runner.KindOutput, false, true},
		{"panic", runner.KindPlan, true, false},
		{"panic when something runs", runner.KindOutput, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
				fake := &connsuite.Fake{}
				func() {
					defer func() { recover() }()
					for batch := range runner.Run(t.Context(), runner.Plan{Fanout: 3, Hosts: hosts(1000)}, command(connsuite.SayAndHang), fake, &memory{}) {
						switch at := slices.ContainsFunc(batch, func(e runner.Event) bool { return e.Kind == tt.at }); {
						case at && tt.panics:
							panic("the consumer's")
						case at:
							return
						}
					}
				}()
				if fake.Executed != fake.Ended || (fake.Executed > 0) != tt.runs {
					t.Errorf("%d commands began, and %d ended", fake.Executed, fake.Ended)
				}
			})
		})
	}
}

func TestEndSaysWhyTheRunStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cancelled := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			if cancelled {
				cancel()
			}
			var end runner.Event
			p := runner.Plan{Hosts: hosts(2)}
			got := finishes(t, func(yield func([]runner.Event) bool) {
				for batch := range runner.Run(ctx, p, command(connsuite.True), &connsuite.Fake{}, &memory{}) {
					if end = batch[len(batch)-1]; !yield(batch) {
						return
					}
				}
			}, p.Hosts)
			if (end.Reason == runner.Interrupt) != cancelled {
				t.Errorf("cancelled: %v, but the reason of the end is %q", cancelled, end.Reason)
			}
			for host, e := range got {
				if cancelled && (e.Status != runner.Skipped || e.Reason != runner.Interrupt) || !cancelled && e.Status != runner.OK {
					t.Errorf("cancelled: %v, but %s is %s(%s)", cancelled, host, e.Status, e.Reason)
				}
			}
			cancel()
		}
	})
}

func TestTargetMadeByHand(t *testing.T) {
	target := &runner.Target{}
	target.Changed()
	target.Note("key", "value")
	target.Progress(1, 2)
	target.RecordVerdicts([]runner.Verdict{{Check: "c", Outcome: runner.Pass}})
}

func TestNoOutputs(t *testing.T) {
	hs := hosts(2)
	for host, e := range finishes(t, runner.Run(t.Context(), runner.Plan{Hosts: hs}, command(connsuite.Both), &connsuite.Fake{}, nil), hs) {
		if e.Status != runner.OK {
			t.Errorf("%s: %s %s", host, e.Status, e.Error)
		}
	}
}

// TestOutputEvents checks that pieces cover the stream without gaps, that their checksums are those of the stream so
// far, and that a line without an end is reported after a while.
func TestOutputEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("z", 100<<10)
		var late io.Writer
		a := do(func(ctx context.Context, t *runner.Target) error {
			io.WriteString(t.Out, "one\ntwo\nthr")
			time.Sleep(time.Second)
			io.WriteString(t.Out, "ee\n")
			io.WriteString(t.Err, "oo")
			time.Sleep(100 * time.Millisecond) // too short to be reported without the rest of the line
			io.WriteString(t.Err, "ps\n")
			io.WriteString(t.Out, "fo")
			time.Sleep(time.Second)
			io.WriteString(t.Out, "ur\n")
			io.WriteString(t.Out, long)
			late = t.Out
			return nil
		})
		out := &memory{}
		var pieces []string
		sums := map[runner.Stream]int64{}
		table := crc32.MakeTable(crc32.Castagnoli)
		for batch := range runner.Run(t.Context(), runner.Plan{Hosts: hosts(1)}, a, &connsuite.Fake{}, out) {
			for _, e := range batch {
				if e.Kind != runner.KindOutput {
					continue
				}
				if e.Offset != sums[e.Stream] {
					t.Errorf("a piece of %s begins at byte %d, want %d", e.Stream, e.Offset, sums[e.Stream])
				}
				sums[e.Stream] += e.Length
				out.mu.Lock()
				stream := out.streams["h00000 "+string(e.Stream)].Bytes()[:e.Offset+e.Length]
				out.mu.Unlock()
				if crc32.Checksum(stream, table) != e.Checksum {
					t.Errorf("%s up to %d: wrong checksum", e.Stream, len(stream))
				}
				text := string(stream[e.Offset:])
				if text == long {
					text = "long"
				}
				pieces = append(pieces, fmt.Sprintf("%s %q %v", e.Stream, text, e.Partial))
			}
		}
		want := []string{`stdout "one\ntwo\n" false`, `stdout "thr" true`, `stdout "ee\n" false`, `stderr "oops\n" false`, `stdout "fo" true`, `stdout "ur\n" false`, `stdout "long" true`}
		if fmt.Sprint(pieces) != fmt.Sprint(want) {
			t.Errorf("pieces\n%s\nwant\n%s", strings.Join(pieces, "\n"), strings.Join(want, "\n"))
		}
		if n, err := io.WriteString(late, "late\n"); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%d bytes were written after the end: %v", n, err)
		}
	})
}

// TestASlowConsumerDoesNotSlowOutput: a command writes many more pieces than fit into any queue, and ends before the
// consumer takes its second batch.
func TestASlowConsumerDoesNotSlowOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lines = 10_000
		written := make(chan struct{})
		a := do(func(_ context.Context, t *runner.Target) error {
			for i := range lines {
				fmt.Fprintf(t.Out, "line %d\n", i)
			}
			io.WriteString(t.Out, "end")
			close(written)
			return nil
		})
		var told int64
		for batch := range runner.Run(t.Context(), runner.Plan{Hosts: hosts(1)}, a, &connsuite.Fake{}, &memory{}) {
			if batch[0].Kind != runner.KindPlan {
				<-written // deadlocks if the host waits for the consumer
			}
			for _, e := range batch {
				if e.Kind == runner.KindOutput {
					told += e.Length
				}
			}
		}
		if want := int64(lines*6 + 38_890 + 3); told != want { // "line N\n" with 1 to 4 digits, and "end"
			t.Errorf("the events report %d bytes of output, want %d", told, want)
		}
	})
}

func TestStatusOf(t *testing.T) {
	failure := &runner.Failure{Status: runner.Lost, Err: errors.New("gone")}
	for _, tt := range []struct {
		err    error
		status runner.Status
		reason runner.Reason
	}{
		{nil, runner.OK, ""},
		{errors.New("ours"), runner.Error, ""},
		{failure, runner.Lost, ""},
		{fmt.Errorf("wrapped: %w", failure), runner.Lost, ""},
		{fmt.Errorf("stopped: %w", runner.ErrTimeout), runner.Timeout, ""},
		{fmt.Errorf("stopped: %w", context.Canceled), runner.Cancelled, runner.Interrupt},
		{fmt.Errorf("stopped: %w", context.DeadlineExceeded), runner.Timeout, ""},
		{&runner.Failure{Err: fmt.Errorf("stopped: %w", runner.ErrTimeout), Remains: runner.Gone}, runner.Timeout, ""},
		{&runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 255}, runner.Failed, runner.ExitStatus},
	} {
		if s, r := runner.StatusOf(tt.err); s != tt.status || r != tt.reason {
			t.Errorf("%v: %s(%s), want %s(%s)", tt.err, s, r, tt.status, tt.reason)
		}
	}
}
