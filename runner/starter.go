package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
)

// starter is the Conn that an action sees. Before the first command, it waits until the consumer has taken the exec
// event and starts the attempt's clock, so that neither queueing nor a slow consumer counts.
type starter struct {
	Conn
	run     *run
	ctx     context.Context // of the run
	host    string
	index   int
	attempt int
	cancel  context.CancelCauseFunc // ends the attempt

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
	if plan.Clocks.Grace == 0 { // a run without a grace ends everything at once
		given.Grace = 0
	} else {
		given.Grace += plan.Clocks.Grace
	}
	if given.Limit == 0 {
		given.Limit = plan.Clocks.Attempt
	}
	given = given.Sized()
	watched, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if given.In != nil {
		given.In = input{given.In, fail}
	}
	err := s.Conn.Exec(watched, cmd, given)
	if unread, ok := errors.AsType[*Failure](context.Cause(watched)); ok && err == nil && ctx.Err() == nil {
		return unread // the command ended well, but took a part of its input for the whole
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
	if ctx.Err() != nil {
		return s.notBegun(ctx)
	}
	taken := s.run.announce(Event{Kind: KindExec, Host: s.host, Attempt: s.attempt})
	if !taken || ctx.Err() != nil {
		return s.notBegun(ctx)
	}
	s.begun = true
	if d := s.run.plan.Clocks.Attempt.Value(); d > 0 {
		s.clock = time.AfterFunc(d, func() { s.cancel(ErrTimeout) })
	}
	return nil
}

// notBegun returns the error of a command that does not begin because the run was stopped or ctx, which may be the
// action's own, has ended.
func (s *starter) notBegun(ctx context.Context) error {
	if s.ctx.Err() != nil {
		return &Failure{Status: Skipped, Reason: stopReason(context.Cause(s.ctx))}
	}
	return fmt.Errorf("not started: %w", context.Cause(ctx))
}

func (s *starter) stop() {
	if s.clock != nil {
		s.clock.Stop()
	}
}
