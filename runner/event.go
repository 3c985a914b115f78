package runner

import "time"

// Kind is what an event reports.
type Kind string

// The kinds. New ones may be added; existing ones keep their meaning.
const (
	KindPlan     Kind = "plan"     // the first event of a run; has Plan
	KindWave     Kind = "wave"     // a wave begins: its number and Count of hosts; only if there are several waves
	KindAttempt  Kind = "attempt"  // dialling a host begins
	KindReach    Kind = "reach"    // the host was reached, or not; Reach says how far the connection got
	KindExec     Kind = "exec"     // the attempt's first command is about to begin: from here on, it may have run
	KindOutput   Kind = "output"   // bytes were written to the host's outputs
	KindNote     Kind = "note"     // a fact about the host, as Key and Value
	KindProgress Kind = "progress" // an action has transferred Offset of Length bytes
	KindCheck    Kind = "check"    // checks were made, with these Verdicts; those of fleet checks have no Host
	KindRetry    Kind = "retry"    // an attempt ended with Status and Reason, and another follows after Delay, unless the run is stopped
	KindFinish   Kind = "finish"   // the host has ended, with Status; exactly one per host
	KindEnd      Kind = "end"      // the last event of a run
)

// NoteLeft is the Key of the note that a command has left something running in the background with its output open.
const NoteLeft = "left"

// NoteLeftOut returns the Key of the note that Outputs have not kept all that an attempt printed on the stream.
func NoteLeftOut(s Stream) string { return "left out of " + string(s) }

// Stream is one of the two outputs of a host.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Event is one thing that happened in a run. It is a flat value that looks the same live, in the journal, and from
// another machine. Fields that have no meaning for its kind are zero and left out of JSON.
//
// A run's events keep these promises: the plan comes first and the end last; each host has exactly one finish; a host's
// events are in order; the consumer has taken a retry event before the next attempt begins; (Run, Seq) is unique and
// Seq rises by one; the consumer has taken an exec event before the command begins, so a host without one has certainly
// run nothing.
type Event struct {
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	Run     string    `json:"run"`
	Kind    Kind      `json:"kind"`
	Host    string    `json:"host,omitempty"`
	Attempt int       `json:"attempt,omitempty"` // 1 for the first

	// Output: Length bytes of Stream are at Offset in the host's outputs. Checksum is the CRC32C of the stream from its
	// beginning to the end of these bytes. A piece holds whole lines, as many as arrived together, unless it is
	// Partial.
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
	Reason  Reason  `json:"reason,omitempty"` // the reason for Status; of an end: why the run stopped early
	Exit    int     `json:"exit,omitempty"`
	Remains Remains `json:"remains,omitempty"`
	Error   string  `json:"error,omitempty"` // one line, made printable, without secrets

	Plan *Plan `json:"plan,omitempty"`
}
