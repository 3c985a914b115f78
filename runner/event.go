package runner

import "time"

// Kind says what an event tells.
type Kind string

// The kinds. New ones may be added; none changes its meaning.
const (
	KindPlan     Kind = "plan"     // first of a run; has Plan
	KindWave     Kind = "wave"     // a wave begins: Wave is its number, Count its hosts; only where there are several
	KindAttempt  Kind = "attempt"  // dialling a host begins
	KindReach    Kind = "reach"    // the host was reached, or not: Reach says how far
	KindExec     Kind = "exec"     // a command is about to begin: from here on, it may have run
	KindOutput   Kind = "output"   // bytes were written to the host's outputs
	KindNote     Kind = "note"     // an action says Key and Value
	KindProgress Kind = "progress" // an action has moved Offset bytes, of Length
	KindCheck    Kind = "check"    // checks were made: Verdicts; without a Host, those over the fleet
	KindRetry    Kind = "retry"    // an attempt ended with Status and Reason, and another follows after Delay
	KindFinish   Kind = "finish"   // exactly one a host; has Status
	KindEnd      Kind = "end"      // last of a run
)

// NoteLeft is the Key of a note that something which a command has left in the background goes on with its output open.
const NoteLeft = "left"

// Stream is one of the two outputs of a host.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Event is one thing that happened in a run: a flat value, the same live, in the journal, and from another machine.
// Fields that say nothing for its kind are zero and left out of JSON.
//
// A run's events keep these promises: the plan comes first and the end last; each host has exactly one finish; a host's
// events are in order; a retry has been taken before the next attempt begins; (Run, Seq) is unique and Seq rises by one;
// an exec event has been taken by the consumer before the command begins, so that a host without one has surely run
// nothing.
type Event struct {
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	Run     string    `json:"run"`
	Kind    Kind      `json:"kind"`
	Host    string    `json:"host,omitempty"`
	Attempt int       `json:"attempt,omitempty"` // 1 for the first

	// Output: Length bytes of Stream are at Offset in the host's outputs. Checksum is the CRC32C of the stream from its
	// beginning through these bytes. Pieces are whole lines, as many as came together, or Partial.
	Stream   Stream `json:"stream,omitempty"`
	Offset   int64  `json:"offset,omitempty"`
	Length   int64  `json:"length,omitempty"`
	Checksum uint32 `json:"checksum,omitempty"`
	Partial  bool   `json:"partial,omitempty"`

	Wave  int           `json:"wave,omitempty"` // 1 for the first
	Count int           `json:"count,omitempty"`
	Delay time.Duration `json:"delay_ns,omitempty"`

	Key   string `json:"key,omitempty"`
	Value string `json:"value,omitempty"`
	Reach *Reach `json:"reach,omitempty"`

	Verdicts []Verdict `json:"verdicts,omitempty"`

	Status  Status  `json:"status,omitempty"` // of a finish, or of the attempt before a retry
	Reason  Reason  `json:"reason,omitempty"` // of a finish; of an end: why the run stopped early
	Exit    int     `json:"exit,omitempty"`
	Remains Remains `json:"remains,omitempty"`
	Error   string  `json:"error,omitempty"` // one line, made printable, without secrets

	Plan *Plan `json:"plan,omitempty"`
}
