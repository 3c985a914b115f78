package runner

// Check is what reports know about a check besides its verdicts.
type Check struct {
	ID       string   `json:"id"`                 // unique in a plan
	Type     string   `json:"type"`               // file, service, port …
	Title    string   `json:"title,omitempty"`    // for people; empty: the ID
	Severity Severity `json:"severity,omitempty"` // empty: Major
	Tags     []string `json:"tags,omitempty"`
	Capture  string   `json:"capture,omitempty"` // name of the value that its verdicts keep; empty: they keep none
}

// Severity is how bad it is when a check fails.
type Severity string

// The severities, the mildest first.
const (
	Minor    Severity = "minor"
	Major    Severity = "major"
	Critical Severity = "critical"
)

// Severities are all of them, the mildest first.
var Severities = []Severity{Minor, Major, Critical}

// Outcome is the result of a check on a host.
type Outcome string

// The outcomes. Those of a run add up to its hosts times its checks.
const (
	Pass       Outcome = "pass"
	Fail       Outcome = "fail"
	CheckError Outcome = "error"  // it could not be evaluated: no tool, no permission, no time
	Skip       Outcome = "skip"   // it is not meant for this host
	Waived     Outcome = "waived" // it failed, and a waiver covers that
	// the host, or for a fleet check every host, did not get that far; Summary sets it, no event of a host does
	NotEvaluated Outcome = "not-evaluated"
)

// Outcomes are all of them, in the order in which they are shown.
var Outcomes = []Outcome{Fail, CheckError, NotEvaluated, Waived, Skip, Pass}

// Bad reports whether the check failed or could not be evaluated. Waived, skipped and not evaluated are not bad, nor is
// the empty Outcome.
func (o Outcome) Bad() bool { return o == Fail || o == CheckError }

// Verdict is the outcome of one check on one host, or of a check over the fleet.
type Verdict struct {
	Check   string   `json:"check"` // its ID
	Outcome Outcome  `json:"outcome"`
	Text    string   `json:"text,omitempty"`  // one line: what was expected and what there is, or why that is not known
	Value   *Text    `json:"value,omitempty"` // what was captured; nil: nothing
	Took    Duration `json:"took,omitempty"`  // time the look took, on the host or from outside
}
