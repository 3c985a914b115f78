package runner

import (
	"context"
	"io"
	"strconv"
	"time"

	"hail/inventory"
)

// Target is one host in the hands of an action, for one attempt. It is used by one goroutine at a time, but for Out and
// Err, which may be written by two.
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
	clock   *time.Timer
	begun   bool
}

func (s *starter) Unwrap() Conn { return s.Conn }

func (s *starter) Exec(ctx context.Context, cmd string, io Stdio) error {
	plan := &s.run.plan
	if !s.begun {
		taken := s.run.announce(Event{Kind: KindExec, Host: s.host, Attempt: s.attempt})
		if !taken || ctx.Err() != nil {
			return &Failure{Status: Skipped, Reason: stopReason(context.Cause(ctx))}
		}
		s.begun = true
		if d := time.Duration(plan.Clocks.Attempt); d > 0 {
			s.clock = time.AfterFunc(d, s.expire)
		}
	}
	io.Env = append([]string{"HAIL_HOST=" + s.host, "HAIL_RUN=" + plan.Run, "HAIL_INDEX=" + strconv.Itoa(s.index)}, io.Env...)
	io.TTY = plan.TTY
	if io.Grace == 0 {
		io.Grace = plan.Clocks.Grace
	}
	if io.Limit == 0 {
		io.Limit = plan.Clocks.Attempt
	}
	return s.Conn.Exec(ctx, cmd, io)
}

func (s *starter) stop() {
	if s.clock != nil {
		s.clock.Stop()
	}
}
