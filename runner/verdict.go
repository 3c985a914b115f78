package runner

// Check is what reports know of a check beside its verdicts.
type Check struct {
	ID       string   `json:"id"`                 // unique in a plan
	Type     string   `json:"type"`               // file, service, port …
	Title    string   `json:"title,omitempty"`    // for people; empty: the ID
	Severity Severity `json:"severity,omitempty"` // empty: Major
	Tags     []string `json:"tags,omitempty"`
	Capture  string   `json:"capture,omitempty"` // what the value is called that its verdicts keep; empty: they keep none
}

// Severity is how bad it is when a check fails.
type Severity string

// The severities, from the mildest on.
const (
	Minor    Severity = "minor"
	Major    Severity = "major"
	Critical Severity = "critical"
)

// Severities are all of them, the mildest first.
var Severities = []Severity{Minor, Major, Critical}

// Outcome is what came of a check on a host.
type Outcome string

// The outcomes. Those of a run add up to its hosts times its checks.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	CheckError   Outcome = "error"         // it could not be evaluated: no tool, no permission, no time
	Skip         Outcome = "skip"          // it is not meant for this host
	Waived       Outcome = "waived"        // it failed, as somebody has foreseen
	NotEvaluated Outcome = "not-evaluated" // the host did not get that far, or no host did; no event says it of a host, Summary fills it in
)

// Outcomes are all of them, in the order in which they are told.
var Outcomes = []Outcome{Fail, CheckError, NotEvaluated, Waived, Skip, Pass}

// Bad says whether the check was made and is not fulfilled, or could not be evaluated: what is waived, skipped or not evaluated is not
// bad, and neither is no outcome.
func (o Outcome) Bad() bool { return o == Fail || o == CheckError }

// Verdict is the outcome of one check on one host, or of a check over the fleet.
type Verdict struct {
	Check   string   `json:"check"` // its ID
	Outcome Outcome  `json:"outcome"`
	Text    string   `json:"text,omitempty"`  // what was expected and what there is, or why it could not be seen: one line
	Value   *Text    `json:"value,omitempty"` // what was captured; nil: nothing
	Took    Duration `json:"took,omitempty"`  // on the host
}
