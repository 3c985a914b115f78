package runner

import (
	"context"
	"io"
	"strconv"
	"sync"
	"time"

	"hail/inventory"
)

// Target is one host in the hands of an action, for one attempt. It is used by one goroutine at a time, but for Exec and Progress, and
// for Out and Err.
type Target struct {
	Host    inventory.Host
	Index   int // of the host, by Plan.Index
	Attempt int // 1 for the first
	Conn
	Out, Err io.Writer // the host's outputs: what is written here is in its log

	run     *run
	changed bool
}

// Note records a fact about the host, for reports: no secrets.
func (t *Target) Note(key, value string) {
	t.run.emit(Event{Kind: KindNote, Host: t.Host.Name, Attempt: t.Attempt, Key: printable(key), Value: printable(value)})
}

// Progress tells that so many bytes have been moved, of so many: for displays, now and then. It never waits: what a slow consumer has
// no room for is not told.
func (t *Target) Progress(done, total int64) {
	e := Event{Time: time.Now(), Kind: KindProgress, Host: t.Host.Name, Attempt: t.Attempt, Offset: done, Length: total}
	select {
	case t.run.events <- message{Event: e}:
	default:
	}
}

// Judge records the outcomes of the plan's checks on the host, once an attempt and all together. What texts say is made printable.
func (t *Target) Judge(verdicts []Verdict) {
	for i := range verdicts {
		verdicts[i].Text = printable(verdicts[i].Text)
	}
	t.run.emit(Event{Kind: KindCheck, Host: t.Host.Name, Attempt: t.Attempt, Verdicts: verdicts})
}

// Changed says that the action has made something on the host different: a good end is then Changed instead of OK.
func (t *Target) Changed() { t.changed = true }

// starter is the Conn that an action sees. Before the first Exec it has the exec event taken and starts the attempt's
// clock, so that neither queueing nor a slow consumer counts.
type starter struct {
	Conn
	run     *run
	host    string
	index   int
	attempt int
	expire  func()

	mu    sync.Mutex // Exec is called by several at once
	clock *time.Timer
	begun bool
}

func (s *starter) Unwrap() Conn { return s.Conn }

func (s *starter) Exec(ctx context.Context, cmd string, given Stdio) error {
	plan := &s.run.plan
	if err := s.begin(ctx); err != nil {
		return err
	}
	given.Env = append([]string{"HAIL_HOST=" + s.host, "HAIL_RUN=" + plan.Run, "HAIL_INDEX=" + strconv.Itoa(s.index)}, given.Env...)
	given.TTY = plan.TTY
	if given.Grace == 0 {
		given.Grace = plan.Clocks.Grace
	}
	if given.Limit == 0 {
		given.Limit = plan.Clocks.Attempt
	}
	return s.Conn.Exec(ctx, cmd, given)
}

func (s *starter) begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun {
		return nil
	}
	taken := s.run.announce(Event{Kind: KindExec, Host: s.host, Attempt: s.attempt})
	if !taken || ctx.Err() != nil {
		return &Failure{Status: Skipped, Reason: stopReason(context.Cause(ctx))}
	}
	s.begun = true
	if d := s.run.plan.Clocks.Attempt.Value(); d > 0 {
		s.clock = time.AfterFunc(d, s.expire)
	}
	return nil
}

func (s *starter) stop() {
	if s.clock != nil {
		s.clock.Stop()
	}
}
