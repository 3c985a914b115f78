package sshconn

import "time"

// stage is how far a command has come. It goes forward, but back from asking to resting:
//
//	running ──stop──► stopping ────────grace───────► closing ──no answer──► (the connection is cut)
//	   └──exit status────┴──► resting ──no output──────┘
//	                            │ ▲
//	                    no output answer
//	                            ▼ │
//	                           asking
//	any of them ──the channel has closed──► over
//
// All but running and over have a clock, which is up when nothing else has ended them.
type stage int

const (
	running  stage = iota
	stopping       // its input has ended, and it has the grace to end
	resting        // it has ended, and the rest of its output may still be on its way
	asking         // likewise, and we wait for an answer, which comes after what is on its way
	closing        // we have closed the channel, and the server has afterExit to do so too
	over           // the channel has closed
)

// A background child of a command may keep the channel open after the command itself has ended. What the command
// printed may still be on its way, so it is waited for as long as output arrives: at most as much as the buffers on the
// way hold, for which a slow line needs half a minute. When nothing arrives, the line may be stalled: only an answer of
// the server tells that nothing is on its way.
const (
	afterExit = 2 * time.Second
	onItsWay  = 8 << 20
	restWaits = 14 // more times afterExit, after the first
)

// rest is what has arrived of the output since the command ended.
type rest struct {
	from     int64 // bytes passed on by the end of the command
	seen     int64 // and by the last check
	waits    int   // how many more checks it may pass because more of it has arrived
	answered bool  // by the server, since the last of it has arrived
}

// enter begins the stage s. After d, then is called, if nothing else has ended the stage.
func (e *execution) enter(s stage, d time.Duration, then func()) {
	if e.clock != nil {
		e.clock.Stop()
	}
	e.stage = s
	e.clock = time.AfterFunc(d, then)
}

// stop ends the command because of why: it closes the input, which tells a wrapper to end the command, and after the
// grace it closes the channel. The server may have stopped reading, so the clock is started before the input is closed.
// When the command has already ended, its remaining output is not waited for again.
func (e *execution) stop(why error, grace time.Duration) {
	e.mu.Lock()
	inTime := e.stage == running
	e.rest.waits = 0
	if inTime {
		e.stopped = why
		e.enter(stopping, grace, e.close)
	} else if e.stage == asking {
		e.enter(resting, 0, e.checkRest)
	}
	e.mu.Unlock()
	if inTime {
		e.endInput()
	}
}

// ended notes what the host says of the end of the command, and gives the rest of its output a little time. Only the
// first word counts, and none after the channel has been closed.
func (e *execution) ended(result error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stage < resting {
		n := e.passed.Load()
		e.said, e.result, e.rest = true, result, rest{from: n, seen: n, waits: restWaits}
		e.enter(resting, afterExit/2, e.checkRest)
	}
}

// checkRest has the channel closed when the rest of the output does not arrive any more.
func (e *execution) checkRest() {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.stage != resting:
	case e.arrives():
		e.rest.answered = false
		e.enter(resting, afterExit, e.checkRest)
	case e.rest.answered || e.rest.waits == 0:
		e.giveUp()
	default:
		e.enter(asking, e.conn.patience(), e.unanswered)
		e.questions.Go(e.ask)
	}
}

// ask asks the server for an answer. What it has sent before then has arrived, and needs a little time to be passed on.
func (e *execution) ask() {
	e.knock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stage == asking {
		e.rest.answered = true
		e.enter(resting, afterExit/2, e.checkRest)
	}
}

// unanswered has the channel closed when there is no answer, unless the line is so slow that the rest of the output is
// still arriving, which comes before the answer.
func (e *execution) unanswered() {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.stage != asking:
	case e.arrives():
		e.enter(asking, afterExit, e.unanswered)
	default:
		e.giveUp()
	}
}

// giveUp has the channel closed, though a background child keeps the output open. e.mu is held.
func (e *execution) giveUp() {
	e.conn.lingering.Add(1)
	e.enter(resting, 0, e.close)
}

// arrives reports whether the rest of the output is still arriving: one of our writers is busy with it, or has been since
// the last check.
func (e *execution) arrives() bool {
	busy := e.passing.Load() > 0
	before, now := e.rest.seen, e.passed.Load()
	e.rest.seen = now
	switch {
	case now-e.rest.from >= onItsWay:
		return false
	case busy:
		return true
	case now == before || e.rest.waits == 0:
		return false
	}
	e.rest.waits--
	return true
}

// close closes the channel, and cuts the connection if the server does not even answer that.
func (e *execution) close() {
	e.mu.Lock()
	if e.stage != over {
		e.enter(closing, afterExit, e.conn.cut)
	}
	e.mu.Unlock()
	e.ch.Close()
}

// finish ends the last stage when the channel has closed. Nothing changes after that; our writers may take their time for
// what has arrived.
func (e *execution) finish() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.clock != nil {
		e.clock.Stop()
	}
	e.closed = e.stage == closing || !e.conn.wire.over.Load() // we close only when nothing is on its way any more
	e.stage = over
	e.conn.wire.executing.Add(-1)
}
