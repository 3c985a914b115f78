package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"hail/inventory"
)

// Target is one host during one attempt, as an action sees it, until Do returns. Exec, Progress, Out and Err may be
// used by several goroutines at once, everything else by one at a time. In a Target made by hand, to test an action,
// Note, Progress and RecordVerdicts do nothing.
//
// Exec adds HAIL_HOST, HAIL_RUN and HAIL_INDEX to the environment of a command, and ends the command with the status
// Error when its input can't be read. TTY, and a Grace or Limit of 0, are those of the plan.
type Target struct {
	Host    inventory.Host
	Index   int // of the host, from Plan.Index
	Attempt int // 1 for the first
	Conn
	Out, Err io.Writer // the host's outputs: what is written here ends up in its log

	run     *run
	changed bool
}

// Note records a fact about the host for the reports. It must not contain secrets.
func (t *Target) Note(key, value string) {
	t.tell(Event{Kind: KindNote, Host: t.Host.Name, Attempt: t.Attempt, Key: printable(key), Value: printable(value)})
}

// Progress reports, now and then, that done of total bytes have been transferred, for displays. It never blocks: a
// report that a slow consumer has no room for is dropped.
func (t *Target) Progress(done, total int64) {
	if t.run == nil {
		return
	}
	e := Event{Time: time.Now(), Kind: KindProgress, Host: t.Host.Name, Attempt: t.Attempt, Offset: done, Length: total}
	select {
	case t.run.events <- message{Event: e}:
	default:
	}
}

// RecordVerdicts records the verdicts of the plan's checks on the host. It is called once per attempt, with all of
// them. It makes their texts printable, in place.
func (t *Target) RecordVerdicts(verdicts []Verdict) {
	for i := range verdicts {
		verdicts[i].Text = printable(verdicts[i].Text)
	}
	t.tell(Event{Kind: KindCheck, Host: t.Host.Name, Attempt: t.Attempt, Verdicts: verdicts})
}

func (t *Target) tell(e Event) {
	if t.run != nil {
		t.run.emit(e)
	}
}

// Changed says that the action has changed something on the host: if the host ends well, its status is then Changed
// instead of OK.
func (t *Target) Changed() { t.changed = true }

// starter is the Conn that an action sees. Before the first command, it waits until the consumer has taken the exec
// event and starts the attempt's clock, so that neither queueing nor a slow consumer counts.
type starter struct {
	Conn
	run     *run
	host    string
	index   int
	attempt int
	expire  func()

	mu    sync.Mutex // Exec may be called by several goroutines at once
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
	watched, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if given.In != nil {
		given.In = input{given.In, fail}
	}
	err := s.Conn.Exec(watched, cmd, given)
	if unread, ok := errors.AsType[*Failure](context.Cause(watched)); ok && err == nil && ctx.Err() == nil {
		return unread // the command has taken the part that it got for all
	}
	return err
}

// input is the input of a command. The command is ended when the input can't be read.
type input struct {
	io.Reader
	fail context.CancelCauseFunc
}

func (i input) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		i.fail(&Failure{Status: Error, Err: fmt.Errorf("the input of the command: %w", err)})
	}
	return n, err
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
