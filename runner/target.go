package runner

import (
	"io"
	"time"

	"hail/inventory"
)

// Target is one host during one attempt, as an action sees it, until Do returns. Exec, Progress, Out and Err may be
// used by several goroutines at once, everything else by one at a time. In a Target made by hand, to test an action,
// Note, Progress and RecordVerdicts do nothing, and nobody learns of Changed.
//
// Exec adds HAIL_HOST, HAIL_RUN and HAIL_INDEX to the environment of a command, passes the Stdio on as Sized, and ends
// the command with the status Error when its input can't be read. TTY, and a Limit of 0, are those of the plan. A Grace
// comes on top of that of the plan, unless that is 0.
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
	t.tell(Event{Kind: KindNote, Host: t.Host.Name, Attempt: t.Attempt, Key: key, Value: value})
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
