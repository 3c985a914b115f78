package push

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"hail/runner"
	"hail/runner/action/program"
)

var (
	//go:embed sh/state.sh
	stateScript string
	//go:embed sh/steps.sh
	stepsScript string
	//go:embed sh/activate.sh
	activateScript string
	//go:embed sh/apply.sh
	applyScript string
	applyLine   = program.Line(stateScript, toolsScript, program.Limit, stepsScript, activateScript, applyScript)
)

// apply carries out the steps on the host, in one command that finishes or rolls back what it has begun, even when hail
// is gone.
func (p *Push) apply(ctx context.Context, t *runner.Target, c *comparison) error {
	err := p.applyOver(ctx, t, c, lanes(t.Conn))
	if errors.Is(err, errNoLane) { // the push has ended and left nothing behind
		err = p.applyOver(ctx, t, c, 0)
	}
	return err
}

// applyOver is apply with so many channels for large files.
func (p *Push) applyOver(ctx context.Context, t *runner.Target, c *comparison, lanes int) error {
	nonce := rand.Text()
	in := p.newStream()
	defer in.Close()
	var sent []staging
	var err error
	journal, stream := 0, "none" // for an empty c, which belongs to no host: only what an earlier push has left is settled
	if !c.isEmpty() {
		if sent, err = p.journal(in.text, c, ".hail-"+nonce); err != nil {
			return err
		}
		journal = in.text.Len()
		if err := in.tar(sent, lanes); err != nil {
			return err
		}
		if stream = "journal"; len(sent) > 0 {
			stream = "tar"
		}
	}
	s := sender{nonce: nonce, push: p, target: t, parts: partsOf(sent, lanes), lanes: lanes}
	s.meter = p.measure(t, in.size+s.size())
	defer s.meter.end()
	line := fmt.Sprintf("%s %s %d %s %d %s %d", applyLine(), nonce, p.Patience, runner.Quote(c.latest), journal, stream, len(s.parts))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	o := outcome{nonce: nonce, health: c.health}
	given := runner.Stdio{Grace: p.againTime(c)}
	if in.size > 0 {
		given.In, given.Size = s.meter.reader(ctx, in), in.size
	}
	err = program.Run(ctx, t, nonce, line, given, func(kind, rest string) error {
		switch kind {
		case "send":
			s.begin(ctx, stop)
			return nil
		case "works":
			c.show(t)
			return nil
		}
		return o.hear(kind, rest)
	})
	stop(nil)
	why := s.end()
	if errors.Is(why, errNoLane) && !errors.Is(err, errNoLane) { // the lanes were refused because the connection had ended
		why = nil
	}
	switch status, _ := runner.StatusOf(why); status {
	case runner.Error:
		return why
	case runner.Lost:
		err = why
	}
	if o.settled != "" {
		settled := "first settled an earlier push that was killed: " + o.settled
		fmt.Fprintln(t.Err, settled)
		t.Note("settled", settled)
	}
	c.handled = o.handled
	if err != nil {
		return o.cut(err)
	}
	return o.result(t, len(c.steps) > 0)
}

// againTime is how long it may take that handlers run again when the push is stopped and rolled back: each has its own
// time. One that does not end is killed some seconds after that, and the one that runs when the push is stopped, too.
func (p *Push) againTime(c *comparison) runner.Duration {
	const kill = 5 // seconds, as in sh/activate.sh
	seconds := 0
	for _, h := range p.Handlers {
		if c.notified[h.Name] && !p.Keep && len(c.steps) > 0 {
			seconds += h.seconds() + kill
		}
	}
	if seconds > 0 {
		seconds += kill
	}
	return runner.Duration(time.Duration(seconds) * time.Second)
}
